//! The demo: a whole call through the real daemon without an account (PRAC-1), and one message after it. Only the
//! caller, Twilio and the model are simulated. [`own`] plays it with a business of one's own.

pub mod console;
mod error;
pub mod own;
mod record;
mod screen;
mod week;
mod writing;

use std::path::{Path, PathBuf};
use std::time::Duration;

use actors::introspection::IntrospectionEvent;
use practice::speech::Voice;
use practice::twilio::{CallOutcome, CallerHandle, EndedBy};
use practice::wav;
use protocol::ids::{CallSid, PhoneNumber};
use tokio::sync::broadcast::error::RecvError;

use crate::config::DatabaseUrl;
use crate::tree;
use crate::world::{Plan, World};
use screen::Screen;

pub use error::Failed;

/// The caller's number.
const CALLER: &str = "+972501234567";
/// The caller's sentences, one after each answer, until times are offered.
const SENTENCES: [&str; 4] = ["התקנת מנעול חכם", "בתל אביב", "כן", "אפשר לקבוע תור?"];
/// Time limit of the call and of what follows it, which normally take half of it.
const PATIENCE: Duration = Duration::from_secs(90);
/// The caller's last words, once the visit is booked and moved.
const GOODBYE: &str = "תודה, להתראות";
/// The demo's database. A second run finds the lead of the first.
const DATABASE: &str = "sqlite://frontdesk-demo.db?mode=rwc";

#[derive(Debug, Clone)]
pub struct Options {
    /// For a terminal: colours, and marks that keep right-to-left text readable.
    pub color: bool,
    /// The file for the call's recording.
    pub wav: PathBuf,
}

/// Runs the demo.
///
/// # Errors
/// [`Failed`] says what went wrong.
pub async fn run(options: Options) -> Result<(), Failed> {
    may_write(&options.wav)?;
    let screen = Screen::new(options.color);
    let mut plan = Plan::locksmith()?;
    plan.config.database.url = DatabaseUrl::parse(DATABASE)
        .ok_or_else(|| Failed::Wrong("the demo's database has no URL".to_owned()))?;
    plan.voice = Voice::detect();
    plan.openai.voice = plan.voice.clone();
    let world = World::open(plan).await?;
    screen.heading("Frontdesk demo: a simulated caller, a simulated model, the real daemon")?;
    screen.note(&format!(
        "{} ({}) answers at {}; the database is frontdesk-demo.db",
        world.business.name,
        world.business.slug,
        world.app.twilio_address()
    ))?;

    let person = PhoneNumber::parse(CALLER)?;
    let caller = world.dial(&person);
    let told = tokio::spawn(tell_turns(
        world.app.services().introspection.listen(),
        caller.call_sid().clone(),
        screen.clone(),
    ));
    let (said, kept, outcome) = within(PATIENCE, converse(&world, &caller, &screen)).await??;
    within(PATIENCE, told).await?.map_err(|error| Failed::Wrong(error.to_string()))??;

    check(&world, &said, &outcome)?;
    if outcome.ended_by != EndedBy::Rest {
        return Err(Failed::Wrong(format!("the call ended by {:?}", outcome.ended_by)));
    }
    within(PATIENCE, record::show(&world, caller.call_sid(), Some(&kept), &screen)).await??;
    within(PATIENCE, writing::exchange(&world, &person, &screen)).await??;
    save(&outcome, &options.wav, &screen)?;
    world.close().await;
    Ok(())
}

/// Something that must come in time.
async fn within<T>(patience: Duration, coming: impl Future<Output = T>) -> Result<T, Failed> {
    tokio::time::timeout(patience, coming).await.map_err(|_| Failed::TooLong(patience))
}

/// Plays the caller, who chooses a time and then makes it another one. Returns everything the caller
/// said, the time of day of the visit, and the call's outcome.
async fn converse(
    world: &World,
    caller: &CallerHandle,
    screen: &Screen,
) -> Result<(Vec<String>, String, CallOutcome), Failed> {
    let greeting = world.business.lines().greeting;
    caller.hears(&greeting).await?;
    let mut said: Vec<String> = SENTENCES.map(str::to_owned).to_vec();
    let mut offer = String::new();
    for (place, sentence) in said.iter().enumerate() {
        caller.say(sentence).await?;
        if place == 1 {
            let tree = tree::draw(&world.actors().await?);
            screen.block("the actors, as `frontdesk actors` draws them", &tree)?;
        }
        offer = caller.hears_anything().await?.text;
    }
    let times = times(&offer);
    let (Some(earlier), Some(later)) = (times.first(), times.get(1)) else {
        return Err(Failed::Wrong(format!("no two times were offered: {offer:?}")));
    };
    let sentences =
        [format!("{later} מתאים לי"), format!("רגע, בעצם {earlier} במקום"), GOODBYE.to_owned()];
    for sentence in sentences {
        caller.say(&sentence).await?;
        caller.hears_anything().await?;
        said.push(sentence);
    }
    Ok((said, (*earlier).to_owned(), caller.ended().await))
}

