//! Starts what `openai.provider` names: nothing for OpenAI, two servers on loopback for practice. One takes
//! sessions, the other is the text model.

use thiserror::Error;

use crate::app::RealtimeEndpoint;
use crate::config::{ModelProvider, OpenAi};
#[cfg(feature = "practice")]
use crate::network::Network;

/// Why there is no endpoint for the daemon's sessions.
#[derive(Debug, Error)]
pub enum ProviderError {
    #[error("openai.api_key: the openai provider needs a key; set FRONTDESK__OPENAI__API_KEY")]
    NoKey,
    #[cfg(feature = "practice")]
    #[error("the practice server could not be started: {0}")]
    Practice(#[from] std::io::Error),
    #[cfg(not(feature = "practice"))]
    #[error(
        "openai.provider is \"practice\", but this program was built without the practice \
         feature: set provider = \"openai\", or build with default features"
    )]
    NotBuilt,
}

/// A provider that takes sessions and answers messages. Practice servers run until this is dropped.
#[derive(Debug)]
pub struct RunningProvider {
    endpoint: RealtimeEndpoint,
    #[cfg(feature = "practice")]
    practice: Option<Practice>,
}

/// The practice servers.
#[cfg(feature = "practice")]
#[derive(Debug)]
struct Practice {
    realtime: practice::openai::Server,
    text: practice::openai::TextServer,
}

impl RunningProvider {
    /// Starts the configured provider; a practice server with its default options.
    ///
    /// # Errors
    /// [`ProviderError`] says what to do.
    pub async fn start(config: &OpenAi) -> Result<Self, ProviderError> {
        match config.provider {
            ModelProvider::Practice => Self::practice().await,
            ModelProvider::OpenAi => Self::openai(config),
        }
    }

    #[must_use]
    pub fn endpoint(&self) -> RealtimeEndpoint {
        self.endpoint.clone()
    }

    fn openai(config: &OpenAi) -> Result<Self, ProviderError> {
        let key = config.api_key.clone().ok_or(ProviderError::NoKey)?;
        let (url, text_url) = (config.realtime_url.to_string(), config.text_url.to_string());
        Ok(Self {
            endpoint: RealtimeEndpoint { url, text_url, key },
            #[cfg(feature = "practice")]
            practice: None,
        })
    }

    #[cfg(not(feature = "practice"))]
    fn practice() -> std::future::Ready<Result<Self, ProviderError>> {
        std::future::ready(Err(ProviderError::NotBuilt))
    }
}

#[cfg(feature = "practice")]
impl RunningProvider {
    /// Starts the configured provider; a practice server on `network`, with these options.
    ///
    /// # Errors
    /// [`ProviderError`] says what to do.
    pub async fn start_with(
        config: &OpenAi,
        options: practice::openai::Options,
        network: &Network,
    ) -> Result<Self, ProviderError> {
        match config.provider {
            ModelProvider::Practice => Self::practice_with(options, network).await,
            ModelProvider::OpenAi => Self::openai(config),
        }
    }

    /// The practice server of sessions; `None` for OpenAI.
    #[must_use]
    pub fn server(&self) -> Option<&practice::openai::Server> {
        self.practice.as_ref().map(|practice| &practice.realtime)
    }

    /// The practice text model, which has the same brain; `None` for OpenAI.
    #[must_use]
    pub fn text_server(&self) -> Option<&practice::openai::TextServer> {
        self.practice.as_ref().map(|practice| &practice.text)
    }

    async fn practice() -> Result<Self, ProviderError> {
        Self::practice_with(practice::openai::Options::default(), &Network::Tcp).await
    }

    async fn practice_with(
        options: practice::openai::Options,
        network: &Network,
    ) -> Result<Self, ProviderError> {
        let text = practice::openai::TextOptions {
            brain: options.brain.clone(),
            seed: options.seed,
            ..practice::openai::TextOptions::default()
        };
        let acceptor = network.practice_acceptor().await?;
        let realtime = practice::openai::Server::start(acceptor, options);
        let acceptor = network.practice_acceptor().await?;
        let text = practice::openai::TextServer::start(acceptor, text);
        let endpoint =
            RealtimeEndpoint { url: realtime.url(), text_url: text.url(), key: "practice".into() };
        Ok(Self { endpoint, practice: Some(Practice { realtime, text }) })
    }
}

#[cfg(test)]
#[cfg(feature = "practice")]
mod tests;

#[cfg(test)]
#[cfg(not(feature = "practice"))]
mod without_practice {
    use super::*;

    #[tokio::test]
    async fn prac_4_without_the_feature_the_practice_provider_is_one_clear_error() {
        let refused = RunningProvider::start(&OpenAi::default()).await.unwrap_err().to_string();
        assert!(refused.contains("built without the practice feature"), "{refused}");
        assert_eq!(refused.lines().count(), 1, "{refused}");
    }
}
