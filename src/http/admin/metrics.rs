//! `GET /metrics`: what the daemon counts, in the text format of Prometheus (OPS-3). What the numbers
//! mean is in `docs/metrics.md`.

mod process;
mod text;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use warp::reply::{Reply, Response};

use std::time::Duration;

use actors::introspection::ActorKind;
use actors::metrics::Metrics;
use protocol::openai::usage::{cost_micro_usd, transcription_cost_micro_usd};

use super::state::AdminState;
use process::Process;
use text::{Kind, Text};

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn serve(state: &AdminState) -> Response {
    let mut text = Text::default();
    let metrics = &state.services.metrics;
    calls(&mut text, state);
    waits(&mut text, metrics);
    usage(&mut text, metrics);
    messages(&mut text, metrics);
    traces(&mut text, metrics);
    events(&mut text, state);
    queues(&mut text, state);
    provider(&mut text, state);
    database(&mut text, state);
    nodes(&mut text, state).await;
    process(&mut text);
    let reply = warp::reply::with_header(text.into_string(), CONTENT_TYPE, TEXT_FORMAT);
    warp::reply::with_status(reply, StatusCode::OK).into_response()
}

fn calls(text: &mut Text, state: &AdminState) {
    let metrics = &state.services.metrics;
    let audio = metrics.audio();
    let mut live = text.family("frontdesk_calls_live", Kind::Gauge, "Calls that go on.");
    live.value(&[], audio.calls);
    let help = "As many calls as may go on at once: server.max_calls.";
    text.family("frontdesk_calls_limit", Kind::Gauge, help).value(&[], state.limit.get());
    let help = "Calls that have ended, by reason; also those that were never answered.";
    let mut ended = text.family("frontdesk_calls_ended_total", Kind::Counter, help);
    for (reason, count) in metrics.ended.iter() {
        ended.value(&[("reason", reason)], count.get());
    }
    let help = "Actors that were started again after a failure, by kind.";
    let mut restarts = text.family("frontdesk_actor_restarts_total", Kind::Counter, help);
    for (kind, count) in metrics.restarts.iter() {
        restarts.value(&[("kind", kind)], count.get());
    }
    let help = "Frames of 20 ms: the caller's that were sent to OpenAI, that were dropped because the \
                queue was full (blocked), and silence sent in place of missing ones (padded).";
    let mut frames = text.family("frontdesk_frames_total", Kind::Counter, help);
    let counted = audio.frames;
    let results =
        [("sent", counted.sent), ("blocked", counted.blocked), ("padded", counted.padded)];
    for (result, count) in results {
        frames.value(&[("result", result)], count);
    }
    let help = "Frames of the caller's that were dropped before barge-in detection.";
    let mut unjudged = text.family("frontdesk_frames_unjudged_total", Kind::Counter, help);
    unjudged.value(&[], counted.unjudged);
    let help = "Frames of the caller's that wait for a session with OpenAI.";
    text.family("frontdesk_frames_waiting", Kind::Gauge, help).value(&[], audio.waiting);
}

/// Every node, as this one knows it. A sum over several nodes' pages counts each more than once.
async fn nodes(text: &mut Text, state: &AdminState) {
    let nodes = state.services.node.all(state.calls.list().await.len());
    // The text format would need an escape.
    let is_plain = |url: &str| !url.contains(['"', '\\', '\n']);
    let nodes = || nodes.iter().filter(|node| is_plain(&node.node));
    let help = "Calls of each node on the database, as this one knows them.";
    let mut calls = text.family("frontdesk_node_calls", Kind::Gauge, help);
    for node in nodes() {
        calls.value(&[("node", &node.node), ("id", &node.id.to_string())], node.calls);
    }
    let help = "Whether each node on the database takes new calls, is draining, or does not answer any more.";
    let mut states = text.family("frontdesk_node_state", Kind::Gauge, help);
    for node in nodes() {
        let now = match (node.alive, node.draining) {
            (false, _) => "gone",
            (true, true) => "draining",
            (true, false) => "open",
        };
        for state in ["open", "draining", "gone"] {
            let labels = [("node", &*node.node), ("id", &node.id.to_string()), ("state", state)];
            states.value(&labels, u8::from(state == now));
        }
    }
}

