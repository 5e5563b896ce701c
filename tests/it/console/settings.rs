//! Settings: saved as a draft, looked at, published, and restored (CON-3).

use console::components::Control;
use console::settings::{Section, fields};
use console::texts::{Locale, Texts};
use entities::audit::{self, EntryFilter};
use entities::settings_versions;
use entities::users::UserRole;
use frontdesk::world::World;
use http::StatusCode;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::browser::{Browser, with_console};
use crate::api::operator::clinic;
use crate::support::{number, practice, virtually, within, world};

const AT: &str = "/console/b/tel-aviv-locks/settings";

/// What a browser sends for a section that nobody has touched, with other values for some fields.
async fn form(world: &World, section: Section, other: &[(&str, &str)]) -> Vec<(String, String)> {
    let settings = published(world).await;
    let texts = Texts::new(Locale::English, TimeZone::UTC, jiff::Timestamp::UNIX_EPOCH);
    let fields = fields(&texts, section, &settings, true, &[]);
    let mut sent: Vec<(String, String)> = fields
        .into_iter()
        .filter_map(|field| {
            let value = match field.control {
                Control::Line { value, .. }
                | Control::Lines { value, .. }
                | Control::Choice { value, .. } => value,
                Control::Switch { on } => on.then(|| "true".to_owned())?,
            };
            Some((field.name, value))
        })
        .filter(|(name, _)| other.iter().all(|(key, _)| key != name))
        .collect();
    sent.extend(other.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    sent
}

async fn published(world: &World) -> Value {
    let db = &world.app.services().database;
    settings_versions::current(db, world.business_id).await.unwrap().settings
}

async fn number_of_versions(world: &World) -> i32 {
    let db = &world.app.services().database;
    settings_versions::current(db, world.business_id).await.unwrap().number
}

/// The revision in the page's form.
fn revision(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"revision\" value=\"").expect("a revision");
    rest.split('"').next().unwrap().to_owned()
}

/// Opens a section's page and sends its form.
async fn save(
    browser: &mut Browser<'_>,
    world: &World,
    section: Section,
    other: &[(&str, &str)],
) -> actors::http_client::Answer {
    let path = format!("{AT}/{}", section.word());
    let revision = revision(&browser.get(&path).await.text());
    save_made_from(browser, world, section, &revision, other).await
}

async fn save_made_from(
    browser: &mut Browser<'_>,
    world: &World,
    section: Section,
    revision: &str,
    other: &[(&str, &str)],
) -> actors::http_client::Answer {
    let mut sent = form(world, section, other).await;
    sent.push(("revision".to_owned(), revision.to_owned()));
    let sent: Vec<_> = sent.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    browser.post(&format!("{AT}/{}", section.word()), &sent).await
}

async fn publish(browser: &mut Browser<'_>) -> actors::http_client::Answer {
    let revision = revision(&browser.get(&format!("{AT}/changes")).await.text());
    browser.post(&format!("{AT}/publish"), &[("revision", &revision)]).await
}

