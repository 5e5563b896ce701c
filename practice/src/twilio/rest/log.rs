//! The log of REST requests, and faults planned for them.

use std::sync::{Arc, Mutex};

use protocol::ids::CallSid;
use tokio::sync::watch;

use crate::twilio::lock::locked;

/// A request to the REST API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestRequest {
    pub kind: RestKind,
    /// The call that the request is about.
    pub call_sid: Option<CallSid>,
    /// The form, or the query.
    pub parameters: Vec<(String, String)>,
    /// The HTTP status of the answer; `None` if it was accepted and never answered.
    pub status: Option<u16>,
    /// Twilio's error code, if the request was refused.
    pub code: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RestKind {
    HangUp,
    /// Run another document on a call.
    Redirect,
    /// Change something else of a call.
    UpdateCall,
    CreateCall,
    ReadCall,
    ListCalls,
    CreateMessage,
    ReadMessage,
    ListMessages,
    ListNumbers,
    /// The WhatsApp senders.
    ListSenders,
    /// A route that the carrier does not implement.
    Unknown,
}

/// How a REST request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestFault {
    /// 429 with code 20429, and no effect.
    TooManyRequests,
    /// 403, and no effect. A retry gets the same answer.
    Forbidden,
    /// 500, and no effect.
    ServerError,
    /// The request takes effect and is answered with 500.
    AcceptedThenError,
    /// The request takes effect and is never answered.
    AcceptedThenSilence,
}

/// The log of requests, and the planned faults.
#[derive(Debug, Default)]
pub(crate) struct RestApi {
    log: watch::Sender<Vec<RestRequest>>,
    faults: Mutex<Vec<Planned>>,
    /// Each open request holds a clone.
    open: Arc<()>,
}

#[derive(Debug)]
struct Planned {
    kind: RestKind,
    fault: RestFault,
    times: u32,
}

impl RestApi {
    /// Every request, updated as requests come.
    pub(crate) fn log(&self) -> watch::Receiver<Vec<RestRequest>> {
        self.log.subscribe()
    }

    /// Makes the next requests of a kind fail.
    pub(crate) fn plan(&self, kind: RestKind, fault: RestFault, times: u32) {
        locked(&self.faults).push(Planned { kind, fault, times });
    }

    /// Counts a request as open until the guard is dropped.
    pub(super) fn begin(&self) -> Arc<()> {
        Arc::clone(&self.open)
    }

    /// Requests that are not answered yet.
    pub(crate) fn open(&self) -> usize {
        Arc::strong_count(&self.open) - 1
    }

    pub(super) fn next_fault(&self, kind: RestKind) -> Option<RestFault> {
        let mut faults = locked(&self.faults);
        let planned =
            faults.iter_mut().find(|planned| planned.kind == kind && planned.times > 0)?;
        planned.times -= 1;
        Some(planned.fault)
    }

    pub(super) fn record(&self, request: RestRequest) {
        self.log.send_modify(|log| log.push(request));
    }
}
