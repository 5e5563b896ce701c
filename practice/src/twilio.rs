//! A telephone network that stands in for Twilio: webhooks, TwiML, media streams, the REST API.
//!
//! It speaks Twilio's protocols over real sockets, as strictly as the real one: what the daemon
//! does wrong is a [`Violation`], and a call of a sound daemon ends with none. Limits that Twilio
//! leaves open are named where they are chosen. Its JSON, XML and signatures are its own.

mod call;
mod caller;
mod clock;
mod debugger;
mod fetch;
mod form;
mod line;
mod messages;
mod microphone;
mod network;
mod overrides;
mod place;
mod playout;
mod rest;
mod settings;
mod signature;
mod status;
mod stream;
#[cfg(test)]
mod tests;
mod twiml;
mod view;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use self::caller::{CallOver, CallerHandle, NoStream};
pub use self::debugger::{Trouble, Violation};
pub use self::messages::{IncomingMessage, MessageAnswer, MessageStatus, SentMessage};
pub use self::microphone::Silence;
pub use self::rest::{RestFault, RestKind, RestRequest};
pub use self::settings::{Callee, CarrierSettings, Dial, LineQuality, Pickup};
pub use self::status::CallbackDelivery;
pub use self::twiml::RejectReason;
pub use self::view::{
    CallOutcome, CallStatus, CallView, Direction, Done, Echo, EndedBy, HeardSpeech, Recording,
    StreamEnd, StreamView, Track, VerbRun, Webhook, WebhookRun,
};

use self::fetch::Fetcher;
use self::network::Network;

/// A running telephone network with one account. When it is dropped, its calls break off.
#[derive(Debug)]
pub struct Carrier {
    network: Arc<Network>,
    api: SocketAddr,
}

/// Why a carrier could not start.
#[derive(Debug, Error)]
pub enum CarrierError {
    /// The REST API found no port on loopback.
    #[error("the practice carrier's REST API cannot listen")]
    Listen(#[from] io::Error),
    /// No HTTP client for webhooks could be built.
    #[error("the practice carrier has no HTTP client")]
    Client(#[from] reqwest::Error),
}

impl Carrier {
    /// Starts a carrier: its REST API listens on a port of loopback, and calls can be dialled.
    ///
    /// # Errors
    /// [`CarrierError`] says what was not to be had.
    pub async fn start(settings: CarrierSettings) -> Result<Self, CarrierError> {
        let fetcher = Fetcher::new(settings.auth_token.clone(), settings.retry_pause)?;
        let network = Arc::new(Network::new(settings, fetcher));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let api = listener.local_addr()?;
        network.spawn(rest::serve(Arc::clone(&network), listener));
        Ok(Self { network, api })
    }

    /// The base of the REST API, in place of `https://api.twilio.com`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}", self.api)
    }

    /// Calls the business. Must be called on a tokio runtime.
    #[must_use]
    pub fn dial(&self, dial: &Dial) -> CallerHandle {
        let line = place::dial(&self.network, dial);
        CallerHandle::new(Arc::clone(&self.network), line, &dial.language)
    }

    /// Waits for a call that the REST API placed to this number, and returns its callee: of
    /// several the newest.
    pub async fn callee(&self, number: &str, language: &str) -> CallerHandle {
        let mut calls = self.network.calls();
        let is_it = |line: &&Arc<line::Line>| {
            let view = line.view.borrow();
            view.direction == Direction::OutboundApi && view.to == number
        };
        loop {
            let found = calls.borrow_and_update().iter().rev().find(is_it).cloned();
            if let Some(line) = found {
                return CallerHandle::new(Arc::clone(&self.network), line, language);
            }
            // The network holds the sender, and the carrier the network.
            if calls.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Calls made so far, either way.
    #[must_use]
    pub fn calls_made(&self) -> usize {
        self.network.calls().borrow().len()
    }

    /// How a number behaves when it is called, by REST or by `<Dial>`.
    pub fn set_callee(&self, number: &str, callee: Callee) {
        self.network.set_callee(number, callee);
    }

    /// What happens to status callbacks from now on.
    pub fn set_delivery(&self, delivery: CallbackDelivery) {
        self.network.set_delivery(delivery);
    }

    /// Whether the way to the daemon is cut off from now on: every webhook fails as Twilio's do that
    /// reach no host (11205), with its retries, and no status arrives. Open media sockets stay.
    pub fn set_cut_off(&self, cut_off: bool) {
        self.network.fetcher.set_cut_off(cut_off);
    }

    /// The next so many REST requests of a kind fail so.
    pub fn plan_fault(&self, kind: RestKind, fault: RestFault, times: u32) {
        self.network.rest.plan(kind, fault, times);
    }

    /// Every REST request so far, and as more come.
    #[must_use]
    pub fn rest_log(&self) -> watch::Receiver<Vec<RestRequest>> {
        self.network.rest.log()
    }

    /// How many REST requests of a kind came.
    #[must_use]
    pub fn rest_count(&self, kind: RestKind) -> usize {
        self.rest_log().borrow().iter().filter(|request| request.kind == kind).count()
    }

    /// Media sockets that are open.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        let open = |line: &Arc<line::Line>| {
            line.view.borrow().streams.iter().filter(|stream| stream.ended.is_none()).count()
        };
        self.network.calls().borrow().iter().map(open).sum()
    }

    /// REST requests whose answer has not gone out.
    #[must_use]
    pub fn open_requests(&self) -> usize {
        self.network.rest.open()
    }

    /// Delivers a WhatsApp message to the business and returns what the daemon answered.
    ///
    /// # Errors
    /// [`Trouble`] if it could not be delivered.
    pub async fn receive_message(
        &self,
        message: &IncomingMessage,
    ) -> Result<MessageAnswer, Trouble> {
        messages::receive(&self.network, message).await
    }

    /// Every message the daemon sent, and as more are sent.
    #[must_use]
    pub fn sent_messages(&self) -> watch::Receiver<Vec<SentMessage>> {
        self.network.mailroom.sent()
    }

    /// Lets 24 hours go by: free text fails until the person has written again.
    pub fn close_message_windows(&self) {
        self.network.mailroom.close_windows();
    }

    /// Breaks off every call and waits until all of the carrier's tasks have ended.
    pub async fn stop(self) {
        self.network.stop.cancel();
        self.network.tasks.close();
        self.network.tasks.wait().await;
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.network.stop.cancel();
    }
}
