//! With the practice provider, a user types what a simulated caller then says.

use actors::introspection::ActorKind;
use console::test_call::LONGEST_WORDS;
use entities::audit::{self, EntryFilter};
use entities::drafts;
use entities::users::UserRole;
use frontdesk::world::World;
use http::StatusCode;
use practice::openai::{Brain, ResponseFault};
use protocol::business::Transfer;
use protocol::ids::PhoneNumber;

use super::{AT, ended, hang_up, noam, refused, say, shows, start, started};
use crate::console::browser::{Browser, PASSWORD, user, with_console};
use crate::support::{
    kill, nothing_left, number, one_call_at_once, practice, virtually, within, world,
};

const OVER: &str = "The test call is over";

/// What the audit log has of the business, without the users.
async fn noted(world: &World) -> Vec<String> {
    let db = &world.app.services().database;
    let filter = EntryFilter { business: Some(world.business_id), ..EntryFilter::default() };
    let page = audit::list(db, filter, None, 50).await.unwrap();
    page.items.into_iter().map(|entry| entry.action).collect()
}

#[test]
fn con_5_a_test_call_by_typing_goes_from_the_greeting_to_the_agents_goodbye() {
    virtually(async {
        let world = world(|plan| {
            with_console(plan);
            plan.openai.brain = Brain::default();
        })
        .await;
        let mut browser = noam(&world).await;
        let call = start(&mut browser, "published").await;
        shows(&mut browser, &call, "שלום").await;
        for sentence in ["התקנת מנעול חכם", "בתל אביב", "כן", "אפשר לקבוע תור?"]
        {
            let said = say(&mut browser, &call, sentence).await;
            assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.text());
            shows(&mut browser, &call, sentence).await;
            // The agent answers, and the caller waits for it.
            tokio::time::sleep(std::time::Duration::from_secs(12)).await;
        }
        let page = shows(&mut browser, &call, "Look for free times").await;
        let is_time = |word: &&str| word.len() == 5 && word.as_bytes()[2] == b':';
        let offered = page.rsplit("turn agent").find_map(|turn| {
            turn.split([' ', ',', '.', '<', '>']).find(is_time).map(str::to_owned)
        });
        let time = offered.expect("a time is offered");
        say(&mut browser, &call, &format!("{time} מתאים לי")).await;
        shows(&mut browser, &call, "Book a visit").await;
        tokio::time::sleep(std::time::Duration::from_secs(12)).await;
        say(&mut browser, &call, "תודה, להתראות").await;
        shows(&mut browser, &call, OVER).await;

        let record = ended(&world, &call).await;
        assert_eq!(record.end_reason.as_deref(), Some("user_goodbye"));
        assert_eq!(record.ended_by.as_deref(), Some("agent"));
        assert_eq!(noted(&world).await, ["test_call.start"]);
        nothing_left(&world).await;
        let objections = practice(&world).log().record();
        assert_eq!(objections.faults().count(), 0, "{:?}", objections.violations);
        world.close().await;
    });
}

