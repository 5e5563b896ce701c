//! What Linux says of this process, under `/proc`.

use std::fs;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};

use crate::proc::{Stat, bytes};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) cpu: Duration,
    /// Since 1970.
    pub(super) started: Duration,
    /// Bytes in memory.
    pub(super) resident: u64,
    /// Bytes.
    pub(super) address_space: u64,
    pub(super) open_files: usize,
    /// `None`: as many as it likes.
    pub(super) most_files: Option<u64>,
}

impl Process {
    /// `None` where there is no `/proc`.
    pub(super) fn of_this() -> Option<Self> {
        let read = |path: &str| fs::read_to_string(path).ok();
        let Stat { user, system, started } = Stat::parse(&read("/proc/self/stat")?)?;
        let status = read("/proc/self/status")?;
        Some(Self {
            cpu: user + system,
            started: booted(&read("/proc/stat")?)? + started,
            resident: bytes(&status, "VmRSS:")?,
            address_space: bytes(&status, "VmSize:")?,
            open_files: fs::read_dir("/proc/self/fd").ok()?.count(),
            most_files: getrlimit(Resource::Nofile).current,
        })
    }
}

fn booted(stat: &str) -> Option<Duration> {
    let seconds = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    Some(Duration::from_secs(seconds.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_3_when_the_machine_started_is_read() {
        assert_eq!(booted("cpu 1 2\nbtime 1700000000\n"), Some(Duration::from_secs(1_700_000_000)));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn ops_3_this_process_started_after_1970_and_before_now() {
        let process = Process::of_this().unwrap();
        let now = actors::clock::Clock::start().wall().as_second();
        let started = i64::try_from(process.started.as_secs()).unwrap();
        assert!(started <= now + 1 && started > now - 24 * 3600, "{process:?}, {now}");
        assert!(process.resident > 100_000 && process.address_space > process.resident);
        assert!(process.open_files > 2, "{process:?}");
    }
}
