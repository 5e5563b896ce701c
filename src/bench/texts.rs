//! What written conversations cost: many people write at once, are answered, and write once more. The daemon is
//! a process on a core of its own. Twilio and the text model are the practice ones, in this process.

mod report;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use actors::clock::Clock;
use hdrhistogram::Histogram;
use jiff::Timestamp;
use practice::openai::{Brain, TextOptions, TextServer};
use practice::twilio::{Carrier, CarrierSettings};
use protocol::ids::AccountSid;
use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::error::BenchError;
use super::findings::{Latency, Target};
use super::pinning::Pinning;
use super::process::{Cpu, Memory, allow_many_files};
use super::subject::{Folder, Kind, Reaches, Settings, Subject, free_address, target};

pub use report::{json, text};

/// The most people at once. More conversations wait in the database.
pub const MOST_TEXTS: u32 = 2_000;
/// How long the practice text model takes for an answer.
const ANSWERS_AFTER: Duration = Duration::from_millis(600);
/// How long texts settle, as the locksmith has it by default.
const SETTLE: Duration = Duration::from_secs(2);
/// Webhooks that are open at once.
const AT_ONCE: usize = 100;
/// How long all answers may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often the daemon's memory is read, and whether all are answered.
const LOOK: Duration = Duration::from_millis(100);
/// From the last answer to the reading of what a round has left: callbacks come, and tasks end.
const SETTLES: Duration = Duration::from_secs(3);
/// People, at most, who write before anything is measured.
const WARM_UP: u32 = 20;

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct TextsPlan {
    /// How many people write at once.
    pub texts: u32,
}

/// What was measured.
#[derive(Debug, Clone)]
pub struct TextsReport {
    pub plan: TextsPlan,
    pub pinning: Pinning,
    /// Before the first of those who count.
    pub idle: u64,
    /// Each person's first text, and their second.
    pub rounds: Vec<Round>,
}

/// Everybody writes one text, and is answered.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// How many got one message. Whoever got two is not among them.
    pub answered: u32,
    /// From the first webhook to the last answer.
    pub took: Duration,
    /// Of the daemon, from the first webhook to the last status callback.
    pub cpu: Duration,
    /// Bytes of the daemon without files: the most, and at the end.
    pub most: u64,
    pub after: u64,
    /// What the daemon adds to settling and to the model's time.
    pub added: Latency,
}

impl TextsReport {
    /// Whether everybody got one answer each time.
    #[must_use]
    pub fn is_faithful(&self) -> bool {
        self.rounds.iter().all(|round| round.answered == self.plan.texts)
    }
}