#[test]
fn con_3_a_setting_is_saved_as_a_draft_looked_at_and_published() {
    virtually(async {
        let world = world(with_console).await;
        let mut noam = Browser::of(&world, UserRole::Business, &[world.business_id]).await;
        let before = published(&world).await;
        let saved = save(&mut noam, &world, Section::Silence, &[("silence.timeout", "9s")]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        assert_eq!(published(&world).await, before, "it is a draft");
        let page = noam.get(&format!("{AT}/silence")).await.text();
        assert!(page.contains("value=\"9s\"") && page.contains("changes-bar"), "{page}");
        let changes = noam.get(&format!("{AT}/changes")).await.text();
        assert!(changes.contains("<ins><bdi>9s</bdi></ins>"), "{changes}");

        let done = publish(&mut noam).await;
        assert_eq!(done.headers["location"], format!("{AT}/versions"));
        assert_eq!(published(&world).await["silence"]["timeout"], "9s");
        assert_eq!(number_of_versions(&world).await, 2);
        let versions = noam.get(&format!("{AT}/versions")).await.text();
        assert!(versions.contains("Business 1"), "who has published: {versions}");
        let db = &world.app.services().database;
        let log = audit::list(db, EntryFilter::default(), None, 50).await.unwrap().items;
        let entry = log.iter().find(|entry| entry.action == "settings.publish").unwrap();
        assert_eq!(entry.detail.as_ref().unwrap()["silence.timeout"]["after"], "9s");
        assert!(log.iter().any(|entry| entry.action == "settings.save"));

        // Back again.
        let old = noam.get(&format!("{AT}/versions?show=1")).await.text();
        assert!(old.contains("/versions/1/restore"), "{old}");
        let restored = noam.post(&format!("{AT}/versions/1/restore"), &[]).await;
        assert_eq!(restored.headers["location"], format!("{AT}/changes"));
        assert_eq!(published(&world).await["silence"]["timeout"], "9s", "a draft again");
        publish(&mut noam).await;
        assert_eq!(published(&world).await, before);
        assert_eq!(number_of_versions(&world).await, 3);
        world.close().await;
    });
}

#[test]
fn con_3_a_wrong_value_is_told_at_its_field_and_saves_nothing() {
    virtually(async {
        let world = world(with_console).await;
        let mut noam = Browser::of(&world, UserRole::Business, &[world.business_id]).await;
        for (section, key, value) in [
            (Section::Silence, "silence.timeout", "seven"),
            (Section::Silence, "silence.warnings", "-1"),
            (Section::Business, "timezone", "Mars/Olympus"),
        ] {
            let answer = save(&mut noam, &world, section, &[(key, value)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{key}");
            let page = answer.text();
            assert!(page.contains("field-error") && page.contains(value), "{page}");
        }
        let hours = [("hours.monday.open", "18:00"), ("hours.monday.close", "09:00")];
        let answer = save(&mut noam, &world, Section::Appointments, &hours).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text().contains("field-error"), "{}", answer.text());
        let page = noam.get(&format!("{AT}/changes")).await.text();
        assert!(!page.contains("name=\"revision\""), "there is no draft: {page}");
        world.close().await;
    });
}

#[test]
fn con_3_the_week_is_saved_and_the_prompt_is_seen_whole() {
    virtually(async {
        let world = world(with_console).await;
        let mut noam = Browser::of(&world, UserRole::Business, &[world.business_id]).await;
        let hours = [
            ("hours.monday.open", "08:00"),
            ("hours.monday.close", "12:00"),
            ("hours.monday.open", "13:00"),
            ("hours.monday.close", "17:30"),
        ];
        let saved = save(&mut noam, &world, Section::Appointments, &hours).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        let page = noam.get(&format!("{AT}/prompt")).await.text();
        let revision = revision(&page);
        let fields = [
            ("revision", revision.as_str()),
            ("prompt", "We sell doors.\r\nAnd keys."),
            ("preview", "true"),
        ];
        let preview = noam.post(&format!("{AT}/prompt"), &fields).await;
        assert_eq!(preview.status, StatusCode::OK, "{}", preview.text());
        assert!(preview.text().contains("id=\"preview\""), "{}", preview.text());
        let saved = noam.post(&format!("{AT}/prompt"), &fields[..2]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        publish(&mut noam).await;
        let settings = published(&world).await;
        assert_eq!(settings["agent"]["prompt"], "We sell doors.\nAnd keys.");
        let monday = serde_json::json!(["08:00-12:00", "13:00-17:30"]);
        assert_eq!(settings["appointments"]["hours"]["monday"], monday);
        world.close().await;
    });
}

#[test]
fn con_2_a_forged_field_of_an_administrators_key_changes_nothing() {
    virtually(async {
        let world = world(with_console).await;
        let before = published(&world).await;
        let mut noam = Browser::of(&world, UserRole::Business, &[world.business_id]).await;
        for (section, key, value) in [
            (Section::Transfer, "transfer.number", "+972501111111"),
            (Section::Business, "phone_numbers", "+972501111111"),
            (Section::Agent, "agent.model", "gpt-realtime-dear"),
            (Section::Notices, "webhooks.url", "https://evil.example/"),
            (Section::Business, "slug", "another"),
        ] {
            save(&mut noam, &world, section, &[(key, value)]).await;
        }
        save(&mut noam, &world, Section::Silence, &[("silence.timeout", "9s")]).await;
        publish(&mut noam).await;
        let mut expected = before;
        expected["silence"]["timeout"] = serde_json::json!("9s");
        assert_eq!(published(&world).await, expected);
        let mut admin = Browser::of(&world, UserRole::Admin, &[]).await;
        let other = [("transfer.number", "+972501111111")];
        save(&mut admin, &world, Section::Transfer, &other).await;
        publish(&mut admin).await;
        assert_eq!(published(&world).await["transfer"]["number"], "+972501111111");
        // A version with another number is restored without it.
        noam.post(&format!("{AT}/versions/1/restore"), &[]).await;
        publish(&mut noam).await;
        let settings = published(&world).await;
        assert_eq!(settings["transfer"]["number"], "+972501111111");
        assert_ne!(settings["silence"]["timeout"], "9s");
        world.close().await;
    });
}

#[test]
fn con_3_an_edit_that_another_one_overtakes_is_noticed_and_not_lost() {
    virtually(async {
        let world = world(with_console).await;
        let mut noam = Browser::of(&world, UserRole::Business, &[world.business_id]).await;
        let mut dana = Browser::of(&world, UserRole::Admin, &[]).await;
        let path = format!("{AT}/silence");
        let seen = revision(&noam.get(&path).await.text());
        let theirs = [("silence.timeout", "9s")];
        save(&mut dana, &world, Section::Silence, &theirs).await;
        let ours = [("silence.timeout", "11s")];
        let late = save_made_from(&mut noam, &world, Section::Silence, &seen, &ours).await;
        assert_eq!(late.status, StatusCode::CONFLICT);
        let page = late.text();
        assert!(page.contains("value=\"11s\""), "ours is in the form: {page}");
        assert!(page.contains("<dd dir=\"auto\">9s</dd>"), "theirs is beside it: {page}");
        assert!(page.contains("Admin 0"), "{page}");
        // To save again is to mean it.
        let now = revision(&page);
        let done = save_made_from(&mut noam, &world, Section::Silence, &now, &ours).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());

        // Whoever has looked at other changes publishes nothing, and throws nothing away.
        let seen = revision(&dana.get(&format!("{AT}/changes")).await.text());
        save(&mut noam, &world, Section::Silence, &[("silence.timeout", "12s")]).await;
        for action in ["publish", "discard"] {
            let answer = dana.post(&format!("{AT}/{action}"), &[("revision", &seen)]).await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{action}");
            assert!(answer.text().contains("12s"), "{}", answer.text());
        }
        assert_eq!(number_of_versions(&world).await, 1);
        let now = revision(&dana.get(&format!("{AT}/changes")).await.text());
        dana.post(&format!("{AT}/discard"), &[("revision", &now)]).await;
        let page = dana.get(&format!("{AT}/changes")).await.text();
        assert!(!page.contains("12s"), "{page}");
        world.close().await;
    });
}

#[test]
fn con_3_a_draft_outlives_an_import_and_keeps_what_it_changed() {
    virtually(async {
        let world = world(with_console).await;
        let mut noam = Browser::of(&world, UserRole::Business, &[world.business_id]).await;
        save(&mut noam, &world, Section::Silence, &[("silence.timeout", "9s")]).await;
        let seen = revision(&noam.get(&format!("{AT}/changes")).await.text());
        let services = world.app.services();
        let mut imported = world.business.clone();
        imported.silence.warnings = 1;
        let (id, now) = (world.business_id, services.clock.wall());
        frontdesk::app::business::import(&services.database, &imported, id, now).await.unwrap();
        let answer = noam.post(&format!("{AT}/publish"), &[("revision", &seen)]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        publish(&mut noam).await;
        let settings = published(&world).await;
        assert_eq!(settings["silence"]["timeout"], "9s");
        assert_eq!(settings["silence"]["warnings"], 1);
        assert_eq!(number_of_versions(&world).await, 3);
        world.close().await;
    });
}

#[test]
fn con_3_what_another_business_has_is_told_before_it_is_published() {
    virtually(async {
        let world = world(with_console).await;
        clinic(&world).await;
        let mut admin = Browser::of(&world, UserRole::Admin, &[]).await;
        let taken = [("phone_numbers", "+97239999999")];
        save(&mut admin, &world, Section::Business, &taken).await;
        let answer = publish(&mut admin).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text().contains("clinic"), "{}", answer.text());
        assert_eq!(number_of_versions(&world).await, 1);
        world.close().await;
    });
}

#[test]
fn con_3_a_publication_counts_for_the_next_call_and_not_for_one_that_goes_on() {
    virtually(async {
        let world = world(with_console).await;
        let mut noam = Browser::of(&world, UserRole::Business, &[world.business_id]).await;
        let first = world.dial(&number(1));
        within("the greeting", first.hears("שלום")).await.unwrap();
        let fields = [("greeting.text", "ברוכים הבאים")];
        save(&mut noam, &world, Section::Greeting, &fields).await;
        let page = noam.get(&format!("{AT}/prompt")).await.text();
        let revision = revision(&page);
        let prompt = [("revision", revision.as_str()), ("prompt", "A new wording.")];
        noam.post(&format!("{AT}/prompt"), &prompt).await;
        publish(&mut noam).await;
        let second = world.dial(&number(2));
        within("the new greeting", second.hears("ברוכים הבאים")).await.unwrap();
        let record = practice(&world).log().record();
        let told: Vec<_> = record
            .of_kind("session.update")
            .filter_map(|event| event.body["session"]["instructions"].as_str())
            .map(|instructions| instructions.contains("A new wording."))
            .collect();
        assert_eq!((told.first(), told.last()), (Some(&false), Some(&true)));
        let record = crate::support::recorded(&world, first.call_sid(), |_| true).await;
        assert_eq!(record.prompt_version, 1, "of the call that goes on");
        world.close().await;
    });
}

#[test]
fn con_3_every_version_that_is_kept_can_be_reached() {
    virtually(async {
        let world = world(with_console).await;
        let mut noam = Browser::of(&world, UserRole::Viewer, &[world.business_id]).await;
        let services = world.app.services();
        let mut imported = world.business.clone();
        for seconds in 10..61 {
            imported.silence.timeout = std::time::Duration::from_secs(seconds);
            let (id, now) = (world.business_id, services.clock.wall());
            frontdesk::app::business::import(&services.database, &imported, id, now).await.unwrap();
        }
        assert_eq!(number_of_versions(&world).await, 52);
        let first = noam.get(&format!("{AT}/versions")).await.text();
        let link = |number: u32| format!("versions?show={number}\"");
        assert!(first.contains(&link(52)) && first.contains(&link(3)), "{first}");
        assert!(!first.contains(&link(2)) && first.contains("href=\"?before=3\""), "{first}");
        let second = noam.get(&format!("{AT}/versions?before=3")).await.text();
        assert!(second.contains(&link(2)) && second.contains(&link(1)), "{second}");
        assert!(!second.contains(&link(3)) && !second.contains("href=\"?before="), "{second}");
        world.close().await;
    });
}
