//! What a frame costs on each way, step by step and whole: `cargo bench -p benches`.
//!
//! A call is 50 frames a second up, and down as much audio again in larger pieces. Sockets and the
//! scheduler are not in these figures: a whole call is what `frontdesk simulate --calls` measures.

use std::hint::black_box;

use actors::audio::downlink::{AgentAudio, Downlink};
use actors::audio::uplink::{Next, Uplink};
use actors::clock::Clock;
use benches::{openai_delta, twilio_media};
use bytes::{Bytes, BytesMut};
use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt;
use protocol::audio::g711::loudness;
use protocol::audio::payload::Payload;
use protocol::ids::StreamSid;
use protocol::openai::client_event::write_append;
use protocol::openai::server_event::{AudioDelta, ServerFrame};
use protocol::twilio::stream::{StreamMessage, parse, write_media};

const STREAM: &str = "MZaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A caller's frame: from Twilio's message to OpenAI's.
fn up(criterion: &mut Criterion) {
    let message = Bytes::from(twilio_media(STREAM));
    let mut group = criterion.benchmark_group("up");
    group.bench_function("read a frame", |bencher| bencher.iter(|| frame(black_box(&message))));

    let Some((payload, _)) = frame(&message) else { return };
    group.bench_function("measure its loudness", |bencher| {
        bencher.iter(|| loudness(black_box(&payload)));
    });
    let mut buffer = BytesMut::new();
    group.bench_function("write it", |bencher| {
        bencher.iter(|| append(&mut buffer, black_box(&payload)));
    });

    let (uplink, clock) = (Uplink::default(), Clock::start());
    let mut at = 0;
    group.bench_function("the whole way", |bencher| {
        bencher.iter(|| {
            let (payload, _) = frame(black_box(&message))?;
            // Twilio's clock goes on; standing still would be a hole for ever.
            at += 20;
            uplink.push(payload, at, clock.now());
            let Next::Frame(payload) = uplink.take(clock.now()) else { return None };
            Some(append(&mut buffer, &payload))
        });
    });
    group.finish();
}

/// Half a second of the agent's: from OpenAI's message to Twilio's.
fn down(criterion: &mut Criterion) {
    let message = Bytes::from(openai_delta());
    let Ok(stream) = StreamSid::parse(STREAM) else { return };
    let mut group = criterion.benchmark_group("down");
    group.bench_function("read a delta", |bencher| bencher.iter(|| delta(black_box(&message))));

    let (downlink, clock) = (Downlink::default(), Clock::start());
    downlink.begin_session(1);
    group.bench_function("the whole way", |bencher| {
        bencher.iter(|| {
            let (response, item, payload) = delta(black_box(&message))?;
            downlink.push(1, &response, &item, &payload, clock.now()).now_or_never()?;
            let mut written = 0;
            while let Some(AgentAudio::Piece(piece)) = downlink.peek() {
                let mut media = String::with_capacity(piece.payload.as_str().len() + 128);
                write_media(&mut media, &stream, piece.payload.as_str());
                written += black_box(media).len();
                downlink.pop();
            }
            Some(written)
        });
    });
    group.finish();
}

fn frame(message: &Bytes) -> Option<(Payload, u64)> {
    let text = std::str::from_utf8(message).ok()?;
    let Ok(StreamMessage::Media(media)) = parse(text) else { return None };
    let payload = Payload::from_part(message, &media.payload).ok()?;
    Some((payload, media.timestamp_ms))
}

/// As the sender loop does: the buffer is used again once the event is sent.
fn append(buffer: &mut BytesMut, payload: &Payload) -> Bytes {
    buffer.reserve(2 * 1024);
    write_append(buffer, payload.as_str());
    buffer.split().freeze()
}

fn delta(message: &Bytes) -> Option<(protocol::ids::ResponseId, protocol::ids::ItemId, Payload)> {
    let text = std::str::from_utf8(message).ok()?;
    let Ok(ServerFrame::Audio(AudioDelta { response_id, item_id, delta })) =
        ServerFrame::parse(text)
    else {
        return None;
    };
    let payload = Payload::from_part(message, &delta).ok()?;
    Some((response_id, item_id, payload))
}

criterion_group!(hot_path, up, down);
criterion_main!(hot_path);
