//! The `<Stream>` noun of `<Connect>`.

use std::fmt;

use super::TwimlError;

/// Name and value of a parameter together must have fewer characters than this.
const PARAMETER_CHARS: usize = 500;

/// A bidirectional media stream: the URL of its socket, and the parameters sent in `start`.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamNoun {
    url: String,
    parameters: Vec<(String, String)>,
    status_callback: Option<String>,
}

impl StreamNoun {
    /// A stream to the socket at `url`. Twilio connects to `wss://` only; `ws://` is for the simulated
    /// Twilio on the same machine.
    ///
    /// # Errors
    /// [`TwimlError`] for another scheme, a query or a fragment. Use parameters in place of a query.
    pub fn new(url: impl Into<String>) -> Result<Self, TwimlError> {
        let url = url.into();
        if !url.starts_with("wss://") && !url.starts_with("ws://") {
            return Err(TwimlError::StreamScheme(url));
        }
        if url.contains(['?', '#']) {
            return Err(TwimlError::StreamQuery(url));
        }
        Ok(Self { url, parameters: Vec::new(), status_callback: None })
    }

    /// Adds a `<Parameter>`; it arrives in [`Start::custom_parameters`](crate::twilio::stream::Start).
    ///
    /// # Errors
    /// [`TwimlError::ParameterTooLong`] from 500 characters of name and value.
    pub fn with_parameter(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self, TwimlError> {
        let (name, value) = (name.into(), value.into());
        let chars = name.chars().count() + value.chars().count();
        if chars >= PARAMETER_CHARS {
            let name = name.chars().take(32).collect();
            return Err(TwimlError::ParameterTooLong { name, chars });
        }
        self.parameters.push((name, value));
        Ok(self)
    }

    /// Sets the URL of the stream's status callback.
    #[must_use]
    pub fn with_status_callback(mut self, url: impl Into<String>) -> Self {
        self.status_callback = Some(url.into());
        self
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// In the order in which they were added.
    pub(super) fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    pub(super) fn status_callback(&self) -> Option<&str> {
        self.status_callback.as_deref()
    }
}

impl fmt::Debug for StreamNoun {
    /// Shows only the names of the parameters: one of them is the stream's token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.parameters.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("StreamNoun")
            .field("url", &self.url)
            .field("parameters", &names)
            .field("status_callback", &self.status_callback)
            .finish()
    }
}
