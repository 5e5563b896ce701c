//! The call as a strip: who spoke when, where the caller waited, where the agent was interrupted.

use std::time::Duration;

use super::talk::{Entry, SLOW, What};

/// The drawing's width, in its own units.
const WIDTH: u64 = 1000;

/// A bar of the drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) class: &'static str,
    pub(crate) x: u64,
    pub(crate) width: u64,
    /// The caller is above the axis, the agent below.
    pub(crate) y: u8,
    pub(crate) height: u8,
}

/// The drawing.
#[derive(Debug, Clone, Default)]
pub(super) struct Timeline {
    pub(crate) bars: Vec<Bar>,
}

/// What a turn without a known length is drawn as.
const SHORT: Duration = Duration::from_millis(600);

impl Timeline {
    pub(crate) fn of(entries: &[Entry]) -> Self {
        let end =
            entries.iter().map(|entry| entry.at + length(&entry.what)).max().unwrap_or_default();
        let mut bars = Vec::new();
        for Entry { at, what, .. } in entries {
            match what {
                What::Caller { .. } => bars.push(bar("caller", *at, length(what), end, (4, 16))),
                What::Agent { cut, waited, .. } => {
                    let waited = waited.filter(|it| *it >= SLOW);
                    let began = waited.map(|it| at.saturating_sub(it));
                    bars.extend(
                        began.zip(waited).map(|(began, it)| bar("wait", began, it, end, (22, 4))),
                    );
                    bars.push(bar("agent", *at, length(what), end, (28, 16)));
                    let cut =
                        cut.then(|| bar("cut", *at + length(what), Duration::ZERO, end, (26, 20)));
                    bars.extend(cut);
                }
                What::Tool(_) | What::Note(_) => {}
            }
        }
        Self { bars }
    }
}

fn length(what: &What) -> Duration {
    match what {
        What::Caller { length, .. } => length.unwrap_or(SHORT),
        What::Agent { heard, .. } => heard.unwrap_or(SHORT),
        What::Tool(_) | What::Note(_) => Duration::ZERO,
    }
}

fn bar(
    class: &'static str,
    at: Duration,
    length: Duration,
    end: Duration,
    (y, height): (u8, u8),
) -> Bar {
    let scale = |duration: Duration| {
        let parts = duration.as_millis() * u128::from(WIDTH) / end.as_millis().max(1);
        u64::try_from(parts).unwrap_or(WIDTH).min(WIDTH)
    };
    Bar { class, x: scale(at).min(WIDTH - 3), width: scale(length).max(3), y, height }
}
