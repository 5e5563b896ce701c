//! Sends traces of calls to an OpenTelemetry collector, if `telemetry.otlp_url` names one (OPS-3). Only the feature
//! `otel` can; without it this is nothing. What is in a trace: `actors::call_trace`.
//!
//! A call never waits for the collector. Traces wait in a bounded queue; what finds no room there, and what the
//! collector does not take, is dropped and counted.

#[cfg(feature = "otel")]
mod batches;
#[cfg(feature = "otel")]
mod client;
#[cfg(feature = "otel")]
mod spans;
#[cfg(test)]
#[cfg(all(feature = "otel", feature = "practice"))]
mod tests;

use std::sync::Arc;

use actors::call_trace::CallTraces;
use actors::metrics::Metrics;
use tokio_util::sync::CancellationToken;

use crate::app::StartError;
use crate::config;
use crate::platform::Platform;

/// The way to the collector, if there is one.
pub(crate) struct Telemetry {
    #[cfg(feature = "otel")]
    batches: Option<batches::Batches>,
}

impl Telemetry {
    /// With what calls give their traces to.
    #[cfg(feature = "otel")]
    pub(crate) fn of(
        config: &config::Telemetry,
        platform: &Platform,
    ) -> Result<(Self, CallTraces), StartError> {
        let Some(url) = &config.otlp_url else {
            return Ok((Self { batches: None }, CallTraces::default()));
        };
        let exporter = client::exporter(&url.to_string(), &platform.network);
        let exporter = exporter.map_err(StartError::Telemetry)?;
        let (traces, waiting) = CallTraces::heard();
        Ok((Self { batches: Some(batches::Batches::new(exporter, waiting)) }, traces))
    }

    /// With what calls give their traces to.
    #[cfg(not(feature = "otel"))]
    pub(crate) fn of(
        _: &config::Telemetry,
        _: &Platform,
    ) -> Result<(Self, CallTraces), StartError> {
        Ok((Self {}, CallTraces::default()))
    }

    /// Sends what comes, until no call is left. What waits then is sent too.
    #[cfg(feature = "otel")]
    pub(crate) async fn export(self, metrics: Arc<Metrics>, calls_are_gone: CancellationToken) {
        if let Some(batches) = self.batches {
            batches.send_all(metrics, calls_are_gone).await;
        }
    }

    /// There is nothing to send.
    #[cfg(not(feature = "otel"))]
    pub(crate) fn export(
        self,
        _: Arc<Metrics>,
        _: CancellationToken,
    ) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}
