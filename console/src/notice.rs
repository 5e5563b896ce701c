//! What the page says at its top about what has just been done, and the tones of badges and notices.

/// How a badge or a notice is meant. Colour is never the only sign of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Tone {
    Plain,
    Good,
    Info,
    Warning,
    Bad,
}

impl Tone {
    /// The class that the style sheet knows.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    /// The icon of a notice.
    #[must_use]
    pub fn icon(self) -> &'static str {
        match self {
            Self::Good => "check",
            Self::Plain | Self::Info => "info",
            Self::Warning | Self::Bad => "alert",
        }
    }
}

/// A sentence at the page's top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub tone: Tone,
    /// In the user's language.
    pub text: String,
}

impl Notice {
    #[must_use]
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }

    /// How a screen reader announces it: what went wrong at once, the rest when there is a pause.
    #[must_use]
    pub fn role(&self) -> &'static str {
        match self.tone {
            Tone::Bad | Tone::Warning => "alert",
            Tone::Plain | Tone::Good | Tone::Info => "status",
        }
    }
}
