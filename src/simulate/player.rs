//! The caller who follows a script, on the telephone and in writing.

mod happening;
mod writing;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use practice::openai::language_of;
use practice::speech::duration_of;
use practice::twilio::{CallOver, CallView, CallerHandle, NoStream, TwilioError};
use protocol::ids::PhoneNumber;
use thiserror::Error;

use super::line;
use crate::simulate::scenario::{Action, After, Scenario, Step};
use crate::world::{World, WorldError};

/// Something audible that the caller did. Times are line time since the call was dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// What was waited for or done, in words.
    pub what: String,
    /// The words; `None` if it was not speech.
    pub text: Option<String>,
    pub from: Duration,
    pub to: Duration,
}

/// The result of a script.
#[derive(Debug, Clone, Default)]
pub struct Played {
    pub spoken: Vec<Spoken>,
    /// Messages that the person wrote, repeated deliveries not counted.
    pub wrote: usize,
    /// Why the script was not completed.
    pub stopped: Option<String>,
}

/// What came of following a script.
pub(super) struct Course {
    pub(super) played: Played,
    /// `None` if there was no call.
    pub(super) caller: Option<CallerHandle>,
    /// When it began, by the daemon's wall clock.
    pub(super) began: Timestamp,
}

/// Follows the script to its last step and the end of the call. `caller` has been dialled, or is called.
pub(super) async fn play(
    world: &World,
    scenario: &Scenario,
    number: &PhoneNumber,
    caller: Option<CallerHandle>,
) -> Course {
    let (script, clock) = (&scenario.script, world.app.services().clock);
    let mut player = Player {
        world,
        scenario,
        number,
        caller,
        started: clock.now(),
        marked: world.openai().is_some(),
        began: Point::default(),
        done: Point::default(),
        played: Played::default(),
    };
    let began = clock.wall();
    for (n, step) in script.steps.iter().enumerate() {
        let told = || format!("step {} ({})", n + 1, step.action.told());
        let patience = script.patience + step.lasts();
        player.played.stopped =
            match tokio::time::timeout(patience, player.follow(step, n == 0)).await {
                Ok(Ok(())) => continue,
                Ok(Err(why)) => Some(format!("{}: {why}", told())),
                Err(_) => {
                    let what = waited_for(&step.after);
                    Some(format!("{}: {what} within {:?}", told(), script.patience))
                }
            };
        break;
    }
    let Player { caller, mut played, .. } = player;
    if let Some(caller) = &caller {
        see_to_the_end(caller, script.patience, &mut played).await;
    }
    Course { played, caller, began }
}

async fn see_to_the_end(caller: &CallerHandle, patience: Duration, played: &mut Played) {
    if played.stopped.is_some() {
        caller.hang_up();
    }
    if tokio::time::timeout(patience, caller.ended()).await.is_err() {
        let still = format!("the call was still open {patience:?} after the last step");
        played.stopped.get_or_insert(still);
        caller.hang_up();
        // The carrier ends the call at once; only its callbacks can take long.
        let _ = tokio::time::timeout(patience, caller.ended()).await;
    }
}

fn waited_for(after: &After) -> String {
    match after {
        After::Previous => "it was not done".to_owned(),
        After::AgentBegins => "the agent did not begin to speak".to_owned(),
        After::AgentEnds => "the agent did not speak and end".to_owned(),
        After::Words(words) => format!("the words {words:?} were not heard"),
        After::CallEnds => "the call did not end".to_owned(),
        After::MessageComes => "no message came".to_owned(),
        After::Message(words) => format!("no message with {words:?} came"),
    }
}

/// The silence that ends an agent's turn. It is longer if the audio carries no words, since the agent may
/// only be thinking.
const QUIET: Duration = Duration::from_millis(400);
const QUIET_FOR_SURE: Duration = Duration::from_millis(1500);

#[derive(Debug, Clone, Copy, Default)]
struct Point {
    at: Duration,
    /// Messages sent to the person so far.
    messages: usize,
    /// Utterances heard so far.
    heard: usize,
    /// Samples heard so far.
    samples: u64,
    /// Whether the agent was speaking.
    speaking: bool,
}

