//! A test call from the browser (CON-5): by microphone, or by typed sentences with the practice provider.

use protocol::ids::PhoneNumber;

use crate::call::Entry;
use crate::page::page;

/// The longest sentence that can be typed, in characters.
pub const LONGEST_WORDS: usize = 300;

/// How the user speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaking {
    Microphone,
    /// With the practice provider, which hears no speech but its own.
    Typing,
}

impl Speaking {
    /// Its word in forms.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Microphone => "microphone",
            Self::Typing => "typing",
        }
    }
}

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
        how: TestEnd,
    },
}

/// What a caller would have had of the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestEnd {
    HungUp,
    /// Nobody can answer: this is said.
    Apology(String),
    /// Nobody can answer: a recording is played.
    RecordedApology,
    /// This number would ring.
    PutThrough(Option<PhoneNumber>),
}

/// Why a test call was not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum TestRefusal {
    /// The draft breaks a rule of settings.
    BadDraft,
    /// The daemon has as many calls as it may.
    Full,
    /// The daemon stops.
    Stopping,
    /// The provider of the model takes no calls now.
    NoProvider,
    /// The user has made as many today as they may.
    NoneLeft,
    Internal,
}

impl TestRefusal {
    /// The key of its words.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::BadDraft => "test-bad-draft",
            Self::Full => "test-full",
            Self::Stopping => "test-stopping",
            Self::NoProvider => "test-no-provider",
            Self::NoneLeft => "test-none-left",
            Self::Internal => "test-internal",
        }
    }
}

/// Why the browser has no microphone for the page, or its line broke. The page has the words of all; a script shows one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) word: &'static str,
    pub(crate) key: &'static str,
}

const fn trouble(word: &'static str, key: &'static str) -> Trouble {
    Trouble { word, key }
}

/// By the words of the script.
const TROUBLES: [Trouble; 7] = [
    trouble("insecure", "mic-insecure"),
    trouble("denied", "mic-denied"),
    trouble("missing", "mic-missing"),
    trouble("busy", "mic-busy"),
    trouble("unplugged", "mic-unplugged"),
    trouble("failed", "mic-failed"),
    trouble("lost", "mic-lost"),
];

/// The page.
#[derive(Debug, Clone)]
pub struct TestCallPage {
    pub state: TestState,
    pub speaking: Speaking,
    /// There are unpublished changes that can be tested.
    pub has_draft: bool,
    /// Test calls that the user may still make today.
    pub left_today: u32,
}

impl TestCallPage {
    pub(crate) fn by_microphone(&self) -> bool {
        self.speaking == Speaking::Microphone
    }

    pub(crate) fn troubles(&self) -> &'static [Trouble] {
        &TROUBLES
    }

    pub(crate) fn longest_words(&self) -> usize {
        LONGEST_WORDS
    }
}

page!(TestCallPage, "test_call.html");
