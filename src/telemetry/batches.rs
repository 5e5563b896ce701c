//! Gathers traces and sends them together.

use std::sync::Arc;
use std::time::Duration;

use actors::call_trace::CallTrace;
use actors::metrics::Metrics;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::SpanExporter as _;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::spans;

/// The most traces that are sent together.
const AT_ONCE: usize = 64;
/// How long the first of them waits for others.
const GATHER: Duration = Duration::from_secs(1);
/// The pause before traces that the collector did not take are sent once more. Then they are dropped.
const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// How long the last ones may take when the daemon stops.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Batches {
    exporter: SpanExporter,
    waiting: mpsc::Receiver<CallTrace>,
}

impl Batches {
    pub(super) fn new(exporter: SpanExporter, waiting: mpsc::Receiver<CallTrace>) -> Self {
        Self { exporter, waiting }
    }

    pub(super) async fn send_all(
        mut self,
        metrics: Arc<Metrics>,
        calls_are_gone: CancellationToken,
    ) {
        let mut batch = Vec::new();
        while let Some(first) =
            calls_are_gone.run_until_cancelled(self.waiting.recv()).await.flatten()
        {
            batch.push(first);
            let _ = calls_are_gone.run_until_cancelled(sleep(GATHER)).await;
            self.take_what_waits(&mut batch);
            let gathered = std::mem::take(&mut batch);
            let sending = self.send_patiently(&gathered);
            let is_sent = match calls_are_gone.run_until_cancelled(sending).await {
                Some(is_sent) => is_sent,
                None => self.send_soon(&gathered).await,
            };
            count(&metrics, &gathered, is_sent);
        }
        while self.take_what_waits(&mut batch) > 0 {
            let last = std::mem::take(&mut batch);
            count(&metrics, &last, self.send_soon(&last).await);
        }
    }

    /// Returns how many there are now.
    fn take_what_waits(&mut self, batch: &mut Vec<CallTrace>) -> usize {
        while batch.len() < AT_ONCE
            && let Ok(trace) = self.waiting.try_recv()
        {
            batch.push(trace);
        }
        batch.len()
    }

    async fn send_patiently(&self, batch: &[CallTrace]) -> bool {
        if self.send(batch).await {
            return true;
        }
        sleep(AGAIN_AFTER).await;
        self.send(batch).await
    }

    /// The daemon stops.
    async fn send_soon(&self, batch: &[CallTrace]) -> bool {
        timeout(LAST_PATIENCE, self.send(batch)).await.unwrap_or(false)
    }

    async fn send(&self, batch: &[CallTrace]) -> bool {
        let spans = batch.iter().flat_map(spans::of).collect();
        match self.exporter.export(spans).await {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(%error, "the collector took no traces");
                false
            }
        }
    }
}

fn count(metrics: &Metrics, traces: &[CallTrace], are_sent: bool) {
    if are_sent {
        metrics.traces_exported(traces.len());
    } else {
        metrics.traces_dropped(traces.len());
    }
}
