//! A test call from the browser (CON-5): by microphone, or by typed sentences with the practice provider.

use crate::call::Entry;
use crate::page::page;

/// Where the test call is.
#[derive(Debug, Clone)]
pub enum TestState {
    Ready,
    /// It goes on.
    Live {
        sid: String,
        entries: Vec<Entry>,
    },
    /// It is over; its record is a call like any other.
    Over {
        sid: String,
    },
}

/// Why the microphone can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum NoMicrophone {
    /// Browsers give it to https and to localhost alone.
    Insecure,
    /// The practice provider hears no speech but its own.
    Practice,
}

impl NoMicrophone {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Insecure => "mic-insecure",
            Self::Practice => "mic-practice",
        }
    }
}

/// The page.
#[derive(Debug, Clone)]
pub struct TestCallPage {
    pub state: TestState,
    /// There are unpublished changes that can be tested.
    pub has_draft: bool,
    pub no_microphone: Option<NoMicrophone>,
    /// Sentences can be typed: the provider is the practice one.
    pub by_typing: bool,
    /// Test calls that the user may still make today.
    pub left_today: u32,
}

page!(TestCallPage, "test_call.html");
