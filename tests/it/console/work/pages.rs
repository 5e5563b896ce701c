//! Each page, empty and full, in both languages; and nobody else's rows.

use http::StatusCode;

use super::{at, noam, page, planned, speaks};
use crate::api::operator::clinic;
use crate::api::rows::Rows;
use crate::support::{number, virtually, world};

const LISTS: [&str; 5] = ["today", "calls", "calendar", "leads", "messages"];

#[test]
fn con_3_every_page_is_there_empty_and_full_in_both_languages() {
    virtually(async {
        let world = world(planned).await;
        let mut browser = noam(&world).await;
        for language in ["he", "en"] {
            speaks(&mut browser, language).await;
            for list in LISTS {
                let text = page(&mut browser, &at(&world, list)).await;
                assert!(text.contains(&format!("lang=\"{language}\"")), "{list}: {text}");
                assert!(!text.contains('⟦'), "{list}: {text}");
            }
        }
        let rows = Rows::make(&world, world.business_id, 1).await;
        let full = [
            ("today".to_owned(), "/leads"),
            ("calls".to_owned(), "50-000-0001"),
            (format!("calls/{}", rows.call), "בתל אביב"),
            (format!("calendar?visit={}", rows.appointment.0), "קומה שלישית"),
            (format!("calendar?visit={}&cancel", rows.appointment.0), "קומה שלישית"),
            (format!("calendar?book&lead={}", rows.lead.0), number(1).as_str()),
            ("leads".to_owned(), "50-000-0001"),
            (format!("leads/{}", rows.lead.0), "50-000-0001"),
            (format!("leads/{}?erase", rows.lead.0), "50-000-0001"),
            ("messages".to_owned(), "stop"),
            (format!("messages/{}", rows.conversation.0), "stop"),
        ]
        .map(|(path, has)| (path, has.to_owned()));
        for language in ["he", "en"] {
            speaks(&mut browser, language).await;
            for (path, has) in &full {
                let text = page(&mut browser, &at(&world, path)).await;
                assert!(text.contains(has.as_str()), "{path} lacks {has}: {text}");
                assert!(!text.contains('⟦'), "{path}: {text}");
            }
        }
        // Numbers are links on a telephone.
        let text = page(&mut browser, &at(&world, &format!("leads/{}", rows.lead.0))).await;
        assert!(text.contains(&format!("href=\"tel:{}\"", number(1))), "{text}");
        world.close().await;
    });
}

#[test]
fn con_2_rows_of_another_business_are_not_found_through_one_s_own() {
    virtually(async {
        let world = world(planned).await;
        let (clinic, _) = clinic(&world).await;
        let theirs = Rows::make(&world, clinic, 2).await;
        let mut browser = noam(&world).await;
        let (lead, visit) = (theirs.lead.0, theirs.appointment.0);
        let (call, conversation) = (&theirs.call, theirs.conversation.0);
        let gets = [
            format!("calls/{call}"),
            format!("calendar?visit={visit}"),
            format!("calendar?book&lead={lead}"),
            format!("leads/{lead}"),
            format!("leads/{lead}/export"),
            format!("messages/{conversation}"),
        ];
        for path in gets {
            let answer = browser.get(&at(&world, &path)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
        let start = theirs.free.get(..16).unwrap();
        let posts: [(String, &[(&str, &str)]); 8] = [
            (format!("calls/{call}/hangup"), &[]),
            (format!("calendar/{visit}/move"), &[("start", start)]),
            (format!("calendar/{visit}/cancel"), &[]),
            (format!("leads/{lead}"), &[("full_name", "x"), ("was.full_name", "")]),
            (format!("leads/{lead}/erase"), &[]),
            (format!("leads/{lead}/seen-to"), &[]),
            (format!("messages/{conversation}"), &[("body", "hello")]),
            (format!("messages/{conversation}/handled"), &[]),
        ];
        for (path, fields) in posts {
            let answer = browser.post(&at(&world, &path), fields).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text());
        }
        for list in LISTS {
            let text = page(&mut browser, &at(&world, list)).await;
            assert!(
                !text.contains("50-000-0002") && !text.contains("972500000002"),
                "{list}: {text}"
            );
        }
        assert_eq!(super::noted(&world).await, Vec::<String>::new());
        world.close().await;
    });
}

#[test]
fn con_3_today_says_whether_the_telephone_is_answered() {
    virtually(async {
        let world = world(planned).await;
        let mut browser = noam(&world).await;
        let today = at(&world, "today");
        assert!(page(&mut browser, &today).await.contains("Calls are answered."));
        let services = world.app.services();
        let (db, now) = (&services.database, services.clock.wall());
        entities::businesses::pause(db, world.business_id, now).await.unwrap();
        let text = page(&mut browser, &today).await;
        assert!(text.contains("Paused.") && !text.contains("Calls are answered."), "{text}");
        world.close().await;
    });
}
