//! The mistake that a run plants, to see that it is found. Without the feature `mistakes` there is none.

use std::fmt;

#[cfg(feature = "mistakes")]
use mistakes::Mistake;

/// At most one mistake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Plant(#[cfg(feature = "mistakes")] Option<Mistake>);

impl Plant {
    /// Runs `run` with the mistake planted on this thread.
    pub(super) fn within<T>(self, run: impl FnOnce() -> T) -> T {
        #[cfg(feature = "mistakes")]
        let _planted = mistakes::plant(self.0);
        run()
    }

    /// The environment variable that plants it in a process, and its value.
    pub(super) fn variable(self) -> Option<(&'static str, &'static str)> {
        #[cfg(feature = "mistakes")]
        if let Some(mistake) = self.0 {
            return Some((mistakes::VARIABLE, mistake.as_str()));
        }
        None
    }
}

#[cfg(feature = "mistakes")]
impl From<Option<Mistake>> for Plant {
    fn from(mistake: Option<Mistake>) -> Self {
        Self(mistake)
    }
}

/// The option that plants it, after a space; nothing if there is none.
impl fmt::Display for Plant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "mistakes")]
        if let Some(mistake) = self.0 {
            return write!(f, " --plant {mistake}");
        }
        f.write_str("")
    }
}
