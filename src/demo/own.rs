//! The demo with a business of one's own (OPS-14). The simulated model knows of the business what the daemon tells
//! it: the prompt and the tools. The caller answers what they are asked.

#[cfg(test)]
mod tests;

use std::time::Duration;

use practice::person::{Person, Wish};
use practice::speech::Voice;
use practice::twilio::{CallOutcome, CallOver, CallerHandle};
use protocol::business::{BusinessSettings, Decider, OpeningLine};
use protocol::ids::{CallSid, PhoneNumber};

use super::error::Failed;
use super::screen::Screen;
use super::{
    CALLER, Options, heard, may_write, objections, record, save, tell_turns, within, writing,
};
use crate::config::DatabaseUrl;
use crate::config::business_file::BusinessFile;
use crate::world::{Plan, World};

/// Time limit of the call: ten questions and a booking take two minutes.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How long a recorded greeting that could not be fetched is waited for.
const GREETING: Duration = Duration::from_secs(5);
/// How long the answer to a goodbye is waited for.
const CLOSING: Duration = Duration::from_secs(15);
/// How long the hang-up is waited for after it, beside `ending.hangup_delay`.
const HANG_UP: Duration = Duration::from_secs(5);

/// Ends that a practice call must not have.
const BROKEN: [&str; 4] = ["upstream_failed", "stream_lost", "not_connected", "internal"];

/// A call that was played.
struct Played {
    call: CallSid,
    person: Person,
    said: Vec<String>,
    outcome: CallOutcome,
}

/// Runs the demo with this business.
///
/// # Errors
/// [`Failed`] says what went wrong.
pub async fn run(own: BusinessFile, options: Options) -> Result<(), Failed> {
    may_write(&options.wav)?;
    let screen = Screen::new(options.color);
    screen.heading("Frontdesk demo: a simulated caller, a simulated model, your own business")?;
    for notice in &own.notices {
        screen.note(&format!("notice: {notice}"))?;
    }
    introduce(&own.settings, &screen)?;
    let mut plan = plan(own.settings)?;
    plan.voice = Voice::detect();
    plan.openai.voice = plan.voice.clone();
    let world = World::open(plan).await?;
    let played = play(&world, &screen).await?;
    save(&played.outcome, &options.wav, &screen)?;
    world.close().await;
    Ok(())
}

/// A world of its own for the business. Nobody outside is told of its calls.
fn plan(mut business: BusinessSettings) -> Result<Plan, Failed> {
    business.webhooks = None;
    let mut plan = Plan::locksmith()?;
    plan.business = business;
    plan.config.database.url = DatabaseUrl::parse("sqlite::memory:")
        .ok_or_else(|| Failed::Wrong("the demo's database has no URL".to_owned()))?;
    Ok(plan)
}

/// Plays and shows the call, and a message after it if the business has WhatsApp.
async fn play(world: &World, screen: &Screen) -> Result<Played, Failed> {
    let number = PhoneNumber::parse(CALLER)?;
    let caller = world.dial(&number);
    let call = caller.call_sid().clone();
    let events = world.app.services().introspection.listen();
    let told = tokio::spawn(tell_turns(events, call.clone(), screen.clone()));
    let mut person = person(&world.business);
    let (said, outcome) = within(PATIENCE, converse(world, &caller, &mut person)).await?;
    within(PATIENCE, told).await?.map_err(|error| Failed::Wrong(error.to_string()))??;
    let played = Played { call, person, said, outcome };
    within(PATIENCE, look_at(world, &played, screen)).await??;
    if world.business.whatsapp_number.is_some() {
        within(PATIENCE, writing::exchange(world, &number, screen)).await??;
    }
    Ok(played)
}

