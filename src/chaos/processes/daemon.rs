//! One daemon as a process: this executable's `serve`.

use std::fs::{File, OpenOptions};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use crate::chaos::error::ChaosError;
use crate::chaos::plant::Plant;

/// How often a daemon that starts is tried, and the pause between.
const TRIES: u32 = 400;
const PAUSE: Duration = Duration::from_millis(50);
/// How much of a log is shown, in bytes.
const SHOWN: usize = 4_000;

/// What a daemon is started with.
#[derive(Debug, Clone)]
pub(super) struct DaemonPlan {
    /// Its place, from 1.
    pub(super) number: usize,
    pub(super) address: SocketAddr,
    /// Its admin listener.
    pub(super) admin: SocketAddr,
    /// Its own: it holds its state and its log.
    pub(super) folder: PathBuf,
    /// `FRONTDESK__…`, without the prefix.
    pub(super) settings: Vec<(&'static str, String)>,
    pub(super) plant: Plant,
}

/// A running daemon. Dropping it kills it.
pub(super) struct Daemon(Child);

impl DaemonPlan {
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Starts it, and waits until it listens. `key` is that of its sessions.
    pub(super) async fn start(&self, key: &str) -> Result<Daemon, ChaosError> {
        let failed = |what| move |cause: io::Error| ChaosError::Process { what, cause };
        let program = std::env::current_exe().map_err(failed("this program's own path"))?;
        let log = OpenOptions::new().create(true).append(true).open(self.log());
        let log: File = log.map_err(failed("a daemon's log"))?;
        let mut command = Command::new(program);
        command.arg("serve").env_clear().env("RUST_LOG", "info").current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        for (name, value) in &self.settings {
            command.env(format!("FRONTDESK__{name}"), value);
        }
        command.env("FRONTDESK__OPENAI__API_KEY", key).envs(self.plant.variable());
        let mut daemon = Daemon(command.spawn().map_err(failed("a daemon's process"))?);
        for _ in 0..TRIES {
            if TcpStream::connect(self.address).is_ok() {
                return Ok(daemon);
            }
            if daemon.has_ended() {
                break;
            }
            sleep(PAUSE).await;
        }
        let log = self.log().display().to_string();
        Err(ChaosError::NotStarted { number: self.number, log })
    }

    /// The end of what it has logged.
    pub(super) fn last_words(&self) -> Vec<String> {
        last_of(&self.log()).lines().map(|line| format!("daemon {}: {line}", self.number)).collect()
    }
}

fn last_of(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&text[text.len().saturating_sub(SHOWN)..]).into_owned()
}

impl Daemon {
    /// SIGKILL.
    pub(super) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// SIGTERM. Returns whether it has ended cleanly within this time.
    pub(super) async fn stop(&mut self, within: Duration) -> bool {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        // If it has ended, that is seen below.
        let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
        let waiting = async {
            while !self.has_ended() {
                sleep(PAUSE).await;
            }
        };
        let _ = tokio::time::timeout(within, waiting).await;
        matches!(self.0.try_wait(), Ok(Some(status)) if status.success())
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}
