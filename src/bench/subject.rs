//! The process that is measured: the daemon, or the relay.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::error::BenchError;
use super::findings::{Identity, Target};
use super::pinning::Pinning;
use crate::world::{LOCKSMITH, LOCKSMITH_FILE};

const ACCOUNT: &str = "AC0000000000000000000000000000b34c";
const AUTH_TOKEN: &str = "a-token-for-the-bench-alone";
/// The business's number in [`LOCKSMITH`].
const NUMBER: &str = "+97231234567";

/// How often a subject that starts is tried, and the pause between.
const TRIES: u32 = 400;
const PAUSE: Duration = Duration::from_millis(25);

/// Which process is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Daemon,
    Relay,
}

impl Kind {
    #[must_use]
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Daemon => "daemon",
            Self::Relay => "relay",
        }
    }

    /// Those that are measured by turns.
    #[must_use]
    pub(super) fn those(with_relay: bool) -> &'static [Self] {
        if with_relay { &[Self::Daemon, Self::Relay] } else { &[Self::Daemon] }
    }
}

/// Where the subject reaches the load.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reaches {
    pub(super) openai: SocketAddr,
    pub(super) rest: SocketAddr,
}

/// The settings of a subject.
pub(super) struct Settings<'a> {
    pub(super) kind: Kind,
    /// A folder of its own.
    pub(super) folder: &'a Path,
    pub(super) max_calls: u32,
    pub(super) tls: Option<&'a Identity>,
    pub(super) pinning: Pinning,
}

/// A running subject. Dropping it kills it.
pub(super) struct Subject {
    process: Child,
    log: PathBuf,
}

/// A free address of this machine, for a process that is told where to listen.
pub(super) fn free_address() -> Result<SocketAddr, BenchError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address.map_err(BenchError::io("a port for the subject"))
}

/// Whom the load calls, if the subject listens at `address`.
pub(super) fn target(kind: Kind, address: SocketAddr) -> Target {
    match kind {
        Kind::Relay => Target::Relay { address },
        Kind::Daemon => Target::Daemon {
            address,
            account: ACCOUNT.to_owned(),
            auth_token: AUTH_TOKEN.to_owned(),
            number: NUMBER.to_owned(),
        },
    }
}

impl Subject {
    /// Starts a subject, and waits until it listens at `address`.
    pub(super) fn start(
        settings: &Settings<'_>,
        address: SocketAddr,
        load: Reaches,
    ) -> Result<Self, BenchError> {
        let certificate = settings.folder.join("certificate.pem");
        if let Some(identity) = settings.tls {
            fs::write(&certificate, &identity.certificate)
                .map_err(BenchError::io("the certificate's file"))?;
        }
        let certificate = settings.tls.map(|_| certificate.as_path());
        let mut command = match settings.kind {
            Kind::Daemon => daemon(settings, address, load)?,
            Kind::Relay => relay(address, load.openai, certificate)?,
        };
        if let Some(certificate) = certificate {
            // The daemon's roots are the system's, and this is where it looks for them.
            command.env("SSL_CERT_FILE", certificate);
        }
        let log = settings.folder.join("log");
        let file = File::create(&log).map_err(BenchError::io("the subject's log"))?;
        command
            .current_dir(settings.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let process = settings.pinning.spawn_subject(command);
        let process = process.map_err(BenchError::io("the subject's process"))?;
        let mut subject = Self { process, log };
        subject.wait_for(settings.kind, address)?;
        Ok(subject)
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The end of what it has logged.
    pub(super) fn last_words(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log[log.len().saturating_sub(2000)..]).into_owned();
        log.trim().to_owned()
    }

    fn wait_for(&mut self, kind: Kind, address: SocketAddr) -> Result<(), BenchError> {
        for _ in 0..TRIES {
            if TcpStream::connect(address).is_ok() {
                return Ok(());
            }
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                break;
            }
            thread::sleep(PAUSE);
        }
        Err(BenchError::NotStarted { who: kind.as_str(), why: self.last_words() })
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// This executable, in an environment that holds nothing.
pub(super) fn this_program() -> Result<Command, BenchError> {
    let program = std::env::current_exe().map_err(BenchError::io("this program's own path"))?;
    let mut command = Command::new(program);
    command.env_clear();
    Ok(command)
}

fn relay(
    address: SocketAddr,
    upstream: SocketAddr,
    certificate: Option<&Path>,
) -> Result<Command, BenchError> {
    let mut command = this_program()?;
    command.args(["bench-relay", &address.to_string(), &upstream.to_string()]).args(certificate);
    Ok(command)
}

/// `serve`, with a database that holds one business.
fn daemon(
    settings: &Settings<'_>,
    address: SocketAddr,
    load: Reaches,
) -> Result<Command, BenchError> {
    let file = settings.folder.join("config.toml");
    let business = settings.folder.join(Path::new(LOCKSMITH_FILE).file_name().unwrap_or_default());
    fs::write(&file, configuration(settings, address, load))
        .and_then(|()| fs::write(&business, LOCKSMITH))
        .map_err(BenchError::io("the daemon's configuration"))?;
    let mut import = this_program()?;
    import.arg("--config").arg(&file).args(["business", "import"]).arg(&business);
    let imported = import.current_dir(settings.folder).output();
    let imported = imported.map_err(BenchError::io("the business's import"))?;
    if !imported.status.success() {
        let why = String::from_utf8_lossy(&imported.stderr).trim().to_owned();
        return Err(BenchError::NotStarted { who: "business's import", why });
    }
    let mut command = this_program()?;
    command.arg("--config").arg(file).arg("serve");
    Ok(command)
}

fn configuration(settings: &Settings<'_>, address: SocketAddr, load: Reaches) -> String {
    let (openai, rest) = (load.openai, load.rest);
    let scheme = if settings.tls.is_some() { "wss" } else { "ws" };
    let max_calls = settings.max_calls;
    format!(
        r#"
[server]
listen = "{address}"
public_url = "http://{address}"
max_calls = {max_calls}

[database]
url = "sqlite://bench.db?mode=rwc"

[openai]
provider = "openai"
realtime_url = "{scheme}://{openai}/v1/realtime"
text_url = "http://{openai}/v1/responses"
api_key = "bench"

[twilio]
api_url = "http://{rest}"
account_sid = "{ACCOUNT}"
auth_token = "{AUTH_TOKEN}"
"#
    )
}

/// A temporary folder. Dropping it removes it.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be removed stays among the temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
