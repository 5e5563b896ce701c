//! The pairs of a form, decoded.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The longest body that is decoded, in bytes. A voice webhook has about one thousand.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// The most fields that are taken. A voice webhook has about thirty.
pub const MAX_FIELDS: usize = 256;

/// A decoded form: the pairs in the order they came, repeated names and empty values included,
/// which is what a signature is computed over.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Decodes an `application/x-www-form-urlencoded` body (or a query string).
    ///
    /// A percent sign without two hexadecimal digits stands for itself, and bytes that are not
    /// UTF-8 become U+FFFD: what came from Twilio has neither, so its signature will not match.
    ///
    /// # Errors
    /// [`FormError`] when the body is over a limit.
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

    /// The first value of a field; an empty one counts as none.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(name, _)| name == field)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The value of a field that must be there, in its own type.
    ///
    /// # Errors
    /// [`FieldError`] names the field when it is missing or is not a `T`.
    pub fn required<T: FromStr>(&self, field: &'static str) -> Result<T, FieldError> {
        let text = self.get(field).ok_or(FieldError::Missing(field))?;
        text.parse().map_err(|_| FieldError::Invalid(field))
    }

    /// The value of a field that nothing rests on: one that cannot be read counts as none, so
    /// that an oddity in it does not lose the whole message.
    pub(super) fn optional<T: FromStr>(&self, field: &str) -> Option<T> {
        self.get(field)?.parse().ok()
    }
}

impl From<Vec<(String, String)>> for Form {
    /// Takes pairs that were decoded elsewhere; the limits are not applied.
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

impl fmt::Debug for Form {
    /// The names alone: the values are people's numbers and words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form ")?;
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// A form over the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FormError {
    /// Over [`MAX_BODY_BYTES`].
    #[error("a form of {bytes} bytes; at most {MAX_BODY_BYTES} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Over [`MAX_FIELDS`].
    #[error("a form of more than {MAX_FIELDS} fields")]
    TooManyFields,
}

/// A form that lacks what it is for. The value is left out: it can be a person's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FieldError {
    /// The field did not come, or came empty.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// The field's value is none that can stand there.
    #[error("the field {0} has a value of the wrong form")]
    Invalid(&'static str),
}
