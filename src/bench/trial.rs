//! One trial: the subject, the load, and what is read of both meanwhile.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::error::BenchError;
use super::findings::{Coming, Findings, Identity, Lately, LoadPlan, News};
use super::pinning::Pinning;
use super::process::{Cpu, Memory, allow_many_files};
use super::runs::{Run, Sample};
use super::subject::{
    Folder, Kind, Reaches, Settings, Subject, free_address, target, this_program,
};

/// From the end of the calls that warm a subject up to the reading of what it takes when idle.
const SETTLES: Duration = Duration::from_secs(1);

/// Calls, at most, that come and go before anything is measured, so that what a subject needs once is not
/// taken for what a call needs.
const WARM_UP: u32 = 4;

/// What trials have in common.
pub(super) struct Bench<'a> {
    pub(super) pinning: Pinning,
    tls: Option<Identity>,
    /// No calls warm the subject up.
    cold: bool,
    /// When it becomes true, a trial ends with its processes, within some seconds.
    stop: &'a AtomicBool,
    trials: Cell<u32>,
}

/// What is tried.
pub(super) struct Trial {
    pub(super) kind: Kind,
    pub(super) calls: u32,
    pub(super) seconds: u32,
    pub(super) coming: Coming,
    /// Calls a second that are too many.
    pub(super) storm: u32,
}

/// What hears of each sample when it is taken.
pub(super) type Told<'a> = &'a mut dyn FnMut(&Sample) -> Result<(), io::Error>;

impl<'a> Bench<'a> {
    pub(super) fn new(tls: bool, cold: bool, stop: &'a AtomicBool) -> Result<Self, BenchError> {
        allow_many_files()?;
        let tls = tls.then(identity).transpose()?;
        Ok(Self { pinning: Pinning::choose(), tls, cold, stop, trials: Cell::default() })
    }

    pub(super) fn measure(
        &self,
        trial: &Trial,
        told: Told<'_>,
    ) -> Result<(Run, Vec<Sample>), BenchError> {
        let number = self.trials.replace(self.trials.get() + 1);
        let name = format!("frontdesk-bench-{number}-{}", trial.kind.as_str());
        let folder = Folder::new(&name).map_err(BenchError::io("a temporary folder"))?;
        let address = free_address()?;
        let mut load = Load::start(self.pinning, self.stop)?;
        let &Trial { kind, calls, seconds, coming, storm } = trial;
        load.tell(&serde_json::to_string(&LoadPlan {
            calls,
            warm_up: if self.cold { 0 } else { WARM_UP.min(calls) },
            seconds,
            coming,
            storm,
            target: target(kind, address),
            tls: self.tls.clone(),
        })?)?;
        let News::Listening { openai, rest } = load.next()? else {
            return Err(BenchError::LoadEnded("it did not say where it listens".to_owned()));
        };
        let max_calls = match coming {
            // Nobody leaves: what comes in a storm is too many.
            Coming::Together if storm > 0 => calls,
            Coming::Together => calls + 10,
            // One may end while the next begins.
            Coming::AndGoing { .. } => calls * 2 + 10,
        };
        let (folder, tls, pinning) = (folder.path(), self.tls.as_ref(), self.pinning);
        let settings = Settings { kind, folder, max_calls, tls, pinning };
        let subject = Subject::start(&settings, address, Reaches { openai, rest })?;
        load.tell("go")?;
        let News::Warm = load.next()? else {
            return Err(BenchError::LoadEnded("it did not warm the subject up".to_owned()));
        };
        thread::sleep(SETTLES);
        let idle = Memory::of(subject.pid())?;
        load.tell("go")?;
        let watched = watch(&mut load, &subject, trial, told)?;
        if watched.findings.calls == 0 {
            return Err(BenchError::NoCalls(subject.last_words()));
        }
        Ok(watched.into_run(trial, idle))
    }
}

/// What was read while calls ran.
struct Watched {
    subject: Cpu,
    load: Cpu,
    /// Each second.
    memory: Vec<Memory>,
    samples: Vec<Sample>,
    findings: Findings,
}

