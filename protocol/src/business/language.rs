//! Languages: the one a business speaks, and the two that the daemon's own texts are written in.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// A primary language tag of BCP 47: two or three lower-case letters, `he` for one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Language(Cow<'static, str>);

/// The language of the daemon's own texts: prompts, tool descriptions, sentences about appointments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locale {
    /// For businesses whose language is Hebrew.
    Hebrew,
    /// For all others; the model translates what it says.
    English,
}

impl Locale {
    /// Hebrew for Hebrew, else English.
    #[must_use]
    pub fn of(language: &Language) -> Self {
        if *language == Language::HEBREW { Self::Hebrew } else { Self::English }
    }
}

/// A text that is not two or three lower-case letters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a language: expected its two or three letter tag, as in \"he\" or \"en\"")]
pub struct InvalidLanguage(String);

impl Language {
    /// Hebrew, the default.
    pub const HEBREW: Self = Self(Cow::Borrowed("he"));
    /// English.
    pub const ENGLISH: Self = Self(Cow::Borrowed("en"));

    /// Parses a primary tag.
    ///
    /// # Errors
    /// [`InvalidLanguage`] for anything but two or three lower-case letters. A region or a script
    /// (`he-IL`) is refused.
    pub fn parse(text: &str) -> Result<Self, InvalidLanguage> {
        if matches!(text.len(), 2 | 3) && text.bytes().all(|byte| byte.is_ascii_lowercase()) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(InvalidLanguage(text.chars().take(64).collect()))
        }
    }

    /// The tag, `he` for Hebrew.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Language {
    fn default() -> Self {
        Self::HEBREW
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Language {
    type Err = InvalidLanguage;
    fn from_str(text: &str) -> Result<Self, InvalidLanguage> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_a_primary_tag_and_nothing_more() {
        assert_eq!(Language::parse("he"), Ok(Language::HEBREW));
        assert!(Language::parse("fil").is_ok());
        for wrong in ["", "h", "HE", "he-IL", "עב", "hebrew"] {
            assert!(Language::parse(wrong).is_err(), "{wrong}");
        }
    }
}
