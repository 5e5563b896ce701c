//! What Linux says of a process, under `/proc`, and the files that it may open.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::error::BenchError;
use crate::proc::{Stat, bytes};

/// Lets this process, and those that it starts, open as many files as it may: two for each call.
pub(super) fn allow_many_files() -> Result<(), BenchError> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let allowed = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    allowed.map_err(|error| BenchError::io("the limit of open files")(error.into()))
}

/// Processor time since a process began, of all its threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cpu {
    pub(super) user: Duration,
    pub(super) system: Duration,
}

impl Cpu {
    pub(super) fn of(pid: u32) -> Result<Self, BenchError> {
        let path = PathBuf::from(format!("/proc/{pid}/stat"));
        let parsed = fs::read_to_string(&path).ok().and_then(|text| parse_stat(&text));
        parsed.ok_or(BenchError::NoProc(path))
    }

    pub(super) fn since(self, before: Self) -> Self {
        Self {
            user: self.user.saturating_sub(before.user),
            system: self.system.saturating_sub(before.system),
        }
    }

    #[must_use]
    pub(super) fn total(self) -> Duration {
        self.user + self.system
    }
}

fn parse_stat(text: &str) -> Option<Cpu> {
    let Stat { user, system, .. } = Stat::parse(text)?;
    Some(Cpu { user, system })
}

/// Bytes of a process that are in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Memory {
    /// All of them. Code counts from the first time that it runs.
    pub(super) resident: u64,
    /// Without files, so without code.
    pub(super) anonymous: u64,
}

impl Memory {
    pub(super) fn of(pid: u32) -> Result<Self, BenchError> {
        let path = PathBuf::from(format!("/proc/{pid}/status"));
        let parsed = fs::read_to_string(&path).ok().and_then(|text| parse_status(&text));
        parsed.ok_or(BenchError::NoProc(path))
    }
}

fn parse_status(text: &str) -> Option<Memory> {
    Some(Memory { resident: bytes(text, "VmRSS:")?, anonymous: bytes(text, "RssAnon:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_memory_are_read_whatever_the_processs_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 900 0 3 0 250 40 0 0 20 0 3 0 99 1 1";
        let per_second = rustix::param::clock_ticks_per_second();
        let ticks = |ticks: u64| Duration::from_millis(ticks * 1000 / per_second);
        assert_eq!(parse_stat(stat), Some(Cpu { user: ticks(250), system: ticks(40) }));
        let memory = Memory { resident: 1234 * 1024, anonymous: 1000 * 1024 };
        let status = "Name:\tx\nVmRSS:\t    1234 kB\nRssAnon:\t    1000 kB\n";
        assert_eq!(parse_status(status), Some(memory));
        assert_eq!((parse_stat("7 (a) S 1"), parse_status("Name:\tx\n")), (None, None));
    }

    #[test]
    fn this_process_has_both() {
        let pid = std::process::id();
        assert!(Cpu::of(pid).is_ok());
        let memory = Memory::of(pid).unwrap();
        assert!(memory.resident > memory.anonymous && memory.anonymous > 100_000, "{memory:?}");
        assert!(matches!(Memory::of(u32::MAX), Err(BenchError::NoProc(_))));
    }
}
