//! What Linux says of a process under `/proc`: the texts of its files, read.

use std::time::Duration;

/// Of `/proc/PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Processor time of all its threads, in its own code and in the kernel's.
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    /// When it started, since the machine did.
    pub(crate) started: Duration,
}

impl Stat {
    /// Fields 14, 15 and 22. The name, field 2, stands in brackets and may contain anything.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let per_second = rustix::param::clock_ticks_per_second();
        let time = |field: usize| {
            let ticks = fields.get(field - 3)?.parse::<u64>().ok()?;
            Some(Duration::from_millis(ticks * 1000 / per_second))
        };
        Some(Self { user: time(14)?, system: time(15)?, started: time(22)? })
    }
}

/// A size in `/proc/PID/status`, in bytes. `name` is as in `VmRSS:`.
pub(crate) fn bytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 900 0 3 0 250 40 0 0 20 0 3 0 990 1 1";
        let per_second = rustix::param::clock_ticks_per_second();
        let ticks = |ticks: u64| Duration::from_millis(ticks * 1000 / per_second);
        let expected = Stat { user: ticks(250), system: ticks(40), started: ticks(990) };
        assert_eq!(Stat::parse(stat), Some(expected));
        assert_eq!(Stat::parse("7 (a) S 1"), None);
        assert_eq!(bytes("Name:\tx\nVmRSS:\t    12 kB\n", "VmRSS:"), Some(12 * 1024));
        assert_eq!(bytes("Name:\tx\n", "VmRSS:"), None);
    }
}
