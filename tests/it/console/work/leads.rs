//! A person's details, changed by hand; their file, and their erasure.

use entities::leads::{self, ChangedBy, LeadChanges, LeadRecord, LeadStatus};
use frontdesk::world::World;
use http::StatusCode;
use protocol::ids::LeadId;

use super::{at, done, noam, noted, page, planned, wrong};
use crate::api::rows::{self, Rows};
use crate::support::{number, virtually, world};

async fn stored(world: &World, lead: LeadId) -> LeadRecord {
    let db = &world.app.services().database;
    leads::get(db, world.business_id, lead).await.unwrap().unwrap()
}

/// The person says this in a call.
async fn tells(world: &World, lead: LeadId, told: LeadChanges, status: Option<LeadStatus>) {
    let services = world.app.services();
    let (db, now) = (&services.database, services.clock.wall());
    let by = ChangedBy::Message;
    leads::merge_details(db, world.business_id, lead, told, status, by, now).await.unwrap();
}

fn name(name: &str) -> LeadChanges {
    LeadChanges { full_name: Some(name.to_owned()), ..LeadChanges::default() }
}

#[test]
fn con_7_details_are_saved_by_the_rules_of_the_api_and_undo_no_newer_ones() {
    virtually(async {
        let world = world(planned).await;
        let mut browser = noam(&world).await;
        let lead = rows::lead(&world, world.business_id, 1).await;
        let path = at(&world, &format!("leads/{}", lead.0));
        let fields = [
            ("full_name", "Dana"),
            ("was.full_name", ""),
            ("fields.city", "תל אביב"),
            ("was.fields.city", ""),
            ("email", ""),
            ("was.email", ""),
        ];
        assert_eq!(done(&browser.post(&path, &fields).await).1, "lead-saved");
        let now = stored(&world, lead).await;
        assert_eq!(now.full_name.as_deref(), Some("Dana"));
        assert_eq!(now.fields.0["city"], "תל אביב");

        // Nothing has changed: nothing is written.
        let same = [("full_name", "Dana"), ("was.full_name", "Dana")];
        done(&browser.post(&path, &same).await);
        let bad = [("email", "nowhere"), ("was.email", ""), ("full_name", "Dina")];
        let bad = wrong(&browser.post(&path, &bad).await);
        assert!(bad.contains("This is no email address."), "{bad}");
        assert!(bad.contains("value=\"nowhere\""), "what was entered stays: {bad}");

        // The person has said another name since the page was shown.
        tells(&world, lead, name("Dana Cohen"), None).await;
        let stale = [("full_name", "Dina"), ("was.full_name", "Dana")];
        let stale = wrong(&browser.post(&path, &stale).await);
        assert!(stale.contains("Somebody has changed this meanwhile."), "{stale}");
        // A page as old as that changes another field, and leaves the name alone.
        let other = [
            ("full_name", "Dana"),
            ("was.full_name", "Dana"),
            ("email", "dana@example.com"),
            ("was.email", ""),
        ];
        done(&browser.post(&path, &other).await);
        let now = stored(&world, lead).await;
        assert_eq!(now.full_name.as_deref(), Some("Dana Cohen"));
        assert_eq!(now.email.as_deref(), Some("dana@example.com"));
        // An empty field clears a value.
        done(&browser.post(&path, &[("email", ""), ("was.email", "dana@example.com")]).await);
        assert_eq!(stored(&world, lead).await.email, None);

        tells(&world, lead, LeadChanges::default(), Some(LeadStatus::Complete)).await;
        let back = [("status", "in_progress"), ("was.status", "complete")];
        let back = wrong(&browser.post(&path, &back).await);
        assert!(back.contains("stays so"), "{back}");
        assert_eq!(noted(&world).await, ["lead.change"; 3]);
        world.close().await;
    });
}

#[test]
fn con_3_who_left_all_details_is_to_be_called_back_until_somebody_has() {
    virtually(async {
        let world = world(planned).await;
        let mut browser = noam(&world).await;
        let lead = rows::lead(&world, world.business_id, 1).await;
        let mut told = name("Dana");
        told.fields.insert("city".to_owned(), "חולון".to_owned());
        tells(&world, lead, told, Some(LeadStatus::Complete)).await;
        let today = at(&world, "today");
        let seen_to = at(&world, &format!("leads/{}/seen-to", lead.0));
        let text = page(&mut browser, &today).await;
        assert!(text.contains(&seen_to) && text.contains("Left all details"), "{text}");
        assert!(text.contains("חולון") && text.contains("href=\"tel:"), "{text}");
        assert_eq!(done(&browser.post(&seen_to, &[]).await).1, "lead-seen-to");
        assert!(!page(&mut browser, &today).await.contains(&seen_to));
        assert_eq!(noted(&world).await, ["lead.seen_to"]);
        world.close().await;
    });
}

#[test]
fn lead_5_a_person_is_given_out_as_a_file_and_erased_and_nothing_of_them_is_shown_again() {
    virtually(async {
        let world = world(planned).await;
        let mut browser = noam(&world).await;
        let rows = Rows::make(&world, world.business_id, 1).await;
        tells(&world, rows.lead, name("Dana"), None).await;
        let path = at(&world, &format!("leads/{}", rows.lead.0));
        let file = browser.get(&format!("{path}/export")).await;
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
        let export: serde_json::Value = serde_json::from_str(&file.text()).unwrap();
        assert!(export.to_string().contains(number(1).as_str()), "{export}");

        let asked = page(&mut browser, &format!("{path}?erase")).await;
        assert!(asked.contains("Erase this person?"), "{asked}");
        let (to, word) = done(&browser.post(&format!("{path}/erase"), &[]).await);
        assert_eq!(word, "lead-erased");
        let pages = [
            to,
            at(&world, "today"),
            at(&world, "calls"),
            at(&world, "leads"),
            at(&world, "messages"),
            at(&world, &format!("calls/{}", rows.call)),
            at(&world, &format!("calendar?visit={}", rows.appointment.0)),
        ];
        for path in pages {
            let text = page(&mut browser, &path).await;
            for mark in ["Dana", "972500000001", "50-000-0001", "בתל אביב", "קומה שלישית"]
            {
                assert!(!text.contains(mark), "{path} shows {mark}: {text}");
            }
        }
        let twice = browser.post(&format!("{path}/erase"), &[]).await;
        assert_eq!(twice.status, StatusCode::NOT_FOUND);
        assert_eq!(noted(&world).await, ["lead.export", "lead.erase"]);
        world.close().await;
    });
}
