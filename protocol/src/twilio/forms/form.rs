//! Decoding of form-encoded bodies.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The longest body that is decoded, in bytes. A voice webhook has about one thousand.
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;
/// The most fields that are decoded. A voice webhook has about thirty.
pub(super) const MAX_FIELDS: usize = 256;

/// A decoded form: the pairs in their order, with repeated names and empty values. A signature is
/// computed over all of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Decodes an `application/x-www-form-urlencoded` body (or a query string).
    ///
    /// A percent sign without two hexadecimal digits stands for itself. Bytes that are not UTF-8 become
    /// U+FFFD. Twilio sends neither, so the signature of such a form does not match.
    ///
    /// # Errors
    /// [`FormError`] if the body is over a limit.
    pub fn parse(body: &[u8]) -> Result<Self, FormError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(FormError::TooLong { bytes: body.len() });
        }
        let mut pairs = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            if pairs.len() == MAX_FIELDS {
                return Err(FormError::TooManyFields);
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(pairs))
    }

    /// All pairs, for the signature check.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The first value of a field; `None` if it is missing or empty.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(name, _)| name == field)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// A required field, parsed.
    ///
    /// # Errors
    /// [`FieldError`] names the field if it is missing, empty or not a `T`.
    pub fn required<T: FromStr>(&self, field: &'static str) -> Result<T, FieldError> {
        let text = self.get(field).ok_or(FieldError::Missing(field))?;
        text.parse().map_err(|_| FieldError::Invalid(field))
    }

    /// An optional field, parsed; `None` if it is missing or not a `T`, so that an odd value does not lose
    /// the whole form.
    pub(super) fn optional<T: FromStr>(&self, field: &str) -> Option<T> {
        self.get(field)?.parse().ok()
    }
}

impl From<Vec<(String, String)>> for Form {
    /// Takes decoded pairs. The limits are not applied.
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

impl fmt::Debug for Form {
    /// Shows only the names: values are people's numbers and words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form ")?;
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Why a body was not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FormError {
    /// Longer than 64 KiB.
    #[error("a form of {bytes} bytes; at most {MAX_BODY_BYTES} are read")]
    TooLong {
        /// Length of the body.
        bytes: usize,
    },
    /// More than 256 fields.
    #[error("a form of more than {MAX_FIELDS} fields")]
    TooManyFields,
}

/// Why a form can't be used. The value is never shown: it can be a person's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FieldError {
    /// The field is missing or empty.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// The field's value has the wrong form.
    #[error("the field {0} has a value of the wrong form")]
    Invalid(&'static str),
}
