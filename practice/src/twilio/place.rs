//! Calls are made here: to the business, and by the REST API from it.

use std::sync::Arc;

use protocol::ids::CallSid;

use super::call::{Call, Placing};
use super::form::Form;
use super::line::{Line, Source};
use super::network::{Network, sid};
use super::settings::{Dial, LineQuality};
use super::status::{CallEvent, Callbacks};
use super::twiml::{Method, Target};
use super::view::{CallView, Direction};

/// A call that the REST API asked for.
#[derive(Debug)]
pub(super) struct Outbound {
    pub(super) to: String,
    pub(super) from: String,
    pub(super) fallback: Option<String>,
    pub(super) status_callback: Option<Target>,
    pub(super) events: Vec<CallEvent>,
    pub(super) placing: Placing,
}

/// Dials the business.
pub(super) fn dial(network: &Arc<Network>, dial: &Dial) -> Arc<Line> {
    let view = CallView::new(call_sid(), &dial.from, &dial.to, Direction::Inbound);
    let mut extra = dial.extra.clone();
    extra.push(("CallToken".to_owned(), sid("")));
    let (line, interrupts) = Line::new(view, &network.settings, dial.line, extra);
    let line = enter(network, line);
    let status_callback = network.settings.status_callback.clone();
    let target = status_callback.map(|url| Target { url, method: Method::Post });
    let callbacks = Callbacks::start(
        Arc::clone(network),
        Arc::clone(&line),
        target,
        vec![CallEvent::Completed],
    );
    let fallback = network.settings.fallback_url.clone();
    let call = Call::new(Arc::clone(network), Arc::clone(&line), interrupts, fallback, callbacks);
    let first = Source::post(&network.settings.voice_url);
    network.spawn(call.run(first));
    line
}

/// Places a call from the business.
pub(super) fn place(network: &Arc<Network>, outbound: Outbound) -> Arc<Line> {
    let Outbound { to, from, fallback, status_callback, events, placing } = outbound;
    let view = CallView::new(call_sid(), &from, &to, Direction::OutboundApi);
    let (line, interrupts) =
        Line::new(view, &network.settings, LineQuality::default(), Form::new());
    let line = enter(network, line);
    let callbacks =
        Callbacks::start(Arc::clone(network), Arc::clone(&line), status_callback, events);
    let call = Call::new(Arc::clone(network), Arc::clone(&line), interrupts, fallback, callbacks);
    network.spawn(call.place(placing));
    line
}

fn enter(network: &Network, line: Line) -> Arc<Line> {
    let line = Arc::new(line);
    network.enter(Arc::clone(&line));
    line
}

#[expect(clippy::expect_used, reason = "a SID made here has a SID's form")]
fn call_sid() -> CallSid {
    CallSid::parse(&sid("CA")).expect("a call's SID")
}
