//! Settings that a running daemon can change: SIGHUP reads the configuration again.

use std::sync::Arc;

use actors::cluster::Node;
use actors::link::Connector;
use actors::supervisor::CallLimit;
use actors::text_model::TextModel;

use crate::config::{Changes, Config, ModelProvider};
use crate::live_settings::LiveSettings;

/// Gives a new configuration to a running daemon.
pub struct Reloader {
    /// What the daemon runs with.
    pub(super) running: Config,
    pub(super) live: LiveSettings,
    pub(super) limit: CallLimit,
    pub(super) connector: Arc<dyn Connector>,
    pub(super) text_model: TextModel,
    pub(super) node: Node,
}

impl Reloader {
    /// Takes over what can be taken over. `new` must have passed its check. Returns what differs from what
    /// the daemon ran with: keys that need a restart are told each time until then.
    pub fn reload(&mut self, new: &Config) -> Changes {
        let changes = Changes::between(&self.running, new);
        let running = self.running.clone().reloaded_from(new);
        let most = running.server.max_calls.get();
        self.limit.set(most);
        self.node.set_max_calls(u32::try_from(most).unwrap_or(u32::MAX));
        self.live.replace(&running);
        if running.openai.provider == ModelProvider::OpenAi
            && let Some(key) = &running.openai.api_key
        {
            self.connector.replace_key(key.clone());
            self.text_model.replace_key(key.clone());
        }
        self.running = running;
        changes
    }

    /// What the daemon runs with.
    #[must_use]
    pub fn running(&self) -> &Config {
        &self.running
    }
}
