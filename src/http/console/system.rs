//! The daemon from inside, for administrators: its health, the nodes, the actors, figures, and events for other systems.

mod figures;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actors::cluster::{NodeView, Subject};
use actors::introspection::ActorView;
use console::error::Problem;
use console::shell::{BusinessRef, Place};
use console::system::{
    Actor, Check, Delivery, DeliveryState, Illness, Node, NodeState, SystemPage, health,
};
use entities::audit::NewEntry;
use entities::businesses;
use entities::calls;
use entities::outbox::{self, OutboxRecord, OutboxState, Which};
use jiff::SignedDuration;
use protocol::ids::{BusinessId, Slug};
use protocol::openai::fault::FatalCause;
use tokio::time::timeout;

use super::answer;
use super::refused::{Answer, Refused};
use super::visit::{Visit, listed};
use crate::cli::check::{self, Verdict};
use crate::http::readiness::NotReady;
use crate::tree::Forest;

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
        figures: figures::of(&state.services.metrics, &shell.texts, &spans),
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
    let slug = visit.form.get("business").and_then(|slug| Slug::parse(slug).ok());
    let slug = slug.ok_or(Refused(Problem::StaleForm))?;
    let business = businesses::find_by_slug(visit.db(), &slug).await?;
    let business = business.ok_or(Refused(Problem::NotFound))?.id;
    let object = Some(id.to_string());
    let entry = NewEntry { business: Some(business), object, ..visit.entry("webhook.resend") };
    outbox::resend(visit.db(), business, Which::One(id), visit.now(), Some(entry)).await?;
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

/// Dead events, which somebody must see, and the newest of all.
async fn deliveries(visit: &Visit<'_>) -> Result<Vec<Delivery>, entities::RecordsError> {
    let businesses = visit.businesses().await?.into_iter();
    let names: BTreeMap<BusinessId, BusinessRef> =
        businesses.map(|business| (business.id, listed(business))).collect();
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
