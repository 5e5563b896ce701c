//! The delays that the daemon caused, from the calls' records. They are reported but not checked: a
//! simulation shares its machine.

use std::fmt;
use std::ops::AddAssign;

use serde::Deserialize;

/// Microseconds, one value for each call that has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waits {
    /// Delay that the daemon added to the greeting (GREET-5).
    pub greeting: Vec<u64>,
    /// From the frame that decided the call's last barge-in to its `clear` (BARGE-3).
    pub barge_in: Vec<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Kept {
    greeting_added_us: Option<u64>,
    barge_in_us: Option<u64>,
}

impl Waits {
    #[must_use]
    pub fn kept_in(stats: Option<&serde_json::Value>) -> Self {
        let kept = stats.map(Kept::deserialize).and_then(Result::ok).unwrap_or_default();
        Self {
            greeting: kept.greeting_added_us.into_iter().collect(),
            barge_in: kept.barge_in_us.into_iter().collect(),
        }
    }
}

impl AddAssign<&Self> for Waits {
    fn add_assign(&mut self, more: &Self) {
        self.greeting.extend(&more.greeting);
        self.barge_in.extend(&more.barge_in);
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (greeting, barge_in) = (percentiles(&self.greeting), percentiles(&self.barge_in));
        write!(f, "to the greeting {greeting}; from a barge-in to clear {barge_in}")
    }
}

/// The median and the 99th percentile, by the nearest rank.
fn percentiles(micros: &[u64]) -> String {
    let mut sorted = micros.to_vec();
    sorted.sort_unstable();
    let rank = |percent: usize| {
        let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(place).map(|micros| *micros as f64 / 1000.0)
    };
    match (rank(50), rank(99)) {
        (Some(median), Some(most)) => {
            format!("{median:.2} ms (p99 {most:.2} ms, of {})", sorted.len())
        }
        (None, _) | (_, None) => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prac_5_the_waits_are_told_by_their_median_and_99th_percentile() {
        let mut waits = Waits::default();
        for micros in 1..=200 {
            let stats = serde_json::json!({ "greeting_added_us": micros * 10, "age_ms": 1 });
            waits += &Waits::kept_in(Some(&stats));
        }
        waits += &Waits::kept_in(None);
        let told = "to the greeting 1.00 ms (p99 1.98 ms, of 200); from a barge-in to clear none";
        assert_eq!(waits.to_string(), told);
    }
}
