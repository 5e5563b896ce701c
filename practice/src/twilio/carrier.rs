//! A running carrier, as tests and the demo use it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::watch;

use super::caller::CallerHandle;
use super::debugger::TwilioError;
use super::line::Line;
use super::message_store::SentMessage;
use super::messages::{IncomingMessage, MessageAnswer, receive};
use super::network::Network;
use super::place;
use super::rest::{self, RestFault, RestKind, RestRequest};
use super::settings::{CallbackDelivery, Callee, CarrierSettings, Dial};
use super::view::Direction;
use crate::transport::{Acceptor, Dialer, TcpAcceptor, TcpDialer};

/// A running telephone network with one account. Dropping it breaks off its calls.
#[derive(Debug)]
pub struct Carrier {
    network: Arc<Network>,
    api: SocketAddr,
}

/// Why a carrier did not start.
#[derive(Debug, Error)]
pub enum CarrierError {
    #[error("the practice carrier's REST API cannot listen")]
    Listen(#[from] io::Error),
}

impl Carrier {
    /// Starts a carrier over TCP. Its REST API listens on a free port of loopback.
    ///
    /// # Errors
    /// [`CarrierError`] if no port is free.
    pub async fn start(settings: CarrierSettings) -> Result<Self, CarrierError> {
        let acceptor = TcpAcceptor::on_loopback().await?;
        Ok(Self::start_on(Box::new(acceptor), Arc::new(TcpDialer), settings))
    }

    /// Starts a carrier that serves its REST API on `acceptor` and reaches the daemon by `dialer`.
    /// Must be called on a tokio runtime.
    #[must_use]
    pub fn start_on(
        acceptor: Box<dyn Acceptor>,
        dialer: Arc<dyn Dialer>,
        settings: CarrierSettings,
    ) -> Self {
        let network = Arc::new(Network::new(settings, dialer));
        let api = acceptor.address();
        network.spawn(rest::serve(Arc::clone(&network), acceptor));
        Self { network, api }
    }

    /// Where the REST API listens.
    #[must_use]
    pub fn api_address(&self) -> SocketAddr {
        self.api
    }

    /// The base URL of the REST API, in place of `https://api.twilio.com`.
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

    /// Waits for a call that the REST API placed to this number, and returns its callee. Of several
    /// calls it takes the newest.
    pub async fn callee(&self, number: &str, language: &str) -> CallerHandle {
        let mut calls = self.network.calls();
        let is_it = |line: &&Arc<Line>| {
            let view = line.view.borrow();
            view.direction == Direction::OutboundApi && view.to == number
        };
        loop {
            let found = calls.borrow_and_update().iter().rev().find(is_it).cloned();
            if let Some(line) = found {
                return CallerHandle::new(Arc::clone(&self.network), line, language);
            }
            // The network holds the sender, so this never fails.
            if calls.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Calls made so far, in both directions.
    #[must_use]
    pub fn calls_made(&self) -> usize {
        self.network.calls().borrow().len()
    }

    /// Sets how a number behaves when it is called, by the REST API or by `<Dial>`.
    pub fn set_callee(&self, number: &str, callee: Callee) {
        self.network.set_callee(number, callee);
    }

    /// Sets what happens to status callbacks from now on.
    pub fn set_delivery(&self, delivery: CallbackDelivery) {
        self.network.set_delivery(delivery);
    }

    /// Sets whether the daemon is out of reach. While it is, every webhook fails with 11205 after
    /// its retries, and no status callback arrives. Open media sockets stay open.
    pub fn set_cut_off(&self, cut_off: bool) {
        self.network.fetcher.set_cut_off(cut_off);
    }

    /// Makes the next REST requests of a kind fail.
    pub fn plan_fault(&self, kind: RestKind, fault: RestFault, times: u32) {
        self.network.rest.plan(kind, fault, times);
    }

    /// Every REST request, updated as requests come.
    #[must_use]
    pub fn rest_log(&self) -> watch::Receiver<Vec<RestRequest>> {
        self.network.rest.log()
    }

    #[must_use]
    pub fn rest_count(&self, kind: RestKind) -> usize {
        self.rest_log().borrow().iter().filter(|request| request.kind == kind).count()
    }

    /// Media sockets that are open.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        let open = |line: &Arc<Line>| {
            line.view.borrow().streams.iter().filter(|stream| stream.ended.is_none()).count()
        };
        self.network.calls().borrow().iter().map(open).sum()
    }

    /// REST requests that are not answered yet.
    #[must_use]
    pub fn open_requests(&self) -> usize {
        self.network.rest.open()
    }

    /// A new text message to the business.
    #[must_use]
    pub fn message(&self, from: &str, to: &str, body: &str) -> IncomingMessage {
        IncomingMessage::new(self.network.ids.sid("SM"), from, to, body)
    }

    /// Delivers a WhatsApp message to the business and returns the daemon's answer.
    ///
    /// # Errors
    /// [`TwilioError`] if it could not be delivered.
    pub async fn receive_message(
        &self,
        message: &IncomingMessage,
    ) -> Result<MessageAnswer, TwilioError> {
        receive(&self.network, message).await
    }

    /// Every message the daemon sent, updated as messages are sent.
    #[must_use]
    pub fn sent_messages(&self) -> watch::Receiver<Vec<SentMessage>> {
        self.network.messages.sent()
    }

    /// Sets whether nothing may be sent to this person, E.164: a request to do so is refused with 21610.
    pub fn set_opted_out(&self, person: &str, out: bool) {
        self.network.messages.set_opted_out(&format!("whatsapp:{person}"), out);
    }

    /// Makes the next message that is accepted fail with this error code later, such as 63024.
    pub fn fail_next_delivery(&self, code: u32) {
        self.network.messages.plan_failure(code);
    }

    /// Ends every 24-hour window: free text fails until the person writes again.
    pub fn close_message_windows(&self) {
        self.network.messages.close_windows();
    }

    /// Breaks off every call and waits until all tasks of the carrier have ended.
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