#[test]
fn con_5_a_test_call_is_answered_with_the_draft_or_with_what_is_published() {
    virtually(async {
        let world = world(with_console).await;
        let mut browser = noam(&world).await;
        let db = &world.app.services().database;
        let settings_page = browser.get("/console/b/tel-aviv-locks/settings/prompt").await.text();
        assert!(settings_page.contains(&format!("href=\"{AT}\"")), "{settings_page}");
        let current = entities::settings_versions::current(db, world.business_id).await.unwrap();
        let mut settings = current.settings.clone();
        settings["greeting"]["text"] = "בוקר טוב".into();
        let draft = drafts::NewDraft {
            base: current.number,
            settings,
            made_from: None,
            by: "noam".to_owned(),
            now: world.app.services().clock.wall(),
        };
        let entry = audit::NewEntry {
            id: world.app.services().new_id(),
            at: world.app.services().clock.wall(),
            by: crate::console::browser::by(),
            action: "settings.save",
            business: Some(world.business_id),
            object: None,
            detail: None,
            about: audit::About::default(),
        };
        assert!(drafts::save(db, world.business_id, draft, entry).await.unwrap());
        for (settings, greeting) in [("draft", "בוקר טוב"), ("published", "שלום")] {
            let call = start(&mut browser, settings).await;
            shows(&mut browser, &call, greeting).await;
            hang_up(&mut browser, &call).await;
            shows(&mut browser, &call, OVER).await;
            let record = ended(&world, &call).await;
            assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
        }
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn con_5_nobody_else_speaks_in_a_test_call_or_ends_it() {
    virtually(async {
        let world = world(with_console).await;
        let mut browser = noam(&world).await;
        let call = start(&mut browser, "published").await;
        user(&world, "another", UserRole::Business, &[world.business_id]).await;
        user(&world, "reader", UserRole::Viewer, &[world.business_id]).await;
        for (name, status) in
            [("another", StatusCode::NOT_FOUND), ("reader", StatusCode::FORBIDDEN)]
        {
            let mut other = Browser::new(&world);
            other.sign_in(name, PASSWORD, "").await;
            other.get("/console/style-guide").await;
            assert_eq!(other.get(&format!("{AT}/{call}")).await.status, status, "{name}");
            assert_eq!(say(&mut other, &call, "שלום").await.status, status, "{name}");
            assert_eq!(hang_up(&mut other, &call).await.status, status, "{name}");
        }
        let mut reader = Browser::new(&world);
        reader.sign_in("reader", PASSWORD, "").await;
        reader.get("/console/style-guide").await;
        assert_eq!(started(&mut reader, "published").await.status, StatusCode::FORBIDDEN);
        let forged = browser.post_as_it_is(AT, &[("settings", "published")]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "without the form's token");
        say(&mut browser, &call, "אני כאן").await;
        shows(&mut browser, &call, "אני כאן").await;
        hang_up(&mut browser, &call).await;
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn con_5_a_user_has_so_many_test_calls_a_day_and_a_sentence_is_bounded() {
    virtually(async {
        let world = world(with_console).await;
        let mut browser = noam(&world).await;
        let long = "א".repeat(2 * LONGEST_WORDS);
        for left in (0..20).rev() {
            let call = start(&mut browser, "published").await;
            if left == 0 {
                say(&mut browser, &call, &long).await;
                let page = shows(&mut browser, &call, "אאאא").await;
                assert!(!page.contains(&long), "{page}");
            }
            hang_up(&mut browser, &call).await;
            ended(&world, &call).await;
        }
        let page = refused(&started(&mut browser, "published").await);
        assert!(page.contains("No test calls are left today"), "{page}");
        assert!(!page.contains("data-test-call"), "{page}");
        let mut other = Browser::of(&world, UserRole::Admin, &[]).await;
        let call = start(&mut other, "published").await;
        hang_up(&mut other, &call).await;
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn con_5_a_test_call_counts_in_the_most_calls_at_once() {
    virtually(async {
        let world = world(|plan| {
            with_console(plan);
            one_call_at_once(plan);
        })
        .await;
        let mut browser = noam(&world).await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        let page = refused(&started(&mut browser, "published").await);
        assert!(page.contains("as many calls as it may"), "{page}");
        caller.hang_up();
        nothing_left(&world).await;
        let call = start(&mut browser, "published").await;
        shows(&mut browser, &call, "שלום").await;
        assert_eq!(noted(&world).await.len(), 1, "what was refused is not counted");
        hang_up(&mut browser, &call).await;
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn con_5_a_test_call_goes_on_when_a_part_of_it_crashes() {
    virtually(async {
        let world = world(with_console).await;
        let mut browser = noam(&world).await;
        let call = start(&mut browser, "published").await;
        shows(&mut browser, &call, "שלום").await;
        for kind in [ActorKind::Call, ActorKind::TwilioIo, ActorKind::Realtime] {
            kill(&world, kind).await;
            let words = format!("{kind:?} הלך");
            say(&mut browser, &call, &words).await;
            let heard = format!("<strong>Agent</strong></p><p dir=\"auto\">{words}");
            shows(&mut browser, &call, &heard).await;
        }
        hang_up(&mut browser, &call).await;
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn con_5_the_page_says_which_number_would_ring() {
    virtually(async {
        let world = world(|plan| {
            with_console(plan);
            let number = PhoneNumber::parse("+972521112233").unwrap();
            plan.business.transfer = Some(Transfer { number, text: None });
        })
        .await;
        let mut browser = noam(&world).await;
        practice(&world).faults().behave(|model| {
            model.other_responses = ResponseFault::no_quota();
        });
        let call = start(&mut browser, "published").await;
        let page = shows(&mut browser, &call, "This number would ring").await;
        assert!(page.contains("52-111-2233"), "{page}");
        assert_eq!(ended(&world, &call).await.end_reason.as_deref(), Some("upstream_failed"));
        assert_eq!(world.carrier.calls_made(), 0);
        let page = refused(&started(&mut browser, "published").await);
        assert!(page.contains("takes no calls now"), "the provider is known to fail: {page}");
        nothing_left(&world).await;
        world.close().await;
    });
}