/// The times of day in an offer.
fn times(offer: &str) -> Vec<&str> {
    let is_time = |word: &&str| word.len() == 5 && word.as_bytes()[2] == b':';
    offer.split([' ', ',', '.']).filter(is_time).collect()
}

/// Shows turns as the daemon reports them, until the call is over.
async fn tell_turns(
    mut events: tokio::sync::broadcast::Receiver<IntrospectionEvent>,
    call: CallSid,
    screen: Screen,
) -> Result<(), Failed> {
    loop {
        match events.recv().await {
            Ok(IntrospectionEvent::TurnAdded { call_sid, role, text, .. }) if call_sid == call => {
                screen.turn(&role, &text)?;
            }
            Ok(IntrospectionEvent::CallEnded { call_sid, reason }) if call_sid == call => {
                screen.note(&format!("the call is over: {reason}"))?;
                return Ok(());
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

/// Checks that the model heard what the caller said, and that neither simulator objects.
fn check(world: &World, said: &[String], outcome: &CallOutcome) -> Result<(), Failed> {
    let heard = heard(world);
    if heard != said {
        return Err(Failed::Wrong(format!("the model heard {heard:?}")));
    }
    objections(world, outcome)
}

/// What the model has heard.
fn heard(world: &World) -> Vec<String> {
    let texts = |server: &practice::openai::Server| {
        server.log().record().heard_texts().into_iter().map(str::to_owned).collect()
    };
    world.openai().map(texts).unwrap_or_default()
}

/// Checks that neither simulator objects.
fn objections(world: &World, outcome: &CallOutcome) -> Result<(), Failed> {
    let wrong = |what: String| Err(Failed::Wrong(what));
    let Some(practice) = world.openai() else {
        return wrong("the practice server is not there".to_owned());
    };
    let record = practice.log().record();
    if let Some(fault) = record.faults().next() {
        return wrong(format!("OpenAI would have objected: {fault:?}"));
    }
    if let Some(violation) = outcome.view.violations.first() {
        return wrong(format!("Twilio would have objected: {violation:?}"));
    }
    Ok(())
}

/// Before the call: it takes half a minute. Leaves no file behind.
fn may_write(path: &Path) -> Result<(), Failed> {
    let failed = |error: std::io::Error| Failed::Recording(path.to_owned(), error.to_string());
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let is_new = !path.exists();
    std::fs::OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    if is_new { std::fs::remove_file(path).map_err(failed) } else { Ok(()) }
}

fn save(outcome: &CallOutcome, path: &Path, screen: &Screen) -> Result<(), Failed> {
    let mut recording = wav::Recording::new();
    for (at, audio) in &outcome.recording.caller.0 {
        recording.caller(*at, audio);
    }
    for (at, audio) in &outcome.recording.agent.0 {
        recording.agent(*at, audio);
    }
    let saved = recording.save(path);
    saved.map_err(|error| Failed::Recording(path.to_owned(), error.to_string()))?;
    screen.note(&format!("recording: {} (caller left, agent right)", path.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prac_1_a_recording_that_can_t_be_written_is_noticed_before_the_call() {
        let folder = tempfile::tempdir().unwrap();
        let wav = folder.path().join("new/demo.wav");
        may_write(&wav).unwrap();
        assert!(!wav.exists(), "nothing is left behind");
        std::fs::write(&wav, "of before").unwrap();
        may_write(&wav).unwrap();
        assert_eq!(std::fs::read(&wav).unwrap(), b"of before");
        for bad in [folder.path().join("new"), wav.join("demo.wav")] {
            let error = may_write(&bad).unwrap_err().to_string();
            assert!(error.contains("could not be written"), "{error}");
        }
    }
}
