//! What the other daemons on the database show of themselves. They are asked through the database: a node
//! needs no address of another's admin listener, and no token for it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use actors::call_parts::Services;
use actors::cluster::{Order, Subject};
use entities::RecordsError;
use protocol::ids::NodeId;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::timeout;
use uuid::Uuid;

/// How long the others may take. Then the answer is without them.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often their answers are looked for if nobody rings.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long an answer counts. Whoever asks meanwhile gets the same.
const COUNTS_FOR: Duration = Duration::from_secs(1);

/// Asks the other nodes, one question at a time.
#[derive(Debug, Default)]
pub struct Elsewhere(Mutex<BTreeMap<Subject, (Instant, Vec<Value>)>>);

impl Elsewhere {
    /// What the other live nodes show, in one list. A node that does not answer in time is missing.
    pub(in crate::http) async fn show(&self, services: &Services, subject: Subject) -> Vec<Value> {
        if !services.node.is_shared() {
            return Vec::new();
        }
        let mut known = self.0.lock().await;
        let now = services.clock.now();
        if let Some((at, shown)) = known.get(&subject)
            && *at + COUNTS_FOR > now
        {
            return shown.clone();
        }
        let shown = match timeout(PATIENCE * 2, ask(services, subject)).await {
            Ok(Ok(shown)) => shown,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the other nodes could not be asked what they do");
                Vec::new()
            }
            Err(_) => Vec::new(),
        };
        known.insert(subject, (services.clock.now(), shown.clone()));
        shown
    }
}

async fn ask(services: &Services, subject: Subject) -> Result<Vec<Value>, RecordsError> {
    let node = &services.node;
    let others: Vec<NodeId> = node.living().into_iter().filter(|id| *id != node.id()).collect();
    if others.is_empty() {
        return Ok(Vec::new());
    }
    // An older answer is there already; it answers another question.
    let before = answered(node.cluster().reports(subject).await?);
    let ask = services.new_id();
    for other in &others {
        node.give(*other, None, &Order::Report { subject, asker: node.id(), ask }).await?;
    }
    let until = services.clock.now() + PATIENCE;
    loop {
        let reports = node.cluster().reports(subject).await?;
        let now = answered(reports.clone());
        let is_new =
            |other: &NodeId| now.get(other).is_some_and(|ask| before.get(other) != Some(ask));
        if others.iter().all(is_new) || services.clock.now() >= until {
            let mut shown = Vec::new();
            for (id, mut body) in reports {
                if others.contains(&id)
                    && is_new(&id)
                    && let Some(Value::Array(items)) = body.get_mut("shown").map(Value::take)
                {
                    shown.extend(items);
                }
            }
            return Ok(shown);
        }
        let _ = timeout(LOOK_EVERY, node.reported()).await;
    }
}

/// Which question each node answered last.
fn answered(reports: Vec<(NodeId, Value)>) -> BTreeMap<NodeId, Uuid> {
    let asks = reports
        .into_iter()
        .filter_map(|(node, body)| Some((node, body.get("ask")?.as_str()?.parse().ok()?)));
    asks.collect()
}