fn watch(
    load: &mut Load<'_>,
    subject: &Subject,
    trial: &Trial,
    told: Told<'_>,
) -> Result<Watched, BenchError> {
    let read = |load: &Load<'_>| {
        Ok::<_, BenchError>((Cpu::of(subject.pid())?, Cpu::of(load.process.id())?))
    };
    let (mut began, mut ended, mut sampled) = <((Cpu, Cpu), (Cpu, Cpu), Cpu)>::default();
    let (mut memory, mut samples) = (Vec::new(), Vec::new());
    loop {
        match load.next()? {
            News::Listening { .. } | News::Warm => {}
            News::Steady => {
                began = read(load)?;
                sampled = began.0;
            }
            News::Second => {
                ended = read(load)?;
                memory.push(Memory::of(subject.pid())?);
            }
            News::Sample(lately) => {
                let (cpu, memory) = (Cpu::of(subject.pid())?, Memory::of(subject.pid())?);
                let sample = trial.sample(samples.len(), lately, cpu.since(sampled), memory);
                sampled = cpu;
                told(&sample).map_err(BenchError::io("the report"))?;
                samples.push(sample);
            }
            News::Found(findings) => {
                return Ok(Watched {
                    subject: ended.0.since(began.0),
                    load: ended.1.since(began.1),
                    memory,
                    samples,
                    findings: *findings,
                });
            }
        }
    }
}

impl Trial {
    fn sample(&self, before: usize, lately: Lately, cpu: Cpu, memory: Memory) -> Sample {
        let every = match self.coming {
            Coming::Together => self.seconds,
            Coming::AndGoing { sample } => sample,
        };
        Sample {
            at: (before as u32 + 1) * every,
            resident_kib: kib(memory.resident),
            anonymous_kib: kib(memory.anonymous),
            cpu_ms: of_a_call(cpu.total(), self.calls, every),
            lately,
        }
    }
}

impl Watched {
    fn into_run(mut self, trial: &Trial, idle: Memory) -> (Run, Vec<Sample>) {
        let seconds = trial.seconds;
        let calls = match trial.coming {
            Coming::Together => self.findings.calls,
            Coming::AndGoing { .. } => trial.calls,
        };
        self.memory.sort_unstable();
        let busy = self.memory.get(self.memory.len() / 2).copied().unwrap_or(idle);
        let grown = |busy: u64, idle: u64| (kib(busy) - kib(idle)) / f64::from(calls);
        let run = Run {
            subject: trial.kind.as_str(),
            at_once: trial.calls,
            user_ms: of_a_call(self.subject.user, calls, seconds),
            system_ms: of_a_call(self.subject.system, calls, seconds),
            kib_a_call: grown(busy.resident, idle.resident),
            anonymous_kib_a_call: grown(busy.anonymous, idle.anonymous),
            idle_kib: kib(idle.resident),
            load_share: self.load.total().as_secs_f64() / f64::from(seconds),
            findings: self.findings,
        };
        (run, self.samples)
    }
}

fn kib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}

/// Milliseconds for a second of a call.
fn of_a_call(time: Duration, calls: u32, seconds: u32) -> f64 {
    time.as_secs_f64() * 1000.0 / f64::from(calls) / f64::from(seconds)
}

/// The load's process. Dropping it kills it.
struct Load<'a> {
    stop: &'a AtomicBool,
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl<'a> Load<'a> {
    fn start(pinning: Pinning, stop: &'a AtomicBool) -> Result<Self, BenchError> {
        let mut command = this_program()?;
        command.arg("bench-load").stdin(Stdio::piped()).stdout(Stdio::piped());
        let spawned = pinning.spawn_load(command);
        let mut process = spawned.map_err(BenchError::io("the load's process"))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(BenchError::LoadEnded("it has no pipes".to_owned()));
        };
        Ok(Self { stop, process, input, output: BufReader::new(output) })
    }

    fn tell(&mut self, line: &str) -> Result<(), BenchError> {
        writeln!(self.input, "{line}").map_err(BenchError::io("what the load is told"))
    }

    fn next(&mut self) -> Result<News, BenchError> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line);
        match read.map_err(BenchError::io("what the load says"))? {
            _ if self.stop.load(Ordering::Relaxed) => Err(BenchError::Stopped),
            0 => Err(BenchError::LoadEnded("none".to_owned())),
            _ => Ok(serde_json::from_str(&line)?),
        }
    }
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A certificate for this machine that nobody has signed.
fn identity() -> Result<Identity, BenchError> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
    let made = made.map_err(|error| BenchError::Certificate(error.to_string()))?;
    Ok(Identity { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() })
}
