//! Starts calls: to the business, and from it by the REST API.

use std::sync::Arc;

use super::call::{Call, Placing};
use super::callbacks::{CallEvent, Callbacks};
use super::form::Form;
use super::line::{Line, Source};
use super::network::Network;
use super::settings::{Dial, LineQuality};
use super::target::Target;
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

pub(super) fn dial(network: &Arc<Network>, dial: &Dial) -> Arc<Line> {
    let view = CallView::new(network.ids.call_sid(), &dial.from, &dial.to, Direction::Inbound);
    let mut extra = dial.extra.clone();
    extra.push(("CallToken".to_owned(), network.ids.sid("")));
    let (line, interrupts) = Line::new(view, &network.settings, dial.line, extra);
    let line = register(network, line);
    let status_callback = network.settings.status_callback.clone();
    let target = status_callback.as_deref().map(Target::post);
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
    let view = CallView::new(network.ids.call_sid(), &from, &to, Direction::OutboundApi);
    let (line, interrupts) =
        Line::new(view, &network.settings, LineQuality::default(), Form::new());
    let line = register(network, line);
    let callbacks =
        Callbacks::start(Arc::clone(network), Arc::clone(&line), status_callback, events);
    let call = Call::new(Arc::clone(network), Arc::clone(&line), interrupts, fallback, callbacks);
    network.spawn(call.place(placing));
    line
}

fn register(network: &Network, line: Line) -> Arc<Line> {
    let line = Arc::new(line);
    network.add(Arc::clone(&line));
    line
}
