//! The daemon from inside, for administrators: its health, the nodes, the actors, figures, and events for other systems.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actors::cluster::{NodeView, Subject};
use actors::introspection::ActorView;
use actors::metrics::Metrics;
use console::error::Problem;
use console::notice::Tone;
use console::shell::Place;
use console::system::{
    Actor, Check, Delivery, DeliveryState, Figure, Illness, Measure, Node, NodeState, SystemPage,
    health,
};
use console::texts::Texts;
use entities::audit;
use entities::calls::{self, CallSpan};
use entities::outbox::{self, OutboxRecord, OutboxState, Which};
use jiff::{SignedDuration, Timestamp};
use protocol::call::EndReason;
use protocol::ids::BusinessId;
use protocol::openai::fault::FatalCause;
use tokio::time::timeout;

use super::answer;
use super::refused::Answer;
use super::visit::Visit;
use crate::cli::check::{self, Verdict};
use crate::http::admin::AdminState;
use crate::http::readiness::NotReady;
use crate::tree::Forest;

/// The minutes of a course.
const MINUTES: usize = 60;
/// The most calls of which a course is made.
const MOST_CALLS: u32 = 20_000;
/// Events that are shown, beside the dead ones.
const EVENTS: u32 = 30;
/// How long a look at the wiring may take: a request to each provider, and some for many numbers.
const CHECK: Duration = Duration::from_secs(60);
/// Dead events that are shown.
const MOST_DEAD: u32 = 100;

/// The page.
pub(super) async fn show(visit: Visit<'_>) -> Answer {
    let state = &*visit.state.operator;
    let ill: Vec<Illness> = state.readiness.reasons().await.into_iter().map(illness).collect();
    let nodes = state.services.node.all(state.calls.list().await.len());
    let mut actors = state.services.introspection.actors_at(state.services.clock.now());
    let others = state.elsewhere.show(&state.services, Subject::Actors).await;
    actors.extend(others.into_iter().filter_map(|actor| serde_json::from_value(actor).ok()));
    let since = visit.now() - SignedDuration::from_mins(60);
    let spans = calls::spans(visit.db(), since, MOST_CALLS).await?;
    let mut shell = visit.shell(Place::System).await?;
    shell.events = Some(format!("{}/events/system", console::assets::ROOT));
    let mut checks = health(&shell.texts, &ill);
    checks.extend(visit.state.wiring().into_iter().map(|finding| Check {
        name: finding.about.to_owned(),
        passed: finding.verdict != Verdict::Fail,
        text: finding.message,
    }));
    let page = SystemPage {
        checks,
        nodes: nodes.into_iter().map(node).collect(),
        actors: forest(&actors),
        figures: figures(state, &shell.texts, &spans),
        deliveries: deliveries(&visit).await?,
    };
    Ok(answer::page(&shell, &page))
}

/// Looks at the wiring as `frontdesk check` does: the configuration, the records, OpenAI and Twilio.
pub(super) async fn check(visit: Visit<'_>) -> Answer {
    match timeout(CHECK, check::findings(&visit.state.config)).await {
        Ok(Ok(found)) => visit.state.keep_wiring(found),
        Ok(Err(error)) => {
            tracing::error!(%error, "the wiring could not be looked at");
            return Err(Problem::Internal.into());
        }
        Err(_) => return Err(Problem::Busy.into()),
    }
    Ok(answer::redirect(&visit.at("system")))
}

/// Sends a dead event again.
pub(super) async fn resend(visit: Visit<'_>) -> Answer {
    let id = visit.id()?;
    for business in visit.businesses().await? {
        outbox::resend(visit.db(), business.id, Which::One(id), visit.now()).await?;
    }
    let mut entry = visit.entry("webhook.resend");
    entry.object = Some(id.to_string());
    audit::write(visit.db(), entry).await?;
    Ok(answer::redirect(&visit.at("system")))
}

