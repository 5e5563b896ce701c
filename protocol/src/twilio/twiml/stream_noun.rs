//! The `<Stream>` within a `<Connect>`.

use std::fmt;

use super::TwimlError;

/// Twilio takes a parameter whose name and value are together under this many characters.
const PARAMETER_CHARS: usize = 500;

/// A bidirectional media stream: where Twilio opens the socket, and what it hands over in `start`.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamNoun {
    url: String,
    parameters: Vec<(String, String)>,
    status_callback: Option<String>,
}

impl StreamNoun {
    /// Takes the socket's address. Twilio itself dials `wss://` only; `ws://` is for a simulated
    /// Twilio on the same machine.
    ///
    /// # Errors
    /// [`TwimlError`] for another scheme, and for a query or a fragment: what the stream is to know
    /// goes into its parameters.
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

    /// Adds a parameter; it arrives in the `customParameters` of `start`.
    ///
    /// # Errors
    /// [`TwimlError::ParameterTooLong`] over Twilio's limit.
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

    /// Asks for the stream's status callbacks at `url`.
    #[must_use]
    pub fn with_status_callback(mut self, url: impl Into<String>) -> Self {
        self.status_callback = Some(url.into());
        self
    }

    /// The socket's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The parameters in the order they were added.
    #[must_use]
    pub fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// Where the stream's status callbacks go.
    #[must_use]
    pub fn status_callback(&self) -> Option<&str> {
        self.status_callback.as_deref()
    }
}

impl fmt::Debug for StreamNoun {
    /// Of the parameters only the names: one of them is the stream's token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.parameters.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("StreamNoun")
            .field("url", &self.url)
            .field("parameters", &names)
            .field("status_callback", &self.status_callback)
            .finish()
    }
}