/// Measures.
///
/// # Errors
/// [`BenchError`] if a process did not start, or a signal ended it.
pub fn texts(plan: TextsPlan, stop: &Arc<AtomicBool>) -> Result<TextsReport, BenchError> {
    allow_many_files()?;
    let pinning = Pinning::choose();
    let stop = Arc::clone(stop);
    let measuring = thread::spawn(move || {
        if let Pinning::Apart { load, .. } = pinning {
            let mut only = CpuSet::new();
            only.set(load);
            let pinned = sched_setaffinity(None, &only);
            pinned.map_err(|error| BenchError::io("the load's core")(error.into()))?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(BenchError::io("the load's runtime"))?;
        runtime.block_on(measure(plan, pinning, &stop))
    });
    let ended = || BenchError::LoadEnded("it panicked".to_owned());
    measuring.join().map_err(|_| ended())?
}

async fn measure(
    plan: TextsPlan,
    pinning: Pinning,
    stop: &AtomicBool,
) -> Result<TextsReport, BenchError> {
    let folder = Folder::new("frontdesk-bench-texts").map_err(BenchError::io("a folder"))?;
    let address = free_address()?;
    let Target::Daemon { account, auth_token, number, .. } = target(Kind::Daemon, address) else {
        return Err(BenchError::LoadEnded("it has no daemon".to_owned()));
    };
    let account =
        AccountSid::parse(&account).map_err(|error| BenchError::LoadEnded(error.to_string()))?;
    let daemon = format!("http://{address}");
    let mut line = CarrierSettings::new(account, &auth_token, &format!("{daemon}/twilio/voice"));
    line.message_url = Some(format!("{daemon}/twilio/whatsapp"));
    let carrier = Carrier::start(line).await;
    let carrier = carrier.map_err(|error| BenchError::LoadEnded(error.to_string()))?;
    let options =
        TextOptions { brain: Brain::Echo, answers_after: ANSWERS_AFTER, ..TextOptions::default() };
    let model = TextServer::on_loopback(options).await.map_err(BenchError::io("the model"))?;
    let reaches = Reaches { openai: model.address(), rest: carrier.api_address() };
    let path = folder.path().to_owned();
    let starting = tokio::task::spawn_blocking(move || {
        let settings =
            Settings { kind: Kind::Daemon, folder: &path, max_calls: 10, tls: None, pinning };
        Subject::start(&settings, address, reaches)
    });
    let subject = starting.await.map_err(|error| BenchError::LoadEnded(error.to_string()))??;
    let load = Arc::new(Load { carrier, number, subject, clock: Clock::start() });
    load.round(900_000, WARM_UP.min(plan.texts), stop).await?;
    let idle = load.memory()?;
    let mut rounds = Vec::new();
    for _ in 0..2 {
        rounds.push(load.round(0, plan.texts, stop).await?);
    }
    Ok(TextsReport { plan, pinning, idle, rounds })
}

struct Load {
    carrier: Carrier,
    /// The business's.
    number: String,
    subject: Subject,
    clock: Clock,
}

impl Load {
    fn memory(&self) -> Result<u64, BenchError> {
        Ok(Memory::of(self.subject.pid())?.anonymous)
    }

    /// Those whose numbers begin at `first` write one text each.
    async fn round(
        self: &Arc<Self>,
        first: u32,
        count: u32,
        stop: &AtomicBool,
    ) -> Result<Round, BenchError> {
        let sent_before = self.carrier.sent_messages().borrow().len();
        let cpu = Cpu::of(self.subject.pid())?;
        let began = self.clock.wall();
        let mut writing = JoinSet::new();
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        for person in first..first + count {
            let (load, slots) = (Arc::clone(self), Arc::clone(&slots));
            writing.spawn(async move {
                // It is never closed.
                let _slot = slots.acquire_owned().await.ok();
                let from = format!("+97250{person:07}");
                let message = load.carrier.message(&from, &load.number, "מתי אתם פתוחים?");
                let taken = load.carrier.receive_message(&message).await;
                taken.is_ok().then(|| (from, load.clock.wall()))
            });
        }
        let all = sent_before + count as usize;
        let (mut most, until) = (0, self.clock.wall() + PATIENCE);
        let mut wrote = BTreeMap::new();
        loop {
            most = most.max(self.memory()?);
            while let Some(Ok(Some((person, at)))) = writing.try_join_next() {
                wrote.insert(person, at);
            }
            let sent = self.carrier.sent_messages().borrow().len();
            if sent >= all || self.clock.wall() > until {
                break;
            }
            if stop.load(Ordering::Relaxed) {
                return Err(BenchError::Stopped);
            }
            tokio::time::sleep(LOOK).await;
        }
        while let Some(written) = writing.join_next().await {
            if let Ok(Some((person, at))) = written {
                wrote.insert(person, at);
            }
        }
        tokio::time::sleep(SETTLES).await;
        let cpu = Cpu::of(self.subject.pid())?.since(cpu).total();
        let after = self.memory()?;
        let found = self.answers(sent_before, &wrote);
        let took =
            found.last.map_or(Duration::ZERO, |last| last.duration_since(began).unsigned_abs());
        Ok(Round { answered: found.answered, took, cpu, most, after, added: found.added })
    }

    /// What Twilio was given since then, for those who wrote.
    fn answers(&self, since: usize, wrote: &BTreeMap<String, Timestamp>) -> Found {
        let sent = self.carrier.sent_messages();
        let sent = sent.borrow();
        let mut by_person: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
        for message in sent.iter().skip(since) {
            let person = message.to.trim_start_matches("whatsapp:");
            by_person.entry(person).or_default().push(message.made_at);
        }
        let mut added = distribution();
        let (mut answered, mut last) = (0, None);
        for (person, times) in by_person {
            let (Some(at), [answer]) = (wrote.get(person), times.as_slice()) else { continue };
            answered += 1;
            last = last.max(Some(*answer));
            let took = answer.duration_since(*at).unsigned_abs();
            let micros = took.saturating_sub(SETTLE + ANSWERS_AFTER).as_micros();
            added.saturating_record(u64::try_from(micros).unwrap_or(u64::MAX));
        }
        Found { answered, last, added: Latency::of(&added) }
    }
}

struct Found {
    answered: u32,
    last: Option<Timestamp>,
    added: Latency,
}

#[expect(clippy::expect_used, reason = "the bounds are constants that the histogram takes")]
fn distribution() -> Histogram<u64> {
    Histogram::new_with_max(180_000_000, 3).expect("bounds in order")
}