fn waits(text: &mut Text, metrics: &Metrics) {
    let waits = [
        (
            "frontdesk_call_greeting_seconds",
            "From the start of the media stream to the first audio of the greeting to Twilio.",
            &metrics.greeting,
        ),
        (
            "frontdesk_call_greeting_added_seconds",
            "The daemon's own share of that wait.",
            &metrics.greeting_added,
        ),
        (
            "frontdesk_call_turn_seconds",
            "From the end of the caller's speech, as OpenAI detects it, to the first audio of the \
             answer to Twilio.",
            &metrics.turn,
        ),
        (
            "frontdesk_call_barge_in_seconds",
            "From the frame that decides an interruption to the clear message to Twilio.",
            &metrics.barge_in,
        ),
    ];
    for (name, help, histogram) in waits {
        text.family(name, Kind::Histogram, help).histogram(&[], histogram);
    }
    let help = "From the model's call of a tool to its output, by tool.";
    let mut tools = text.family("frontdesk_tool_seconds", Kind::Histogram, help);
    for (tool, histogram) in metrics.tools.iter() {
        tools.histogram(&[("tool", tool)], histogram);
    }
}

fn messages(text: &mut Text, metrics: &Metrics) {
    let help = "Written messages: that came (each delivery), that Twilio took (sent), that were \
                delivered, and that failed.";
    let mut counted = text.family("frontdesk_messages_total", Kind::Counter, help);
    for (what, count) in metrics.messages.iter() {
        counted.value(&[("what", what)], count.get());
    }
    let help = "Conversations that were marked for a person of the business, by reason.";
    let name = "frontdesk_conversations_needing_person_total";
    let mut marked = text.family(name, Kind::Counter, help);
    for (reason, count) in metrics.person_needed.iter() {
        marked.value(&[("reason", reason)], count.get());
    }
}

fn traces(text: &mut Text, metrics: &Metrics) {
    let help = "Traces of calls: that the collector of telemetry.otlp_url took (exported), and that were \
                dropped because it did not, or not soon enough.";
    let mut counted = text.family("frontdesk_traces_total", Kind::Counter, help);
    for (result, count) in metrics.traces.iter() {
        counted.value(&[("result", result)], count.get());
    }
}

fn events(text: &mut Text, state: &AdminState) {
    let (metrics, clock) = (&state.services.metrics, state.services.clock);
    let help = "Events for other systems, by who is told: taken (sent), tries that failed, and events that \
                are not tried any more (dead).";
    let mut counted = text.family("frontdesk_events_total", Kind::Counter, help);
    for (result, counts) in [
        ("sent", &metrics.events_sent),
        ("failed", &metrics.events_failed),
        ("dead", &metrics.events_dead),
    ] {
        for (target, count) in counts.iter() {
            counted.value(&[("target", target), ("result", result)], count.get());
        }
    }
    let backlog = state.services.outbox.backlog();
    let help = "Events of all businesses that wait in the database, as last looked at.";
    text.family("frontdesk_events_waiting", Kind::Gauge, help).value(&[], backlog.waiting);
    let help = "The age of the oldest event that waits; 0 if none does.";
    let age = backlog.oldest.map_or(0.0, |at| clock.wall().duration_since(at).as_secs_f64());
    let mut oldest = text.family("frontdesk_events_oldest_waiting_seconds", Kind::Gauge, help);
    oldest.value(&[], age.max(0.0));
}

fn usage(text: &mut Text, metrics: &Metrics) {
    let help = "Tokens of OpenAI's responses, by model (Realtime or text) and kind. No token is in two kinds.";
    let mut tokens = text.family("frontdesk_openai_tokens_total", Kind::Counter, help);
    for (model, used) in metrics.tokens.iter() {
        for (kind, count) in used.kinds() {
            tokens.value(&[("model", model), ("kind", kind)], count);
        }
    }
    let help = "Seconds of the caller's audio that OpenAI has billed, by transcription model.";
    let mut billed = text.family("frontdesk_openai_transcribed_seconds_total", Kind::Counter, help);
    for (model, used) in metrics.transcribed.iter() {
        billed.value(&[("model", model)], Duration::from_millis(used.millis.get()).as_secs_f64());
    }
    let help = "Estimated cost at list prices, by model. Models without a known price are missing.";
    let mut cost = text.family("frontdesk_openai_cost_dollars_total", Kind::Counter, help);
    let priced = |model: &str| cost_micro_usd(&Default::default(), model).is_some();
    for (model, used) in metrics.tokens.iter().filter(|(model, _)| priced(model)) {
        cost.value(&[("model", model)], dollars(used.micro_usd.get()));
    }
    let minute = Duration::from_secs(60);
    let priced = |model: &str| transcription_cost_micro_usd(minute, model).is_some();
    for (model, used) in metrics.transcribed.iter().filter(|(model, _)| priced(model)) {
        cost.value(&[("model", model)], dollars(used.micro_usd.get()));
    }
}

