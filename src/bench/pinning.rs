//! Keeps the measured process and its load on a core each.

use std::io;
use std::process::{Child, Command};
use std::thread;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Which core whom gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pinning {
    Apart {
        subject: usize,
        load: usize,
    },
    /// This process may use one core only, or may not choose.
    Not,
}

impl Pinning {
    /// The first and the last core that this process may use.
    pub(super) fn choose() -> Self {
        let Ok(allowed) = sched_getaffinity(None) else { return Self::Not };
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        match (cores.next(), cores.next_back()) {
            (Some(subject), Some(load)) => Self::Apart { subject, load },
            _ => Self::Not,
        }
    }

    pub(super) fn spawn_subject(self, command: Command) -> io::Result<Child> {
        match self {
            Self::Apart { subject, .. } => spawn_on(subject, command),
            Self::Not => spawn(command),
        }
    }

    pub(super) fn spawn_load(self, command: Command) -> io::Result<Child> {
        match self {
            Self::Apart { load, .. } => spawn_on(load, command),
            Self::Not => spawn(command),
        }
    }
}

fn spawn(mut command: Command) -> io::Result<Child> {
    command.spawn()
}

/// A process inherits the core of the thread that starts it.
fn spawn_on(core: usize, command: Command) -> io::Result<Child> {
    let spawning = thread::spawn(move || {
        let mut only = CpuSet::new();
        only.set(core);
        sched_setaffinity(None, &only)?;
        spawn(command)
    });
    spawning.join().map_err(|_| io::Error::other("the thread that starts a process panicked"))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_runs_on_its_core_and_its_starter_where_it_did() {
        let allowed = || sched_getaffinity(None).unwrap();
        let before = allowed();
        let core = (0..CpuSet::MAX_CPU).find(|core| before.is_set(*core)).unwrap();
        let mut command = Command::new("cat");
        command.arg("/proc/self/status").stdout(std::process::Stdio::piped());
        let output = spawn_on(core, command).unwrap().wait_with_output().unwrap();
        let status = String::from_utf8(output.stdout).unwrap();
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
        assert_eq!(list.trim(), core.to_string());
        assert_eq!(allowed(), before);
    }
}
