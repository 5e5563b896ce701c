//! A call that is nothing but its media stream: no webhook is asked, and no REST API knows of it.

use std::sync::Arc;

use protocol::ids::{AccountSid, CallSid};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use super::caller::CallerHandle;
use super::form::Form;
use super::line::Line;
use super::network::Network;
use super::settings::{CarrierSettings, LineQuality};
use super::stream::Connection;
use super::twiml;
use super::view::{CallView, Direction, EndedBy};
use crate::speech::Voice;
use crate::transport::{Dialer, Opening, Stream};

/// A call whose media socket somebody else has opened.
#[derive(Debug)]
pub struct StreamCall {
    pub call_sid: CallSid,
    /// The language the caller speaks, ISO 639-1.
    pub language: String,
    pub voice: Voice,
    /// The stream's SID is drawn from it.
    pub seed: u64,
}

impl StreamCall {
    /// The caller, and the work of the call, which must be awaited in a task. It ends when the caller hangs up or
    /// the daemon closes the socket. `socket` is a WebSocket whose handshake is made; the caller is its client.
    pub fn begin(
        self,
        socket: DuplexStream,
    ) -> (CallerHandle, impl Future<Output = ()> + Send + 'static) {
        let settings = CarrierSettings {
            voice: self.voice,
            seed: self.seed,
            ..CarrierSettings::new(account(), "", "")
        };
        let view = CallView::new(self.call_sid, "anonymous", "", Direction::Inbound);
        let (line, mut interrupts) =
            Line::new(view, &settings, LineQuality::default(), Form::new());
        let line = Arc::new(line);
        let network = Arc::new(Network::new(settings, Arc::new(Nowhere)));
        let caller = CallerHandle::new(Arc::clone(&network), Arc::clone(&line), &self.language);
        let (callbacks, _) = mpsc::channel(1);
        let stream = twiml::Stream {
            url: String::new(),
            name: None,
            parameters: Vec::new(),
            status_callback: None,
        };
        let stop = network.stop.clone();
        let connection = Connection { network, line: Arc::clone(&line), stream, callbacks };
        let work = async move {
            line.answer();
            let talking = connection.run_over(Box::pin(socket), stop.clone());
            tokio::pin!(talking);
            let ended_by = tokio::select! {
                biased;
                () = &mut talking => EndedBy::DocumentEnd,
                _ = interrupts.recv() => {
                    stop.cancel();
                    talking.await;
                    EndedBy::CallerHangUp
                }
            };
            line.close_sink();
            line.update(|view| view.ended = Some(ended_by));
        };
        (caller, work)
    }
}

#[expect(clippy::expect_used, reason = "it is well formed")]
fn account() -> AccountSid {
    AccountSid::parse("AC00000000000000000000000000000000").expect("an account's SID")
}

/// Such a call opens no connection.
#[derive(Debug)]
struct Nowhere;

impl Dialer for Nowhere {
    fn dial(&self, _host: &str, _port: u16) -> Opening<'static> {
        Box::pin(std::future::ready(Err(std::io::ErrorKind::AddrNotAvailable.into())))
    }
}

impl Stream for DuplexStream {
    /// What is in memory has no reset: it ends.
    fn reset_on_drop(&self) {}
}
