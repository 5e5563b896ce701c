//! Figures of the daemon, each with its course over the last hour.

use std::time::Duration;

use actors::metrics::{MINUTES, Metrics};
use console::notice::Tone;
use console::system::{Figure, Measure};
use console::texts::Texts;
use entities::calls::CallSpan;
use jiff::{SignedDuration, Timestamp};
use protocol::call::EndReason;

/// What this daemon has counted, and the course of the last hour on all of them.
pub(super) fn of(metrics: &Metrics, t: &Texts, spans: &[CallSpan]) -> Vec<Figure> {
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
        figure(
            Measure::AnswerWait,
            wait(metrics.turn.median()),
            Tone::Plain,
            of_waits(&metrics.turn_course.means(t.now())),
        ),
        figure(
            Measure::GreetingWait,
            wait(metrics.greeting.median()),
            Tone::Plain,
            of_waits(&metrics.greeting_course.means(t.now())),
        ),
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

/// A bar for each minute, the oldest first.
fn of_waits(means: &[Option<Duration>]) -> Vec<u8> {
    heights(means.iter().map(|mean| mean.unwrap_or_default().as_millis()).collect())
}

/// Bars from 0 to 100, where 100 is the most. Empty if all are 0.
fn heights(values: Vec<u128>) -> Vec<u8> {
    let most = values.iter().copied().max().unwrap_or_default();
    if most == 0 {
        return Vec::new();
    }
    values.into_iter().map(|value| u8::try_from(value * 100 / most).unwrap_or(100)).collect()
}

/// The last hour.
struct Course<'a> {
    spans: &'a [CallSpan],
    now: Timestamp,
}

impl Course<'_> {
    /// A bar for each minute, the oldest first.
    fn bars(&self, counts: impl Fn(&CallSpan, Timestamp, Timestamp) -> bool) -> Vec<u8> {
        let minutes = (0..MINUTES).rev().map(|ago| {
            let minutes = |ago| SignedDuration::from_mins(i64::try_from(ago).unwrap_or_default());
            let (from, until) = (self.now - minutes(ago + 1), self.now - minutes(ago));
            self.spans.iter().filter(|span| counts(span, from, until)).count() as u128
        });
        heights(minutes.collect())
    }
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