fn illness(reason: NotReady) -> Illness {
    match reason {
        NotReady::Draining => Illness::Draining,
        NotReady::DatabaseUnreachable => Illness::DatabaseUnreachable,
        NotReady::DatabaseBusy => Illness::DatabaseBusy,
        NotReady::DatabaseFile => Illness::DatabaseFile,
        NotReady::DatabaseReadOnly => Illness::DatabaseReadOnly,
        NotReady::DatabaseFull => Illness::DatabaseFull,
        NotReady::DatabaseSchema => Illness::DatabaseSchema,
        NotReady::JournalFull => Illness::JournalFull,
        NotReady::Provider(FatalCause::BadKey) => Illness::BadKey,
        NotReady::Provider(FatalCause::Quota) => Illness::Quota,
        NotReady::Provider(FatalCause::AccountClosed) => Illness::AccountClosed,
        NotReady::Provider(
            FatalCause::BadModel
            | FatalCause::BadVoice
            | FatalCause::BetaShape
            | FatalCause::Refused,
        ) => Illness::Refused,
    }
}

fn node(view: NodeView) -> Node {
    let state = match (view.alive, view.draining) {
        (false, _) => NodeState::Gone,
        (true, true) => NodeState::Draining,
        (true, false) => NodeState::Open,
    };
    Node { url: view.node, calls: view.calls, max_calls: view.max_calls, state, is_this: view.here }
}

/// The tree of each node's actors.
fn forest(actors: &[ActorView]) -> Vec<Actor> {
    let nodes: BTreeSet<&str> = actors.iter().map(|actor| actor.node.as_str()).collect();
    let trees = nodes.into_iter().flat_map(|node| {
        let own: Vec<_> = actors.iter().filter(|actor| actor.node == node).cloned().collect();
        below(&Forest::of(&own), None)
    });
    trees.collect()
}

fn below(forest: &Forest<'_>, supervisor: Option<u64>) -> Vec<Actor> {
    let shown = forest.under(supervisor).iter().map(|actor| Actor {
        name: actor.name.clone(),
        state: actor.state.clone(),
        generation: actor.generation.0,
        restarts: actor.restarts,
        waiting: u32::try_from(actor.mailbox_depth).unwrap_or(u32::MAX),
        handled: actor.handled,
        uptime: Duration::from_millis(actor.uptime_ms),
        last_error: actor.last_error.clone(),
        call: actor.call_sid.as_ref().map(ToString::to_string),
        children: below(forest, Some(actor.id)),
    });
    shown.collect()
}

/// What this daemon has counted, and the course of the last hour on all of them.
fn figures(state: &AdminState, t: &Texts, spans: &[CallSpan]) -> Vec<Figure> {
    let metrics = &state.services.metrics;
    let failed: u64 = failures(metrics);
    let total: u64 = metrics.ended.iter().map(|(_, count)| count.get()).sum();
    let cost: u64 = metrics.tokens.iter().map(|(_, tokens)| tokens.micro_usd.get()).sum::<u64>()
        + metrics.transcribed.iter().map(|(_, heard)| heard.micro_usd.get()).sum::<u64>();
    let course = Course { spans, now: t.now() };
    let figure = |of, value, tone, course| Figure { of, value, tone, course };
    let wait = |median: Option<Duration>| {
        median.map_or_else(|| "–".to_owned(), |median| t.seconds(&median))
    };
    let bad = if failed > 0 { Tone::Warning } else { Tone::Plain };
    vec![
        figure(
            Measure::LiveCalls,
            t.number(metrics.audio().calls),
            Tone::Plain,
            course.bars(|span, from, until| span.goes_on_within(from, until)),
        ),
        figure(
            Measure::TotalCalls,
            t.number(total),
            Tone::Plain,
            course.bars(|span, from, until| span.ended_within(from, until)),
        ),
        figure(
            Measure::FailedCalls,
            t.number(failed),
            bad,
            course.bars(|span, from, until| span.has_failed() && span.ended_within(from, until)),
        ),
        figure(Measure::AnswerWait, wait(metrics.turn.median()), Tone::Plain, Vec::new()),
        figure(Measure::GreetingWait, wait(metrics.greeting.median()), Tone::Plain, Vec::new()),
        figure(Measure::Cost, t.dollars(cost), Tone::Plain, Vec::new()),
    ]
}

fn failures(metrics: &Metrics) -> u64 {
    let failures = EndReason::ALL.into_iter().filter(|reason| reason.is_failure());
    failures.filter_map(|reason| Some(metrics.ended.of(reason.as_str())?.get())).sum()
}

