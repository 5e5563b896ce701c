//! Exit statuses.

use std::process::ExitCode;

/// The exit status for arguments or a configuration that can't be used.
pub const BAD_CONFIGURATION: u8 = 2;
/// `EX_SOFTWARE` of sysexits.h. The service manager should start the daemon again.
const GAVE_UP: u8 = 70;

/// How a command ended, if it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Clean,
    /// A check did not pass.
    Failed,
    /// The daemon's root supervisor gave up.
    GaveUp,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => Self::SUCCESS,
            Exit::Failed => Self::FAILURE,
            Exit::GaveUp => Self::from(GAVE_UP),
        }
    }
}
