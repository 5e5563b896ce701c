//! Whole calls to businesses of all kinds, in virtual time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use entities::{appointments, calls, leads};
use practice::fields;

use super::*;
use crate::config::business_file;
use crate::virtual_time;

/// What a call has left.
struct Left {
    business: BusinessSettings,
    /// Values of the lead, its name and email address among them.
    lead: BTreeMap<String, String>,
    appointments: usize,
    reason: String,
    shown: String,
}

/// The keys that every file must have.
const HEAD: &str = "slug = \"own\"\nname = \"Own\"\nphone_numbers = [\"+442071234560\"]\n";

fn played(file: &Path, text: &str) -> Left {
    let business = business_file::parse(file, text).unwrap();
    virtual_time::run(1, virtual_time::begins(), async |platform| {
        let (screen, shown) = Screen::kept();
        let mut plan = plan(business).unwrap();
        plan.platform = platform;
        let world = World::open(plan).await.unwrap();
        let failed = |failed: Failed| {
            panic!("{}: {failed}\n{text}\n{}", file.display(), shown.lock().unwrap())
        };
        let played = play(&world, &screen).await.unwrap_or_else(failed);
        let (db, id) = (&world.app.services().database, world.business_id);
        let call = calls::get(db, id, &played.call).await.unwrap().unwrap();
        let lead = leads::get(db, id, call.lead_id.unwrap()).await.unwrap().unwrap();
        let now = world.app.services().clock.wall();
        let booked = appointments::of_lead_upcoming(db, id, lead.id, now).await.unwrap();
        let mut values: BTreeMap<String, String> = lead.fields.0.into_iter().collect();
        values.extend(lead.full_name.map(|name| ("full_name".to_owned(), name)));
        values.extend(lead.email.map(|email| ("email".to_owned(), email)));
        let business = world.business.clone();
        world.close().await;
        let shown = shown.lock().unwrap().clone();
        let (appointments, reason) = (booked.len(), call.end_reason.unwrap());
        Left { business, lead: values, appointments, reason, shown }
    })
}

fn own(text: &str) -> Left {
    played(Path::new("own.toml"), &format!("{HEAD}{text}"))
}

impl Left {
    /// Each required field has what the caller says to it, the greeting was heard, and a visit was booked
    /// where there is a calendar.
    fn is_whole(&self) {
        let (business, shown) = (&self.business, &self.shown);
        let language = business.language.as_str();
        for field in &business.ending.required_lead_fields {
            let value = self.lead.get(field).unwrap_or_else(|| panic!("no {field}: {shown}"));
            // Of the city the little word before it is not kept.
            let said = fields::answer(field, language);
            assert!(said.ends_with(value.as_str()), "{field} = {value}: {shown}");
        }
        let has_calendar = !business.appointments.hours.is_empty();
        assert_eq!(self.appointments, usize::from(has_calendar), "{shown}");
        let greeting = business.lines().greeting;
        let is_spoken = matches!(business.opening(), OpeningLine::Spoken { .. });
        assert_eq!(shown.contains(&greeting), is_spoken, "{shown}");
    }
}

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/businesses");
    business_file::in_folder(&folder).unwrap()
}

#[test]
fn ops_14_a_practice_call_to_every_example_business_collects_its_fields_and_books() {
    let files = examples();
    assert!(files.len() >= 2);
    for file in files {
        let left = played(&file, &std::fs::read_to_string(&file).unwrap());
        left.is_whole();
        assert_eq!(left.reason, "user_goodbye", "{}", left.shown);
    }
}

const TEN_FIELDS: &str = "required_lead_fields = [\"full_name\", \"email\", \"phone\", \"address\", \
                          \"floor\", \"car_model\", \"year\", \"visit_reason\", \"gate_code\", \"budget\"]";
const HOURS: &str = "[appointments.hours]\nmonday = [\"09:00-12:00\"]\n";

#[test]
fn ops_14_a_practice_call_collects_greets_and_books_for_a_file_of_any_kind() {
    for text in [
        String::new(),
        format!("language = \"en\"\n[ending]\n{TEN_FIELDS}"),
        format!("[ending]\n{TEN_FIELDS}\n{HOURS}"),
        "language = \"en\"\n[greeting]\ntext = \"Own speaking, good day.\"\n\
         [transfer]\nnumber = \"+442071234561\"\n"
            .to_owned(),
        "language = \"en\"\n[greeting]\nmode = \"none\"\n".to_owned(),
        "language = \"en\"\n[ending]\ndecider = \"phrases\"\ngoodbye_phrases = [\"over and out\"]\n"
            .to_owned(),
    ] {
        let left = own(&text);
        left.is_whole();
        assert_eq!(left.reason, "user_goodbye", "{text}: {}", left.shown);
    }
}

#[test]
fn ops_14_a_practice_call_follows_the_endings_of_its_business() {
    for (keys, reason) in [
        ("decider = \"phrases\"\nrequired_lead_fields = [\"city\"]", "lead_complete"),
        ("decider = \"phrases\"\nauto_end_on_goodbye = false", "caller_hung_up"),
        (&format!("max_duration = \"20s\"\n{TEN_FIELDS}"), "max_duration"),
    ] {
        let text = format!("[ending]\n{keys}\n");
        let left = own(&text);
        assert_eq!(left.reason, reason, "{text}: {}", left.shown);
    }
}

#[test]
fn ops_14_a_greeting_whose_recording_can_t_be_fetched_is_spoken() {
    let left = own("language = \"en\"\n[greeting]\nmode = \"play\"\ntext = \"Own here.\"\n\
                    audio_url = \"https://own.example/a.mp3\"\n");
    assert!(left.shown.contains("Own here."), "{}", left.shown);
    assert_eq!(left.reason, "user_goodbye", "{}", left.shown);
}

#[test]
fn ops_14_a_practice_call_in_another_language_is_in_english_but_for_the_business_s_texts() {
    let texts = ["closing", "decline", "lead_complete", "no_response"]
        .map(|line| format!("{line}_text = \"Ciao.\"\n"))
        .concat();
    let left = own(&format!(
        "language = \"it\"\n[greeting]\ntext = \"Pronto!\"\n[ending]\n{texts}\
         required_lead_fields = [\"city\"]\n[silence]\ntexts = [\"Ci sei?\"]\n[apology]\ntext = \"Scusi.\"\n\
         say_voice = \"Google.it-IT-Wavenet-A\"\n{HOURS}"
    ));
    left.is_whole();
    assert!(left.shown.contains("Which city is it in?"), "{}", left.shown);
}

#[test]
fn ops_14_a_practice_call_tells_the_hours_and_no_event_leaves_it() {
    let left = own(&format!(
        "language = \"en\"\n{HOURS}[webhooks]\nurl = \"https://own.example/events\"\n\
         secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n"
    ));
    assert!(left.shown.contains("We are open: Monday 09:00-12:00."), "{}", left.shown);
    assert_eq!(left.business.webhooks, None);
}