trait Spanning {
    fn goes_on_within(&self, from: Timestamp, until: Timestamp) -> bool;
    fn ended_within(&self, from: Timestamp, until: Timestamp) -> bool;
    fn has_failed(&self) -> bool;
}

impl Spanning for CallSpan {
    fn goes_on_within(&self, from: Timestamp, until: Timestamp) -> bool {
        self.started_at < until && self.ended_at.is_none_or(|ended| ended >= from)
    }

    fn ended_within(&self, from: Timestamp, until: Timestamp) -> bool {
        self.ended_at.is_some_and(|ended| from <= ended && ended < until)
    }

    fn has_failed(&self) -> bool {
        let reason = self.end_reason.as_deref();
        EndReason::ALL.iter().any(|it| it.is_failure() && Some(it.as_str()) == reason)
    }
}

/// The last hour.
struct Course<'a> {
    spans: &'a [CallSpan],
    now: Timestamp,
}

impl Course<'_> {
    /// A bar for each minute, the oldest first: from 0 to 100, where 100 is the most. Empty if nothing counts.
    fn bars(&self, counts: impl Fn(&CallSpan, Timestamp, Timestamp) -> bool) -> Vec<u8> {
        let minutes = (0..MINUTES).rev().map(|ago| {
            let minutes = |ago| SignedDuration::from_mins(i64::try_from(ago).unwrap_or_default());
            let (from, until) = (self.now - minutes(ago + 1), self.now - minutes(ago));
            self.spans.iter().filter(|span| counts(span, from, until)).count()
        });
        let counted: Vec<usize> = minutes.collect();
        let most = counted.iter().copied().max().unwrap_or_default();
        if most == 0 {
            return Vec::new();
        }
        let bar = |count: usize| u8::try_from(count * 100 / most).unwrap_or(100);
        counted.into_iter().map(bar).collect()
    }
}

/// Dead events, which somebody must see, and the newest of all.
async fn deliveries(visit: &Visit<'_>) -> Result<Vec<Delivery>, entities::RecordsError> {
    let names: BTreeMap<BusinessId, String> = visit
        .businesses()
        .await?
        .into_iter()
        .map(|business| (business.id, business.name))
        .collect();
    let mut events = outbox::latest(visit.db(), Some(OutboxState::Dead), MOST_DEAD).await?;
    let newest = outbox::latest(visit.db(), None, EVENTS).await?;
    events.extend(newest.into_iter().filter(|event| event.state != OutboxState::Dead));
    let shown = |event: OutboxRecord| Delivery {
        id: event.id,
        business: names.get(&event.business_id).cloned().unwrap_or_default(),
        event: format!("{} → {}", event.kind.as_str(), event.target.as_str()),
        at: event.created_at,
        tries: event.tries,
        state: match event.state {
            OutboxState::Waiting => DeliveryState::Waiting,
            OutboxState::Sent => DeliveryState::Delivered,
            OutboxState::Dead => DeliveryState::Dead,
        },
        answer: event.last_error,
    };
    Ok(events.into_iter().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn span(from: i64, until: Option<i64>, reason: &str) -> CallSpan {
        CallSpan {
            started_at: at(from),
            ended_at: until.map(at),
            end_reason: until.map(|_| reason.to_owned()),
        }
    }

    #[test]
    fn con_3_a_course_has_a_bar_for_each_minute_of_the_last_hour() {
        let spans = [
            span(98, Some(99), "user_goodbye"),
            span(98, None, ""),
            span(60, Some(61), "internal"),
        ];
        let course = Course { spans: &spans, now: at(100) };
        let live = course.bars(CallSpan::goes_on_within);
        assert_eq!(live.len(), 60);
        assert_eq!(live[57..], [0, 100, 100], "two calls, in both of the last minutes");
        assert_eq!((live[19], live[20], live[21], live[22]), (0, 50, 50, 0));
        let failed = course.bars(|it, from, until| it.has_failed() && it.ended_within(from, until));
        assert_eq!(failed.iter().position(|bar| *bar > 0), Some(21));
        assert_eq!(failed.iter().filter(|bar| **bar > 0).count(), 1);
        let nothing = Course { spans: &[], now: at(100) };
        assert!(nothing.bars(CallSpan::goes_on_within).is_empty());
    }
}
