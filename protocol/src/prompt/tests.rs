use proptest::prelude::*;

use super::*;
use crate::business::{Language, TimeSpan, Transfer};
use crate::ids::{PhoneNumber, Slug};

/// A Sunday, 14:05 in Jerusalem.
const NOW: &str = "2026-11-22T12:05:00Z";

fn locksmith() -> BusinessSettings {
    let mut business = BusinessSettings::new(
        Slug::parse("tel-aviv-locks").unwrap(),
        "מנעולי תל אביב",
        vec![PhoneNumber::parse("+97231234567").unwrap()],
    );
    business.ending.required_lead_fields =
        ["service_category", "problem_description", "city"].map(str::to_owned).to_vec();
    business.lead.fields = vec!["floor".to_owned()];
    business.appointments.hours.sunday =
        ["09:00-13:00", "14:00-18:00"].map(|span| TimeSpan::parse(span).unwrap()).to_vec();
    business.appointments.days_off =
        ["2026-01-01", "2026-12-25"].into_iter().map(|day| day.parse().unwrap()).collect();
    business
}

fn known_caller() -> LeadFacts {
    LeadFacts {
        full_name: Some("דנה לוי".to_owned()),
        email: None,
        status: LeadStatus::Complete,
        fields: [("city", "תל אביב"), ("floor", " ")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    }
}

fn appointment(start: &str, notes: Option<&str>) -> AppointmentFact {
    AppointmentFact { start: start.parse().unwrap(), notes: notes.map(str::to_owned) }
}

fn prompt_of(business: &BusinessSettings) -> String {
    system_prompt(&PromptParts {
        business,
        business_prompt: "Be kind.",
        direction: Direction::Inbound,
        now: NOW.parse().unwrap(),
        caller: Some("+972501234567"),
        lead: &LeadFacts::default(),
        appointments: &[],
        messages: &[],
    })
}

fn in_language(tag: &str) -> String {
    let mut business = locksmith();
    business.language = Language::parse(tag).unwrap();
    prompt_of(&business)
}

/// A call with everything that can be known.
fn whole_prompt(business: &BusinessSettings, direction: Direction) -> String {
    let mut business = business.clone();
    business.transfer =
        Some(Transfer { number: PhoneNumber::parse("+972501112233").unwrap(), text: None });
    system_prompt(&PromptParts {
        business: &business,
        business_prompt: "אנחנו מנעולנים בתל אביב והסביבה.\nביקור עולה 250 שקלים.\n",
        direction,
        now: NOW.parse().unwrap(),
        caller: Some("+972501234567"),
        lead: &known_caller(),
        appointments: &[
            appointment("2026-11-24T08:00:00Z", None),
            appointment("2026-11-23T07:00:00Z", Some("החלפת צילינדר")),
            appointment("2026-11-20T07:00:00Z", Some("כבר היה")),
        ],
        messages: &[],
    })
}

/// A call with nothing that need not be known.
fn bare_prompt(direction: Direction) -> String {
    let mut business = BusinessSettings::new(
        Slug::parse("clinic").unwrap(),
        "Harbour Clinic",
        vec![PhoneNumber::parse("+442071234567").unwrap()],
    );
    business.language = Language::ENGLISH;
    business.timezone = "Europe/London".parse().unwrap();
    system_prompt(&PromptParts {
        business: &business,
        business_prompt: "",
        direction,
        now: NOW.parse().unwrap(),
        caller: None,
        lead: &LeadFacts::default(),
        appointments: &[],
        messages: &[],
    })
}

#[test]
fn prompt_1_the_whole_prompt_of_a_call_to_a_hebrew_business_is_as_checked_in() {
    let prompt = whole_prompt(&locksmith(), Direction::Inbound);
    assert_eq!(prompt, include_str!("expected/hebrew.inbound.txt"));
}

#[test]
fn prompt_1_the_whole_prompt_of_a_call_by_a_hebrew_business_is_as_checked_in() {
    let prompt = whole_prompt(&locksmith(), Direction::Outbound);
    assert_eq!(prompt, include_str!("expected/hebrew.outbound.txt"));
}

#[test]
fn prompt_1_the_whole_prompt_of_a_call_to_an_english_business_is_as_checked_in() {
    let mut business = locksmith();
    business.language = Language::ENGLISH;
    let prompt = whole_prompt(&business, Direction::Inbound);
    assert_eq!(prompt, include_str!("expected/english.inbound.txt"));
}

#[test]
fn prompt_1_the_whole_prompt_of_a_call_by_an_english_business_is_as_checked_in() {
    let prompt = bare_prompt(Direction::Outbound);
    assert_eq!(prompt, include_str!("expected/english.outbound.txt"));
}

#[test]
fn prompt_1_today_is_told_in_the_zone_of_the_business() {
    let mut business = locksmith();
    for (zone, expected) in [
        ("Asia/Jerusalem", "יום ראשון, 2026-11-22, 14:05, UTC+02:00 (Asia/Jerusalem)"),
        ("Asia/Tokyo", "יום ראשון, 2026-11-22, 21:05, UTC+09:00 (Asia/Tokyo)"),
        ("Pacific/Auckland", "יום שני, 2026-11-23, 01:05, UTC+13:00 (Pacific/Auckland)"),
    ] {
        business.timezone = zone.parse().unwrap();
        let prompt = prompt_of(&business);
        assert!(prompt.contains(expected), "{prompt}");
    }
}

#[test]
fn prompt_2_another_language_gets_the_english_rules_and_is_named_in_them() {
    assert!(in_language("fr").contains("The call's first language is French."));
    assert!(in_language("sw").contains("first language is the language with the tag \"sw\"."));
    assert!(in_language("he").contains("שפת ברירת המחדל היא עברית"));
}

#[test]
fn prompt_3_the_rules_about_the_end_come_last_in_every_language_and_name_the_tool_s_fields() {
    for tag in ["he", "en", "ru"] {
        let prompt = in_language(tag);
        let (_, rules) = prompt.split_once("# Call behaviour and hang-up rules").unwrap();
        assert!(!rules.contains("\n# "), "{tag}: nothing follows: {rules}");
        for word in [
            "service_category, problem_description, city",
            "call_control",
            "should_end_call",
            "end_reason",
            "lead_status",
            "missing_fields",
            "notes",
            "lead_complete",
            "user_goodbye",
            "customer_declined",
            "no_response",
        ] {
            assert!(rules.contains(word), "{tag}: {word}");
        }
    }
}

#[test]
fn end_3_the_model_is_not_told_to_end_calls_that_phrases_end() {
    let mut business = locksmith();
    business.language = Language::ENGLISH;
    for (decider, told) in
        [(Decider::Model, true), (Decider::Both, true), (Decider::Phrases, false)]
    {
        business.ending.decider = decider;
        let prompt = prompt_of(&business);
        assert_eq!(prompt.contains("Ask for the end only in one of these cases"), told);
        assert_eq!(prompt.contains("Don't ask for the end"), !told);
    }
}

#[test]
fn tools_that_a_business_does_not_have_are_not_spoken_of() {
    let mut business = locksmith();
    assert!(prompt_of(&business).contains("find_available_slots"));
    assert!(!prompt_of(&business).contains("transfer_call"));
    business.appointments.hours.sunday.clear();
    assert!(!prompt_of(&business).contains("find_available_slots"));
}

proptest! {
    #[test]
    fn what_a_caller_once_said_never_makes_a_line_of_its_own(value in any::<String>()) {
        let business = locksmith();
        let lead = LeadFacts {
            full_name: Some(value.clone()),
            fields: [("city".to_owned(), value.clone())].into(),
            ..LeadFacts::default()
        };
        let start = "2026-11-24T08:00:00Z";
        let lines = |lead: &LeadFacts, notes: &str| {
            let prompt = system_prompt(&PromptParts {
                business: &business,
                business_prompt: "",
                direction: Direction::Inbound,
                now: NOW.parse().unwrap(),
                caller: None,
                lead,
                appointments: &[appointment(start, Some(notes))],
                messages: &[],
            });
            prompt.lines().count()
        };
        prop_assert_eq!(lines(&lead, &value), lines(&LeadFacts::default(), ""));
    }
}
