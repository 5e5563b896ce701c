//! Test calls from the browser (CON-5). A user reaches their own alone, in the process that has it.

use actors::carrier::LineEnd;
use console::error::Problem;
use console::notice::{Notice, Tone};
use console::security::WITH_MICROPHONE;
use console::shell::{Place, Shell};
use console::test_call::{LONGEST_WORDS, Speaking, TestCallPage, TestEnd, TestRefusal, TestState};
use entities::businesses::{self, CallKey};
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::ids::CallSid;
use protocol::twilio::twiml::Apology;

use super::desk::Desk;
use super::refused::{Answer, Refused};
use super::talk::entries;
use super::visit::Visit;
use super::{answer, form, settings};
use crate::http::response::empty;
use crate::http::upgrade;
use crate::test_calls::{NewTest, NotBegun, STARTED, Said, Standing, TestCalls};

/// What to call with.
pub(super) async fn offer(visit: Visit<'_>) -> Answer {
    offered(&visit, None).await
}

/// Begins a test call.
pub(super) async fn start(visit: Visit<'_>) -> Answer {
    let from_draft = visit.form.get("settings") == Some("draft");
    let Some(settings) = settings::of_test(&visit, from_draft).await? else {
        return offered(&visit, Some(TestRefusal::BadDraft)).await;
    };
    let mut entry = visit.entry(STARTED);
    entry.detail = Some(serde_json::json!({ "draft": from_draft }));
    let new = NewTest {
        user: visit.session.user.id,
        business: visit.business()?.id,
        prompt_version: prompt_version(&visit, &settings).await?,
        settings,
        speaking: speaking(&visit),
        today: today(&visit)?,
        entry,
    };
    match visit.state.test_calls.begin(new).await {
        Ok(call) => Ok(answer::redirect(&visit.at(&format!("test-call/{call}")))),
        Err(NotBegun::Refused(why)) => offered(&visit, Some(why)).await,
        Err(NotBegun::Records(error)) => Err(error.into()),
    }
}

/// A test call while it goes on, and what has become of it.
pub(super) async fn show(visit: Visit<'_>) -> Answer {
    let call = sid(&visit)?;
    let standing = visit.state.test_calls.standing(user(&visit), visit.business()?.id, &call);
    let (state, events) = match standing.ok_or(Problem::NotFound)? {
        Standing::Live => {
            let events = visit.at(&format!("events/test-call?about={call}"));
            let turns = match visit.state.operator.calls.find(call.clone()).await {
                Some(handle) => handle.turns(),
                None => Vec::new(),
            };
            let entries = entries(turns, visit.now());
            (TestState::Live { sid: call.to_string(), entries }, Some(events))
        }
        Standing::Over(end) => (TestState::Over { sid: call.to_string(), how: how(end) }, None),
    };
    let page = page(&visit, state, false).await?;
    let shell = Shell { events, ..visit.shell(Place::TestCall).await? };
    Ok(with_microphone(answer::page(&shell, &page)))
}

/// Says what was typed.
pub(super) async fn say(visit: Visit<'_>) -> Answer {
    let call = sid(&visit)?;
    let words = visit.form.get("words").unwrap_or_default();
    let words: String = words.chars().take(LONGEST_WORDS).collect();
    if !words.is_empty() {
        let business = visit.business()?.id;
        match visit.state.test_calls.say(user(&visit), business, &call, words) {
            Some(Said::Taken | Said::NotTaken) => {}
            Some(Said::TooMany) => return Err(Problem::TooMany.into()),
            None => return Err(Problem::NotFound.into()),
        }
    }
    std::future::ready(Ok(answer::redirect(&visit.at(&format!("test-call/{call}"))))).await
}

/// The user hangs up.
pub(super) async fn hang_up(visit: Visit<'_>) -> Answer {
    let call = sid(&visit)?;
    let ended = visit.state.test_calls.hang_up(user(&visit), visit.business()?.id, &call);
    ended.ok_or(Problem::NotFound)?;
    std::future::ready(Ok(answer::redirect(&visit.at(&format!("test-call/{call}"))))).await
}