fn introduce(business: &BusinessSettings, screen: &Screen) -> Result<(), Failed> {
    screen.note(&format!("{} ({}) answers; nothing is stored", business.name, business.slug))?;
    if !matches!(business.language.as_str(), "he" | "en") {
        screen.note(&format!(
            "the simulated model and the caller speak Hebrew and English: with language = \"{}\" the call is in \
             English, but for the business's own texts",
            business.language
        ))?;
    }
    if business.webhooks.is_some() {
        screen.note("[webhooks] is left out: no event is sent")?;
    }
    Ok(())
}

/// Plays a caller with these wishes to the end of the call.
pub(super) async fn served(world: &World, caller: &CallerHandle, wishes: &[Wish]) -> CallOutcome {
    let mut person = Person::new(world.business.language.as_str(), wishes.iter().copied());
    converse(world, caller, &mut person).await.1
}

/// A caller who wants what this business offers, and ends the call by its rules.
fn person(business: &BusinessSettings) -> Person {
    let has_hours = !business.appointments.hours.is_empty();
    let wishes = [(true, Wish::Help), (has_hours, Wish::Hours), (has_hours, Wish::Appointment)];
    let wishes = wishes.into_iter().filter_map(|(wanted, wish)| wanted.then_some(wish));
    let person = Person::new(business.language.as_str(), wishes);
    let own = business.ending.goodbye_phrases.as_ref().and_then(|own| own.first());
    match (business.ending.decider, own) {
        (Decider::Phrases | Decider::Both, Some(own)) => person.with_goodbye(own),
        (Decider::Phrases | Decider::Both, None) | (Decider::Model, _) => person,
    }
}

/// Plays the caller. Returns everything that was said to the end, and the call's outcome.
async fn converse(
    world: &World,
    caller: &CallerHandle,
    person: &mut Person,
) -> (Vec<String>, CallOutcome) {
    let mut said = Vec::new();
    if talk(world, caller, person, &mut said).await.is_ok() {
        // Nobody ended it: a business can leave that to the caller.
        caller.hang_up();
    }
    (said, caller.ended().await)
}

async fn talk(
    world: &World,
    caller: &CallerHandle,
    person: &mut Person,
    said: &mut Vec<String>,
) -> Result<(), CallOver> {
    let mut heard = match world.business.opening() {
        OpeningLine::Spoken { .. } => caller.hears_anything().await?.text,
        OpeningLine::Played { .. } => {
            caller.stream_opened().await?;
            // The agent speaks it in place of a recording that can't be fetched.
            match tokio::time::timeout(GREETING, caller.hears_anything()).await {
                Ok(heard) => heard?.text,
                Err(_) => String::new(),
            }
        }
        OpeningLine::Silent => {
            caller.stream_opened().await?;
            String::new()
        }
    };
    while !person.has_said_goodbye() {
        let words = person.reply(&heard);
        caller.say(&words).await?;
        said.push(words);
        if !person.has_said_goodbye() {
            heard = caller.hears_anything().await?.text;
        }
    }
    if let Ok(closing) = tokio::time::timeout(CLOSING, caller.hears_anything()).await {
        closing?;
    }
    let hang_up = HANG_UP + world.business.ending.hangup_delay;
    match tokio::time::timeout(hang_up, caller.until(|_| false)).await {
        Ok(over) => over,
        Err(_) => Ok(()),
    }
}

/// Shows what is stored, and checks it.
async fn look_at(world: &World, played: &Played, screen: &Screen) -> Result<(), Failed> {
    let heard = heard(world);
    objections(world, &played.outcome)?;
    // The last words are not heard if the call ends within them.
    if !played.said.starts_with(&heard) {
        return Err(Failed::Wrong(format!("the model heard {heard:?}")));
    }
    record::show(world, &played.call, played.person.chosen(), screen).await?;
    let (db, business) = (&world.app.services().database, world.business_id);
    let row = entities::calls::get(db, business, &played.call).await?;
    let reason = row.and_then(|row| row.end_reason).unwrap_or_default();
    if BROKEN.contains(&reason.as_str()) {
        return Err(Failed::Wrong(format!("the call ended by {reason}")));
    }
    Ok(())
}
