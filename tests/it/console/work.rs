//! The pages of a day's work, with real requests (CON-3, CON-7).

mod calendar;
mod calls;
mod leads;
mod messages;
mod pages;

use actors::http_client::Answer;
use entities::audit::{self, EntryFilter};
use entities::users::UserRole;
use frontdesk::world::{Plan, World};
use http::StatusCode;

use super::browser::{Browser, with_console};

/// A plan of a business that people can call and write to, with a console.
fn planned(plan: &mut Plan) {
    with_console(plan);
    plan.business.whatsapp_number = plan.business.phone_numbers.first().cloned();
}

/// The browser of a person of the world's business, in English.
async fn noam(world: &World) -> Browser<'_> {
    let mut browser = Browser::of(world, UserRole::Business, &[world.business_id]).await;
    speaks(&mut browser, "en").await;
    browser
}

async fn speaks(browser: &mut Browser<'_>, language: &str) {
    browser.post("/console/preferences", &[("language", language)]).await;
}

/// An address of the business's pages.
fn at(world: &World, path: &str) -> String {
    format!("/console/b/{}/{path}", world.business.slug)
}

/// The page at an address, which must be there.
async fn page(browser: &mut Browser<'_>, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.text()
}

/// Where a form that was carried out leads, and the word for what it has done.
fn done(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let to = answer.headers["location"].to_str().unwrap().to_owned();
    let word = to.split("done=").nth(1).unwrap_or_default().to_owned();
    (to, word)
}

/// What a form that is wrong says of it.
fn wrong(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
    answer.text()
}

/// What the audit log has of the business, the oldest first.
async fn noted(world: &World) -> Vec<String> {
    let db = &world.app.services().database;
    let filter = EntryFilter { business: Some(world.business_id), ..EntryFilter::default() };
    let mut page = audit::list(db, filter, None, 100).await.unwrap();
    page.items.reverse();
    page.items.into_iter().map(|entry| entry.action).collect()
}