/// The WebSocket of a browser that has a microphone.
pub(super) async fn media(visit: Visit<'_>) -> Answer {
    let call = sid(&visit)?;
    let (user, business) = (user(&visit), visit.business()?.id);
    let tests = &visit.state.test_calls;
    tests.standing(user, business, &call).ok_or(Problem::NotFound)?;
    // A form has a token; a socket has its page's origin, which every browser sends.
    if !form::is_of_own_page(visit.request, &visit.state.public_url) {
        return Err(Problem::StaleForm.into());
    }
    let (headers, connection) = (visit.request.headers.clone(), visit.request.upgrade.clone());
    let (response, upgrade) = match upgrade::accept(headers, connection) {
        Ok(accepted) => accepted,
        Err(status) => return Ok(empty(status)),
    };
    let seat = tests.seat(user, business, &call).ok_or(Problem::NotFound)?;
    tests.connect(seat, upgrade);
    std::future::ready(Ok(response)).await
}

async fn offered(visit: &Visit<'_>, refusal: Option<TestRefusal>) -> Answer {
    let page = page(visit, TestState::Ready, settings::has_draft(visit).await?).await?;
    let mut shell = visit.shell(Place::TestCall).await?;
    let notice = |why: TestRefusal| Notice::new(Tone::Bad, visit.texts().say(why.key()));
    shell.notices.extend(refusal.map(notice));
    let status = answer::status_of(refusal.is_some());
    Ok(with_microphone(answer::page_with(status, &shell, &page)))
}

async fn page(
    visit: &Visit<'_>,
    state: TestState,
    has_draft: bool,
) -> Result<TestCallPage, Refused> {
    let left = TestCalls::left(visit.db(), user(visit), today(visit)?).await?;
    let left_today = u32::try_from(left).unwrap_or(u32::MAX);
    Ok(TestCallPage { state, speaking: speaking(visit), has_draft, left_today })
}

fn user(visit: &Visit<'_>) -> uuid::Uuid {
    visit.session.user.id
}

fn sid(visit: &Visit<'_>) -> Result<CallSid, Refused> {
    CallSid::parse(visit.parameter("sid")).map_err(|_| Refused(Problem::NotFound))
}

fn speaking(visit: &Visit<'_>) -> Speaking {
    if visit.state.practice { Speaking::Typing } else { Speaking::Microphone }
}

/// When the day began at the business.
fn today(visit: &Visit<'_>) -> Result<Timestamp, Refused> {
    let desk = Desk::of(visit.state, visit.business()?)?;
    Ok(desk.begin(desk.today()))
}

/// Of the newest prompt, for the record.
async fn prompt_version(visit: &Visit<'_>, settings: &BusinessSettings) -> Result<i32, Refused> {
    let published = Desk::of(visit.state, visit.business()?)?.settings;
    let number = published.phone_numbers.first().or(settings.phone_numbers.first());
    let Some(our_number) = number else { return Ok(0) };
    let key = CallKey { our_number, their_number: None, call: None };
    let found = businesses::find_for_voice(visit.db(), key, visit.now()).await?;
    Ok(found.map_or(0, |found| found.prompt_version))
}

fn how(end: LineEnd) -> TestEnd {
    match end {
        LineEnd::HungUp => TestEnd::HungUp,
        LineEnd::PutThrough(number) => TestEnd::PutThrough(Some(number)),
        LineEnd::Apologised(Apology::Say(say)) => TestEnd::Apology(say.text),
        LineEnd::Apologised(Apology::Play { .. }) => TestEnd::RecordedApology,
    }
}

/// Only these pages may ask for the microphone.
fn with_microphone(mut response: warp::reply::Response) -> warp::reply::Response {
    let (name, value) = WITH_MICROPHONE;
    let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
    response.headers_mut().insert(name, value);
    response
}