/// Why a step was not done.
#[derive(Debug, Error)]
enum NotDone {
    #[error("the call was over before: {:?}", .0.0)]
    Over(#[from] CallOver),
    #[error(transparent)]
    Line(#[from] NoStream),
    #[error(transparent)]
    World(#[from] WorldError),
    #[error("the daemon answered HTTP {0}")]
    Refused(u16),
    #[error("nobody has called")]
    NoCall,
    #[error("the message could not be delivered: {0}")]
    Undelivered(#[from] TwilioError),
    #[error("the message was answered with {0:?} in place of an empty document")]
    Answered(String),
    #[error("the database can be away in virtual time only")]
    RealTime,
}

struct Player<'a> {
    world: &'a World,
    scenario: &'a Scenario,
    number: &'a PhoneNumber,
    /// `None` before the call.
    caller: Option<CallerHandle>,
    started: Instant,
    /// Whether the agent's audio carries its words. A real model's does not.
    marked: bool,
    /// When the previous step began.
    began: Point,
    /// When the previous step was done.
    done: Point,
    played: Played,
}

impl Player<'_> {
    async fn follow(&mut self, step: &Step, is_first: bool) -> Result<(), NotDone> {
        let since = match &step.after {
            After::Previous => {
                if let Some(caller) = self.caller.as_ref().filter(|_| is_first) {
                    caller.stream_opened().await?;
                }
                self.elapsed()
            }
            After::AgentBegins if self.marked => self.agent_begins().await?,
            After::AgentBegins => self.audio_begins().await?,
            After::AgentEnds => self.agent_ends().await?,
            After::Words(words) => self.words(words).await?,
            After::CallEnds => {
                self.line()?.ended().await;
                self.elapsed()
            }
            After::MessageComes => self.message_comes("").await,
            After::Message(words) => self.message_comes(words).await,
        };
        let due = since + step.plus;
        tokio::time::sleep(due.saturating_sub(self.elapsed())).await;
        self.began = self.point();
        self.act(&step.action).await?;
        self.done = self.point();
        Ok(())
    }

    /// The call.
    fn line(&self) -> Result<&CallerHandle, NotDone> {
        self.caller.as_ref().ok_or(NotDone::NoCall)
    }

    /// Line time since the call was dialled; without a call, since the beginning.
    fn elapsed(&self) -> Duration {
        match &self.caller {
            Some(caller) => caller.elapsed(),
            None => self.world.app.services().clock.now().saturating_duration_since(self.started),
        }
    }

    async fn act(&mut self, action: &Action) -> Result<(), NotDone> {
        let from = self.elapsed();
        let text = match action {
            Action::Say(text) => {
                self.line()?.say_in(text, language_of(text)).await?;
                Some(text.clone())
            }
            Action::Noise { rms, length } => {
                self.line()?.noise(*rms, *length).await?;
                None
            }
            Action::Press(keys) => {
                self.line()?.press(keys).await?;
                None
            }
            Action::Silence(length) => {
                tokio::time::sleep(*length).await;
                return Ok(());
            }
            Action::HangUp => {
                self.line()?.hang_up();
                return Ok(());
            }
            Action::Call => {
                let caller = line::dial(self.world, self.scenario, self.number);
                let caller = self.caller.insert(caller);
                caller.stream_opened().await?;
                self.began = self.point();
                return Ok(());
            }
            Action::Write(writing) => return self.write(writing).await,
            Action::Happens(what) => return self.happens(*what).await,
        };
        let to = self.elapsed();
        self.played.spoken.push(Spoken { what: action.told(), text, from, to });
        Ok(())
    }

    /// When the first utterance after the beginning of the previous step began.
    async fn agent_begins(&self) -> Result<Duration, NotDone> {
        let since = self.began.at;
        let begins = self
            .line()?
            .find(|view| {
                let whole = view.heard.iter().map(|speech| speech.from);
                let under_way = view.hearing.iter().map(|partial| duration_of(partial.from_sample));
                whole.chain(under_way).find(|from| *from >= since)
            })
            .await?;
        Ok(begins)
    }

    /// The same for audio without words: audio after a silence.
    async fn audio_begins(&self) -> Result<Duration, NotDone> {
        let caller = self.line()?;
        let mut before = self.began.samples;
        if self.began.speaking {
            before = caller.find(|view| (view.buffered == 0).then_some(view.samples_heard)).await?;
        }
        caller.until(|view| view.samples_heard > before).await?;
        Ok(caller.elapsed())
    }

    async fn agent_ends(&self) -> Result<Duration, NotDone> {
        let caller = self.line()?;
        let since = self.done.at;
        let quiet = if self.marked { QUIET } else { QUIET_FOR_SURE };
        let heard = |view: &CallView| {
            let is_quiet = view.buffered == 0 && view.last_heard_at.is_some_and(|at| at > since);
            is_quiet.then_some(view.samples_heard)
        };
        loop {
            let samples = caller.find(heard).await?;
            tokio::time::sleep(quiet).await;
            let now = heard(&caller.view().borrow());
            if now == Some(samples) {
                return Ok(caller.elapsed());
            }
        }
    }

    async fn words(&self, words: &str) -> Result<Duration, NotDone> {
        let (caller, from) = (self.line()?, self.began.heard);
        caller
            .until(|view| {
                let whole = view.heard.iter().skip(from).map(|speech| speech.text.as_str());
                let under_way = view.hearing.iter().map(|partial| partial.text.as_str());
                whole.chain(under_way).any(|text| text.contains(words))
            })
            .await?;
        Ok(caller.elapsed())
    }

    fn point(&self) -> Point {
        let (at, messages) = (self.elapsed(), self.messages().len());
        let Some(caller) = &self.caller else { return Point { at, messages, ..Point::default() } };
        let view = caller.view();
        let view = view.borrow();
        Point {
            at,
            messages,
            heard: view.heard.len(),
            samples: view.samples_heard,
            speaking: view.buffered > 0,
        }
    }
}
