//! Durations as text (`"7s"`, `"15m"`, `"90days"`), for `#[serde(with = "…")]`. They are parsed by
//! humantime's rules, and written in the largest unit that divides them.

use std::fmt;
use std::time::Duration;

use humantime_serde::re::humantime;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds of each unit, largest first.
const UNITS: [(u128, &str); 5] =
    [(86_400_000, "days"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")];

/// Writes a duration as text.
///
/// # Errors
/// Errors of the serializer.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&written(*duration))
}

/// Parses a duration from text.
///
/// # Errors
/// An error with examples if the text is not a duration.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(Written)
}

/// Reads a text. A number alone is refused with the text that is likely meant.
struct Written;

impl Visitor<'_> for Written {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration as text, as in \"7s\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        read(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Duration, E> {
        Err(E::custom(no_duration(&number.to_string(), Some(&number.to_string()))))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Duration, E> {
        Err(E::custom(no_duration(&number.to_string(), None)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Duration, E> {
        Err(E::custom(no_duration(&number.to_string(), None)))
    }
}

/// A duration inside an option or a list.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Text(#[serde(with = "crate::business::duration_text")] Duration);

/// The same for `Option<Duration>`.
pub mod option {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Text;

    /// Writes the duration as text, or null.
    ///
    /// # Errors
    /// Errors of the serializer.
    pub fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        duration.map(Text).serialize(serializer)
    }

    /// Parses a duration, or null.
    ///
    /// # Errors
    /// An error with examples if the text is not a duration.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<Text>::deserialize(deserializer)?.map(|Text(duration)| duration))
    }
}

/// The same for `Vec<Duration>`.
pub mod list {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::Text;

    /// Writes each duration.
    ///
    /// # Errors
    /// Errors of the serializer.
    pub fn serialize<S: Serializer>(
        durations: &[Duration],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(durations.iter().copied().map(Text))
    }

    /// Reads each duration.
    ///
    /// # Errors
    /// An error with examples if a text is not a duration.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Duration>, D::Error> {
        let texts = Vec::<Text>::deserialize(deserializer)?;
        Ok(texts.into_iter().map(|Text(duration)| duration).collect())
    }
}

fn read(text: &str) -> Result<Duration, String> {
    let seconds = Some(text.trim())
        .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    humantime::parse_duration(text).map_err(|_| no_duration(&format!("{text:?}"), seconds))
}

/// `seconds`: the number, if nothing but a unit is missing.
fn no_duration(written: &str, seconds: Option<&str>) -> String {
    let rest =
        seconds.map_or_else(String::new, |number| format!("; for seconds write \"{number}s\""));
    format!(
        "{written} is not a duration: expected a number and its unit, \
         as in \"300ms\", \"7s\", \"15m\", \"2h\" or \"90days\"{rest}"
    )
}

/// A duration as text, in the largest unit that divides it.
#[must_use]
pub fn written(duration: Duration) -> String {
    let millis = duration.as_millis();
    if !duration.subsec_nanos().is_multiple_of(1_000_000) {
        return humantime::format_duration(duration).to_string();
    }
    if millis == 0 {
        return "0ms".to_owned();
    }
    UNITS
        .iter()
        .find(|(unit, _)| millis.is_multiple_of(*unit))
        .map_or_else(String::new, |(unit, name)| format!("{}{name}", millis / unit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_duration_is_written_as_a_person_would_write_it() {
        for text in ["0ms", "300ms", "7s", "90s", "15m", "2h", "90days"] {
            assert_eq!(written(read(text).unwrap()), text);
        }
        assert_eq!(written(Duration::from_mins(60)), "1h");
    }

    #[test]
    fn a_duration_without_a_unit_is_refused_and_the_error_shows_one_that_has_one() {
        for wrong in ["7", "", "seven seconds", "-1s", "1.5"] {
            let error = read(wrong).unwrap_err();
            assert!(error.contains("as in \"300ms\", \"7s\""), "{error}");
            assert_eq!(error.contains("for seconds write \"7s\""), wrong == "7", "{error}");
        }
        for (number, seconds) in [("5", Some("5s")), ("-5", None), ("1.5", None)] {
            let error = serde_json::from_str::<Text>(number).map(|_| ()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{number} is not a duration: ")), "{error}");
            assert_eq!(error.contains("for seconds"), seconds.is_some(), "{error}");
            assert!(seconds.is_none_or(|seconds| error.contains(seconds)), "{error}");
        }
        for other in ["true", "null", "[5]"] {
            let error = serde_json::from_str::<Text>(other).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains("expected a duration as text, as in \"7s\""), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same_duration(nanos in 0..u64::MAX) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(read(&written(duration)), Ok(duration));
            let millis = Duration::from_millis(nanos % 10_000_000_000);
            prop_assert_eq!(read(&written(millis)), Ok(millis));
        }
    }
}
