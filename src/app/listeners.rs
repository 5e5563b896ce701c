//! The daemon's HTTP listeners.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use protocol::twilio::signature::Signatures;
use protocol::twilio::token::StreamTokens;
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;

use super::{App, StartError};
use crate::config::Config;
use crate::http::Listener;
use crate::http::admin::{self, AdminState, Elsewhere};
use crate::http::console::{self, ConsoleState};
use crate::http::twilio::{self, Directory, DoorTransfers, MAX_UNSTARTED, TwilioState};
use crate::network::Network;

impl App {
    pub(super) fn serve_twilio(&self, listener: Listener, config: &Config) {
        let token = config.twilio.auth_token.expose_secret();
        let directory = Directory::default();
        let state = Arc::new(TwilioState {
            public_url: config.server.public_url.clone(),
            node_url: config.server.own_url().clone(),
            signatures: (config.twilio.validate_signatures)
                .then(|| Signatures::new([token.to_owned()])),
            tokens: StreamTokens::new(token),
            calls: self.calls.clone(),
            services: self.services.clone(),
            live: self.live.clone(),
            patience: config.server.patience,
            handshakes: AtomicU64::new(0),
            tasks: self.tasks.clone(),
            stop: self.stop.clone(),
            unstarted: Arc::new(Semaphore::new(MAX_UNSTARTED)),
            readiness: self.readiness.clone(),
            directory: directory.clone(),
            door_transfers: DoorTransfers::default(),
        });
        let (fresh, stop) =
            (directory.keep_fresh(self.services.database.clone()), self.stop.clone());
        self.tasks.spawn(async move { stop.run_until_cancelled(fresh).await });
        let handler = move |request| twilio::serve(Arc::clone(&state), request);
        self.tasks.spawn(listener.serve(handler, self.tasks.clone(), self.stop.clone()));
    }

    pub(super) fn console_state(&self, config: &Config) -> Arc<ConsoleState> {
        let operator = Arc::new(AdminState {
            live: self.live.clone(),
            calls: self.calls.clone(),
            limit: self.limit.clone(),
            services: self.services.clone(),
            public_url: config.server.public_url.clone(),
            readiness: self.readiness.clone(),
            placing: self.placing.clone(),
            elsewhere: Elsewhere::default(),
            stop: self.stop.clone(),
        });
        Arc::new(ConsoleState::new(operator, config.clone(), self.tasks.clone()))
    }

    /// Starts the operator's listener if there is a token; returns its address. It shows the console too.
    pub(super) async fn serve_admin(
        &self,
        network: &Network,
        config: &Config,
        console: &Arc<ConsoleState>,
    ) -> Result<Option<SocketAddr>, StartError> {
        let Some((address, _)) = config.admin.listener() else { return Ok(None) };
        let listener = Listener::bind(network, "admin.listen", address).await?;
        let address = listener.address();
        let console = Arc::clone(console);
        let handler = move |request| {
            let console = Arc::clone(&console);
            async move {
                if console::is_for(&request) {
                    console::serve(console, request).await
                } else {
                    let changes = !request.method.is_safe();
                    let answer = admin::serve(Arc::clone(&console.operator), request).await;
                    if changes && answer.status().is_success() {
                        console.pulse.ring();
                    }
                    answer
                }
            }
        };
        self.tasks.spawn(listener.serve(handler, self.tasks.clone(), self.stop.clone()));
        Ok(Some(address))
    }

    /// Starts the console's own listener if there is to be one; returns its address. It serves nothing else,
    /// since it may be published.
    pub(super) async fn serve_console(
        &self,
        network: &Network,
        config: &Config,
        state: Arc<ConsoleState>,
    ) -> Result<Option<SocketAddr>, StartError> {
        let Some(address) = config.console.listen else { return Ok(None) };
        let listener = Listener::bind(network, "console.listen", address).await?;
        let address = listener.address();
        let handler = move |request| console::serve(Arc::clone(&state), request);
        self.tasks.spawn(listener.serve(handler, self.tasks.clone(), self.stop.clone()));
        Ok(Some(address))
    }
}
