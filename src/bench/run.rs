//! Runs of a bench: the subject, the load, and what is read of both meanwhile.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::error::BenchError;
use super::findings::{Findings, Identity, LoadPlan, News};
use super::pinning::Pinning;
use super::process::{Cpu, Memory, allow_many_files};
use super::runs::{Plan, Report, Run};
use super::subject::{
    Folder, Kind, Reaches, Settings, Subject, free_address, target, this_program,
};

/// Measures. `told` hears of each run when it is done. When `stop` becomes true, the bench ends with its
/// processes, within some seconds.
///
/// # Errors
/// [`BenchError`] says what did not start, or ended before its time.
pub fn run(
    plan: &Plan,
    stop: &AtomicBool,
    mut told: impl FnMut(&Run) -> Result<(), io::Error>,
) -> Result<Report, BenchError> {
    allow_many_files()?;
    let pinning = Pinning::choose();
    let identity = plan.tls.then(identity).transpose()?;
    let kinds: &[Kind] = if plan.relay { &[Kind::Daemon, Kind::Relay] } else { &[Kind::Daemon] };
    let mut runs = Vec::new();
    for pair in 0..plan.pairs {
        for kind in kinds {
            let name = format!("frontdesk-bench-{pair}-{}", kind.as_str());
            let run = measure(plan, *kind, &name, pinning, identity.as_ref(), stop)?;
            told(&run).map_err(BenchError::io("the report"))?;
            runs.push(run);
        }
    }
    Ok(Report { plan: plan.clone(), pinning, runs })
}

fn measure(
    plan: &Plan,
    kind: Kind,
    name: &str,
    pinning: Pinning,
    tls: Option<&Identity>,
    stop: &AtomicBool,
) -> Result<Run, BenchError> {
    let folder = Folder::new(name).map_err(BenchError::io("a temporary folder"))?;
    let address = free_address()?;
    let mut load = Load::start(pinning, stop)?;
    load.tell(&serde_json::to_string(&LoadPlan {
        calls: plan.calls,
        seconds: plan.seconds,
        target: target(kind, address),
        tls: tls.cloned(),
    })?)?;
    let News::Listening { openai, rest } = load.next()? else {
        return Err(BenchError::LoadEnded("it did not say where it listens".to_owned()));
    };
    let settings = Settings { kind, folder: folder.path(), calls: plan.calls, tls, pinning };
    let subject = Subject::start(&settings, address, Reaches { openai, rest })?;
    let idle = Memory::of(subject.pid())?;
    load.tell("go")?;
    let watched = watch(&mut load, &subject)?;
    if watched.findings.calls == 0 {
        return Err(BenchError::NoCalls(subject.last_words()));
    }
    Ok(watched.into_run(kind, idle, plan.seconds))
}

/// What was read while calls ran.
struct Watched {
    subject: Cpu,
    load: Cpu,
    /// Each second.
    memory: Vec<Memory>,
    findings: Findings,
}

fn watch(load: &mut Load<'_>, subject: &Subject) -> Result<Watched, BenchError> {
    let mut began = None;
    let mut ended = None;
    let mut memory = Vec::new();
    let read = |load: &Load<'_>| {
        Ok::<_, BenchError>((Cpu::of(subject.pid())?, Cpu::of(load.process.id())?))
    };
    loop {
        match load.next()? {
            News::Listening { .. } => {}
            News::Steady => began = Some(read(load)?),
            News::Second => {
                ended = Some(read(load)?);
                memory.push(Memory::of(subject.pid())?);
            }
            News::Found(findings) => {
                let began = began.unwrap_or_default();
                let ended = ended.unwrap_or_default();
                return Ok(Watched {
                    subject: ended.0.since(began.0),
                    load: ended.1.since(began.1),
                    memory,
                    findings: *findings,
                });
            }
        }
    }
}

impl Watched {
    fn into_run(mut self, kind: Kind, idle: Memory, seconds: u32) -> Run {
        let calls = f64::from(self.findings.calls);
        let of_a_call = |time: Duration| time.as_secs_f64() * 1000.0 / calls / f64::from(seconds);
        self.memory.sort_unstable();
        let busy = self.memory.get(self.memory.len() / 2).copied().unwrap_or(idle);
        let kib = |bytes: u64| bytes as f64 / 1024.0;
        let grown = |busy: u64, idle: u64| (kib(busy) - kib(idle)) / calls;
        Run {
            subject: kind.as_str(),
            user_ms: of_a_call(self.subject.user),
            system_ms: of_a_call(self.subject.system),
            kib_a_call: grown(busy.resident, idle.resident),
            anonymous_kib_a_call: grown(busy.anonymous, idle.anonymous),
            idle_kib: kib(idle.resident),
            load_share: self.load.total().as_secs_f64() / f64::from(seconds),
            findings: self.findings,
        }
    }
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
