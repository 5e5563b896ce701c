//! What Linux says of this process, under `/proc`.

use std::fs;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};

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
        let per_second = rustix::param::clock_ticks_per_second();
        let (cpu, started) = times(&read("/proc/self/stat")?, per_second)?;
        let status = read("/proc/self/status")?;
        Some(Self {
            cpu,
            started: booted(&read("/proc/stat")?)? + started,
            resident: bytes(&status, "VmRSS:")?,
            address_space: bytes(&status, "VmSize:")?,
            open_files: fs::read_dir("/proc/self/fd").ok()?.count(),
            most_files: getrlimit(Resource::Nofile).current,
        })
    }
}

/// Processor time, and the start since the machine's. Fields 14, 15 and 22: the name, field 2, stands in
/// brackets and may contain anything.
fn times(stat: &str, per_second: u64) -> Option<(Duration, Duration)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let time = |ticks: u64| Duration::from_millis(ticks * 1000 / per_second);
    Some((time(ticks(14)? + ticks(15)?), time(ticks(22)?)))
}

fn booted(stat: &str) -> Option<Duration> {
    let seconds = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    Some(Duration::from_secs(seconds.trim().parse().ok()?))
}

fn bytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_3_the_process_is_read_whatever_its_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 900 0 3 0 250 40 0 0 20 0 3 0 990 1 1";
        let expected = (Duration::from_millis(2_900), Duration::from_millis(9_900));
        assert_eq!(times(stat, 100), Some(expected));
        assert_eq!(times("7 (a) S 1", 100), None);
        assert_eq!(booted("cpu 1 2\nbtime 1700000000\n"), Some(Duration::from_secs(1_700_000_000)));
        assert_eq!(bytes("Name:\tx\nVmRSS:\t    12 kB\n", "VmRSS:"), Some(12 * 1024));
        assert_eq!(bytes("Name:\tx\n", "VmRSS:"), None);
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
