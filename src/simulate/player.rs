//! The caller who follows a script.

mod happening;

use std::time::Duration;

use practice::openai::language_of;
use practice::speech::duration_of;
use practice::twilio::{CallOver, CallView, CallerHandle, NoStream};
use thiserror::Error;

use crate::simulate::scenario::{Action, After, Script, Step};
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
    /// Why the script was not completed.
    pub stopped: Option<String>,
}

/// Follows the script from ringing to the end of the call.
pub(super) async fn play(world: &World, caller: &CallerHandle, script: &Script) -> Played {
    let marked = world.openai().is_some();
    let start = Point { at: Duration::ZERO, heard: 0, samples: 0, speaking: false };
    let mut player =
        Player { world, caller, marked, began: start, done: start, spoken: Vec::new() };
    let mut stopped = None;
    for (n, step) in script.steps.iter().enumerate() {
        let told = || format!("step {} ({})", n + 1, step.action.told());
        match tokio::time::timeout(script.patience, player.follow(step, n == 0)).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => {
                stopped = Some(format!("{}: {why}", told()));
                break;
            }
            Err(_) => {
                let what = waited_for(&step.after);
                stopped = Some(format!("{}: {what} within {:?}", told(), script.patience));
                break;
            }
        }
    }
    let spoken = player.spoken;
    if stopped.is_some() {
        caller.hang_up();
    }
    if tokio::time::timeout(script.patience, caller.ended()).await.is_err() {
        let still = format!("the call was still open {:?} after the last step", script.patience);
        stopped.get_or_insert(still);
        caller.hang_up();
        // The carrier ends the call at once; only its callbacks can take long.
        let _ = tokio::time::timeout(script.patience, caller.ended()).await;
    }
    Played { spoken, stopped }
}

fn waited_for(after: &After) -> String {
    match after {
        After::Previous => "it was not done".to_owned(),
        After::AgentBegins => "the agent did not begin to speak".to_owned(),
        After::AgentEnds => "the agent did not speak and end".to_owned(),
        After::Words(words) => format!("the words {words:?} were not heard"),
    }
}

/// The silence that ends an agent's turn. It is longer if the audio carries no words, since the agent may
/// only be thinking.
const QUIET: Duration = Duration::from_millis(400);
const QUIET_FOR_SURE: Duration = Duration::from_millis(1500);

#[derive(Debug, Clone, Copy)]
struct Point {
    at: Duration,
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
}

struct Player<'a> {
    world: &'a World,
    caller: &'a CallerHandle,
    /// Whether the agent's audio carries its words. A real model's does not.
    marked: bool,
    /// When the previous step began.
    began: Point,
    /// When the previous step was done.
    done: Point,
    spoken: Vec<Spoken>,
}

impl Player<'_> {
    async fn follow(&mut self, step: &Step, is_first: bool) -> Result<(), NotDone> {
        let since = match &step.after {
            After::Previous if is_first => {
                self.caller.stream_opened().await?;
                self.caller.elapsed()
            }
            After::Previous => self.caller.elapsed(),
            After::AgentBegins if self.marked => self.agent_begins().await?,
            After::AgentBegins => self.audio_begins().await?,
            After::AgentEnds => self.agent_ends().await?,
            After::Words(words) => self.words(words).await?,
        };
        let due = since + step.plus;
        tokio::time::sleep(due.saturating_sub(self.caller.elapsed())).await;
        self.began = self.point();
        self.act(&step.action).await?;
        self.done = self.point();
        Ok(())
    }

    async fn act(&mut self, action: &Action) -> Result<(), NotDone> {
        let from = self.caller.elapsed();
        let text = match action {
            Action::Say(text) => {
                self.caller.say_in(text, language_of(text)).await?;
                Some(text.clone())
            }
            Action::Noise { rms, length } => {
                self.caller.noise(*rms, *length).await?;
                None
            }
            Action::Press(keys) => {
                self.caller.press(keys).await?;
                None
            }
            Action::Silence(length) => {
                tokio::time::sleep(*length).await;
                return Ok(());
            }
            Action::HangUp => {
                self.caller.hang_up();
                return Ok(());
            }
            Action::Happens(what) => return self.happens(*what).await,
        };
        let to = self.caller.elapsed();
        self.spoken.push(Spoken { what: action.told(), text, from, to });
        Ok(())
    }

    /// When the first utterance after the beginning of the previous step began.
    async fn agent_begins(&self) -> Result<Duration, CallOver> {
        let since = self.began.at;
        self.caller
            .find(|view| {
                let whole = view.heard.iter().map(|speech| speech.from);
                let under_way = view.hearing.iter().map(|partial| duration_of(partial.from_sample));
                whole.chain(under_way).find(|from| *from >= since)
            })
            .await
    }

    /// The same for audio without words: audio after a silence.
    async fn audio_begins(&self) -> Result<Duration, CallOver> {
        let mut before = self.began.samples;
        if self.began.speaking {
            before =
                self.caller.find(|view| (view.buffered == 0).then_some(view.samples_heard)).await?;
        }
        self.caller.until(|view| view.samples_heard > before).await?;
        Ok(self.caller.elapsed())
    }

    async fn agent_ends(&self) -> Result<Duration, CallOver> {
        let since = self.done.at;
        let quiet = if self.marked { QUIET } else { QUIET_FOR_SURE };
        let heard = |view: &CallView| {
            let is_quiet = view.buffered == 0 && view.last_heard_at.is_some_and(|at| at > since);
            is_quiet.then_some(view.samples_heard)
        };
        loop {
            let samples = self.caller.find(heard).await?;
            tokio::time::sleep(quiet).await;
            let now = heard(&self.caller.view().borrow());
            if now == Some(samples) {
                return Ok(self.caller.elapsed());
            }
        }
    }

    async fn words(&self, words: &str) -> Result<Duration, CallOver> {
        let from = self.began.heard;
        self.caller
            .until(|view| {
                let whole = view.heard.iter().skip(from).map(|speech| speech.text.as_str());
                let under_way = view.hearing.iter().map(|partial| partial.text.as_str());
                whole.chain(under_way).any(|text| text.contains(words))
            })
            .await?;
        Ok(self.caller.elapsed())
    }

    fn point(&self) -> Point {
        let view = self.caller.view();
        let view = view.borrow();
        Point {
            at: self.caller.elapsed(),
            heard: view.heard.len(),
            samples: view.samples_heard,
            speaking: view.buffered > 0,
        }
    }
}
