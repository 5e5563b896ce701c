//! Test calls from the browser (CON-5).

mod microphone;
mod typing;

use actors::http_client::Answer;
use entities::calls::CallRecord;
use entities::users::UserRole;
use frontdesk::world::World;
use http::StatusCode;
use protocol::ids::CallSid;

use super::browser::Browser;
use crate::support::{pause, recorded, within};

const AT: &str = "/console/b/tel-aviv-locks/test-call";

/// The browser of a person of the world's business, in English.
async fn noam(world: &World) -> Browser<'_> {
    let mut browser = Browser::of(world, UserRole::Business, &[world.business_id]).await;
    browser.post("/console/preferences", &[("language", "en")]).await;
    browser
}

async fn started(browser: &mut Browser<'_>, settings: &str) -> Answer {
    browser.get(AT).await;
    browser.post(AT, &[("settings", settings), ("by", "typing")]).await
}

/// The call that was begun.
fn sid(answer: &Answer) -> CallSid {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let page = answer.headers["location"].to_str().unwrap();
    CallSid::parse(page.strip_prefix(AT).unwrap().trim_start_matches('/')).unwrap()
}

async fn start(browser: &mut Browser<'_>, settings: &str) -> CallSid {
    sid(&started(browser, settings).await)
}

/// What a start that was refused says.
fn refused(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
    answer.text()
}

/// Reads the call's page until it has this text.
async fn shows(browser: &mut Browser<'_>, call: &CallSid, text: &str) -> String {
    let reading = async {
        loop {
            let page = browser.get(&format!("{AT}/{call}")).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text());
            let page = page.text();
            if page.contains(text) {
                return page;
            }
            pause().await;
        }
    };
    within(text, reading).await
}

async fn say(browser: &mut Browser<'_>, call: &CallSid, words: &str) -> Answer {
    browser.post(&format!("{AT}/{call}/say"), &[("words", words)]).await
}

async fn hang_up(browser: &mut Browser<'_>, call: &CallSid) -> Answer {
    browser.post(&format!("{AT}/{call}/hangup"), &[]).await
}

/// The record of a test call that is over.
async fn ended(world: &World, call: &CallSid) -> CallRecord {
    let record = recorded(world, call, |record| record.ended_at.is_some()).await;
    assert!(record.is_test && record.lead_id.is_none(), "{record:?}");
    record
}
