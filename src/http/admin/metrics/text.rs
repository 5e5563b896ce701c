//! The text format of Prometheus, version 0.0.4.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use actors::metrics::Histogram;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Text(String);

/// The samples of one name.
pub(super) struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

type Labels<'a> = [(&'a str, &'a str)];

impl Text {
    /// `help` must be one line without a backslash.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let kind = kind.as_str();
        // Writing to a string never fails.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        Family { text: &mut self.0, name }
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// `labels` must need no escape.
    pub(super) fn value(&mut self, labels: &Labels<'_>, value: impl Display) -> &mut Self {
        self.sample("", labels, &[], value);
        self
    }

    pub(super) fn histogram(&mut self, labels: &Labels<'_>, histogram: &Histogram) {
        let mut count = 0;
        for (bound, up_to) in histogram.cumulative() {
            let bound = bound.as_ref().map_or_else(|| "+Inf".to_owned(), seconds);
            self.sample("_bucket", labels, &[("le", &bound)], up_to);
            count = up_to;
        }
        self.sample("_sum", labels, &[], seconds(&histogram.sum()));
        self.sample("_count", labels, &[], count);
    }

    fn sample(&mut self, part: &str, labels: &Labels<'_>, more: &Labels<'_>, value: impl Display) {
        let _ = write!(self.text, "{}{part}", self.name);
        for (place, (label, value)) in labels.iter().chain(more).enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{label}=\"{value}\"");
        }
        let close = if labels.is_empty() && more.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{close} {value}");
    }
}

fn seconds(time: &Duration) -> String {
    time.as_secs_f64().to_string()
}