fn dollars(micro_usd: u64) -> f64 {
    micro_usd as f64 / 1e6
}

fn queues(text: &mut Text, state: &AdminState) {
    let journal = &state.services.journal;
    let help = "Records that wait for the database, in memory and on disk.";
    let mut waiting = text.family("frontdesk_journal_waiting_records", Kind::Gauge, help);
    waiting.value(&[("place", "memory")], journal.depth());
    waiting.value(&[("place", "disk")], journal.disk().waiting());
    let help = "Records that the database never takes, kept in frontdesk-refused.jsonl.";
    let mut set_aside = text.family("frontdesk_journal_set_aside_total", Kind::Counter, help);
    set_aside.value(&[], journal.disk().set_aside_so_far());
    let help = "Records that are written nowhere, since neither memory nor disk had room.";
    text.family("frontdesk_journal_lost_total", Kind::Counter, help).value(&[], journal.lost());
    let help = "Events that wait in the inboxes of all actors of a kind.";
    let mut inboxes = text.family("frontdesk_inbox_events", Kind::Gauge, help);
    let actors = state.services.introspection.actors_at(state.services.clock.now());
    for kind in ActorKind::ALL {
        let depths = actors.iter().filter(|actor| actor.kind == kind);
        let waiting: usize = depths.map(|actor| actor.mailbox_depth).sum();
        inboxes.value(&[("kind", kind.as_str())], waiting);
    }
}

fn provider(text: &mut Text, state: &AdminState) {
    let provider = &state.services.provider;
    let view = provider.view(state.services.clock.now());
    let help =
        "Circuits of OpenAI's breaker that are not closed, by state and by what they shut out.";
    let mut circuits = text.family("frontdesk_provider_circuits", Kind::Gauge, help);
    for scope in ["account", "model", "voice"] {
        for state in ["open", "half_open"] {
            let of_scope = view.circuits.iter().filter(|circuit| {
                let shuts_out = match (&circuit.model, &circuit.voice) {
                    (None, _) => "account",
                    (Some(_), None) => "model",
                    (Some(_), Some(_)) => "voice",
                };
                shuts_out == scope && circuit.state == state
            });
            circuits.value(&[("scope", scope), ("state", state)], of_scope.count());
        }
    }
    let help = "Faults of OpenAI's that no retry mends: key, quota, account, model, voice.";
    text.family("frontdesk_provider_faults_total", Kind::Counter, help).value(&[], view.faults);
}

fn database(text: &mut Text, state: &AdminState) {
    let pool = state.services.database.pool();
    let help = "Connections to the database, by state.";
    let mut connections = text.family("frontdesk_database_connections", Kind::Gauge, help);
    connections.value(&[("state", "busy")], pool.busy).value(&[("state", "idle")], pool.idle);
    let help = "As many connections to the database as are opened.";
    text.family("frontdesk_database_connections_limit", Kind::Gauge, help).value(&[], pool.most);
}

fn process(text: &mut Text) {
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    text.family("frontdesk_build_info", Kind::Gauge, "1; its label is the version.")
        .value(&version, 1);
    // There is no /proc on other systems.
    let Some(process) = Process::of_this() else { return };
    let help = "Processor time of the process.";
    text.family("process_cpu_seconds_total", Kind::Counter, help)
        .value(&[], process.cpu.as_secs_f64());
    let gauges = [
        (
            "process_start_time_seconds",
            "When the process started, in seconds since 1970.",
            process.started.as_secs_f64(),
        ),
        (
            "process_resident_memory_bytes",
            "Memory of the process that is in RAM.",
            process.resident as f64,
        ),
        (
            "process_virtual_memory_bytes",
            "Address space of the process.",
            process.address_space as f64,
        ),
        ("process_open_fds", "Open file descriptors.", process.open_files as f64),
        (
            "process_max_fds",
            "As many file descriptors as may be open.",
            process.most_files.map_or(f64::INFINITY, |most| most as f64),
        ),
    ];
    for (name, help, value) in gauges {
        text.family(name, Kind::Gauge, help).value(&[], value);
    }
}
