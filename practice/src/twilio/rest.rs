//! The REST API: authentication, routes, faults on demand, and a log of every request.

mod calls;
mod json;
mod messages;
mod server;

use std::sync::{Arc, Mutex};

use protocol::ids::CallSid;
use tokio::sync::watch;

use super::network::{Network, locked};

pub(super) use self::server::serve;

/// A request that came to the REST API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestRequest {
    /// What it asks for.
    pub kind: RestKind,
    /// The call it is about.
    pub call_sid: Option<CallSid>,
    /// Its form, or its query.
    pub parameters: Vec<(String, String)>,
    /// The HTTP status it got; none if it was accepted and never answered.
    pub status: Option<u16>,
    /// Twilio's error code, if it was refused.
    pub code: Option<u32>,
}

/// What a REST request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RestKind {
    /// To end a call.
    HangUp,
    /// To run another document on a call.
    Redirect,
    /// To change something else of a call.
    UpdateCall,
    /// To place a call.
    CreateCall,
    /// To read a call.
    ReadCall,
    /// To list calls.
    ListCalls,
    /// To send a message.
    CreateMessage,
    /// To read a message.
    ReadMessage,
    /// To list messages.
    ListMessages,
    /// To list the account's numbers.
    ListNumbers,
    /// Nothing that the practice carrier knows.
    Unknown,
}

/// What is done to a REST request instead of answering it well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestFault {
    /// 429 with code 20429; nothing is done.
    TooManyRequests,
    /// 403: the account may not; nothing is done, and trying again is useless.
    Forbidden,
    /// 500; nothing is done.
    ServerError,
    /// What was asked is done, and answered with 500.
    AcceptedThenError,
    /// What was asked is done, and never answered.
    AcceptedThenSilence,
}

/// The log and the faults.
#[derive(Debug, Default)]
pub(super) struct RestDesk {
    log: watch::Sender<Vec<RestRequest>>,
    faults: Mutex<Vec<Planned>>,
    /// Held by each request until it is answered or given up.
    open: Arc<()>,
}

#[derive(Debug)]
struct Planned {
    kind: RestKind,
    fault: RestFault,
    times: u32,
}

impl RestDesk {
    /// Every request so far, and as more come.
    pub(super) fn log(&self) -> watch::Receiver<Vec<RestRequest>> {
        self.log.subscribe()
    }

    /// The next so many requests of a kind fail so.
    pub(super) fn plan(&self, kind: RestKind, fault: RestFault, times: u32) {
        locked(&self.faults).push(Planned { kind, fault, times });
    }

    /// Requests that are under way.
    pub(super) fn open(&self) -> usize {
        Arc::strong_count(&self.open) - 1
    }

    fn next_fault(&self, kind: RestKind) -> Option<RestFault> {
        let mut faults = locked(&self.faults);
        let planned =
            faults.iter_mut().find(|planned| planned.kind == kind && planned.times > 0)?;
        planned.times -= 1;
        Some(planned.fault)
    }

    fn note(&self, request: RestRequest) {
        self.log.send_modify(|log| log.push(request));
    }
}

/// A request as it is routed.
struct Asked {
    kind: RestKind,
    /// The SID in the path, if there is one.
    sid: Option<String>,
    parameters: Vec<(String, String)>,
}

/// An answer of the REST API.
#[derive(Debug)]
struct Reply {
    status: u16,
    body: serde_json::Value,
}

/// An error of the REST API.
#[derive(Debug, Clone)]
struct Refusal {
    status: u16,
    code: u32,
    message: String,
}

impl Refusal {
    fn new(status: u16, code: u32, message: &str) -> Self {
        Self { status, code, message: message.to_owned() }
    }

    fn not_found(path: &str) -> Self {
        Self::new(404, 20404, &format!("The requested resource {path} was not found"))
    }
}

/// Does what a request asks for.
fn perform(network: &Arc<Network>, asked: &Asked) -> Result<Reply, Refusal> {
    let sid = asked.sid.as_deref().unwrap_or_default();
    let form = &asked.parameters;
    match asked.kind {
        RestKind::HangUp | RestKind::Redirect | RestKind::UpdateCall => {
            calls::update(network, sid, form)
        }
        RestKind::CreateCall => calls::create(network, form),
        RestKind::ReadCall => calls::read(network, sid),
        RestKind::ListCalls => Ok(calls::list(network, form)),
        RestKind::CreateMessage => messages::create(network, form),
        RestKind::ReadMessage => messages::read(network, sid),
        RestKind::ListMessages => Ok(messages::list(network, form)),
        RestKind::ListNumbers => Ok(json::numbers(network, form)),
        RestKind::Unknown => Err(Refusal::not_found(sid)),
    }
}
