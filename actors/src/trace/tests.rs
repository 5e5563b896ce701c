use allocation_counter::measure;
use protocol::ids::StreamSid;
use supervision::Generation;
use tokio::sync::mpsc;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;
use crate::introspection::Introspection;
use crate::messages::TwilioEvent;

const CALL: &str = "CA00000000000000000000000000000001";

fn call() -> CallSid {
    CallSid::parse(CALL).unwrap()
}

/// What the hot path does with one frame.
fn trace_a_frame(source: &Source, frame: &Payload) {
    source.point(format_args!("Twilio's frame at 20 ms: {}", Audio(frame)));
    source.point(format_args!("to OpenAI: append {}", Audio(frame)));
}

#[test]
fn a_frame_allocates_nothing_while_nobody_listens() {
    let (source, frame) = (Source::of_call(&call(), "stream"), Payload::silence(1));
    // The callsite registers itself at its first use.
    trace_a_frame(&source, &frame);
    let off = measure(|| trace_a_frame(&source, &frame));
    assert_eq!(off.count_total, 0);

    let listening = tracing::subscriber::set_default(Formats);
    let on = measure(|| trace_a_frame(&source, &frame));
    drop(listening);
    assert!(on.count_total > 0, "the measurement sees what a listener costs");
}

/// Formats all trace points.
struct Formats;

impl Subscriber for Formats {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut |_: &tracing::field::Field, value: &dyn fmt::Debug| {
            drop(format!("{value:?}"));
        });
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn audio_is_shown_by_length_and_checksum() {
    let frame = Payload::encode(&[0xff; 160]);
    let shown = Audio(&frame).to_string();
    assert_eq!(shown, format!("160 bytes {:08x}", checksum(&[0xff; 160])));
    let payload = frame.as_str();
    let media = format!(r#"{{"event":"media","media":{{"payload":"{payload}"}}}}"#);
    assert_eq!(ToTwilio(&media).to_string(), format!("media {shown}"));
    assert_ne!(checksum(&[0xff; 160]), checksum(&[0xff; 159]));
    assert_eq!(checksum(b"a"), 0xe40c_292c, "the published value of FNV-1a");
}

#[test]
fn a_long_text_is_cut_and_keeps_its_checksum() {
    let (left, right) = ("ש".repeat(300) + "a", "ש".repeat(300) + "b");
    assert_ne!(Text(&left).to_string(), Text(&right).to_string());
    assert!(
        Text(&left)
            .to_string()
            .ends_with(&format!("… 601 bytes {:08x}", checksum(left.as_bytes())))
    );
    assert_eq!(Text("two\nlines").to_string(), r"two\nlines");
}

#[test]
fn messages_show_neither_addresses_nor_expected_times() {
    let (outgoing, _messages) = mpsc::channel(1);
    let stream = StreamSid::parse("MZ00000000000000000000000000000001").unwrap();
    let opened = TwilioEvent::Opened { stream, outgoing };
    let shown = Shown(&opened).to_string();
    assert_eq!(shown, "Opened { stream: MZ00000000000000000000000000000001 }");

    let item = protocol::ids::ItemId::parse("item_1").unwrap();
    let plays_until = protocol::call::Moment::ZERO;
    let queued = protocol::call::Event::ItemQueued { item, plays_until };
    assert_eq!(Shown(&queued).to_string(), "ItemQueued { item: item_1 }");
}

#[test]
fn only_the_handlers_of_a_call_may_panic() {
    let parts = [ActorKind::Call, ActorKind::TwilioIo, ActorKind::Realtime, ActorKind::Lead];
    assert!(parts.into_iter().all(ActorKind::is_part_of_call));
    let others = [ActorKind::Supervisor, ActorKind::Journal, ActorKind::CallSupervisor];
    assert!(!others.into_iter().any(ActorKind::is_part_of_call));

    let info = supervision::ActorInfo {
        kind: ActorKind::Lead,
        parent: None,
        scope: Some(call()),
        generation: Generation(2),
        last_error: None,
        depth: Box::new(|| 0),
    };
    let now = crate::clock::Clock::start().now();
    let registration = Introspection::on("http://node").register(info, now);
    let source = Source::actor(&registration);
    assert_eq!((source.call, source.actor, source.generation), (Some(call()), "lead", 2));
}
