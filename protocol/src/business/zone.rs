//! Time zones by name.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A time zone of the IANA database. Its rules are looked up once, when the name is parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// A name that is not in the time zone database, cut to 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a time zone: expected an IANA name, as in \"Asia/Jerusalem\"")]
pub struct UnknownZone(String);

impl Zone {
    /// Looks up an IANA name.
    ///
    /// # Errors
    /// [`UnknownZone`] if the database does not have it.
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        match TimeZone::get(name) {
            Ok(rules) if !rules.is_unknown() => {
                let name = rules.iana_name().unwrap_or(name).to_owned();
                Ok(Self { name, rules })
            }
            Ok(_) | Err(_) => Err(UnknownZone(name.chars().take(64).collect())),
        }
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its offsets and their changes.
    #[must_use]
    pub fn rules(&self) -> &TimeZone {
        &self.rules
    }
}

impl Default for Zone {
    /// `Asia/Jerusalem`; UTC if the database was replaced by one without it.
    fn default() -> Self {
        Self::parse("Asia/Jerusalem")
            .unwrap_or_else(|_| Self { name: "UTC".to_owned(), rules: TimeZone::UTC })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;
    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        Self::parse(name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&name).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_one_the_database_holds() {
        assert_eq!(Zone::parse("Asia/Jerusalem").unwrap(), Zone::default());
        assert_eq!(Zone::default().name(), "Asia/Jerusalem");
        for wrong in ["", "Asia/Tel_Avivv", "IST+2", "Etc/Unknown"] {
            let error = Zone::parse(wrong).unwrap_err().to_string();
            assert!(error.contains("as in \"Asia/Jerusalem\""), "{error}");
        }
    }
}
