//! Calls that come and go: where one ends, another begins.

use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;

use super::scene::Scene;
use super::twilio::{self, Role};
use crate::bench::findings::LoadPlan;

/// How long a call lasts, in milliseconds.
const LASTS: Range<u64> = 20_000..90_000;
/// The first ones have lasted for a while. None ends before the greeting is heard.
const LEAST: u64 = 4_000;
/// From a call's end to the next one's beginning.
const PAUSE: Duration = Duration::from_millis(500);

/// Begins all lines, each with a call.
pub(super) async fn begin(plan: &LoadPlan, scene: &Rc<Scene>, apart: Duration) -> JoinSet<()> {
    let mut lines = JoinSet::new();
    for number in 0..plan.calls {
        lines.spawn_local(line(plan.clone(), Rc::clone(scene), number));
        tokio::time::sleep(apart).await;
    }
    lines
}

async fn line(plan: LoadPlan, scene: Rc<Scene>, number: u32) {
    let mut lives = Lives::new(number);
    while scene.is_audible.get() {
        let role = Role::Leaves(lives.next());
        twilio::call(Rc::clone(&scene), plan.target.clone(), role).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// How long the calls of one line last: by chance, and the same each time.
struct Lives {
    chance: SmallRng,
    is_first: bool,
}

impl Lives {
    fn new(line: u32) -> Self {
        Self { chance: SmallRng::seed_from_u64(line.into()), is_first: true }
    }

    fn next(&mut self) -> Duration {
        let mut lasts = self.chance.random_range(LASTS);
        if std::mem::take(&mut self.is_first) {
            lasts = self.chance.random_range(LEAST..lasts);
        }
        Duration::from_millis(lasts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_last_long_enough_and_lines_differ() {
        let lives = |line| {
            let mut lives = Lives::new(line);
            (0..50).map(|_| lives.next().as_millis() as u64).collect::<Vec<_>>()
        };
        for line in 0..50 {
            let lives = lives(line);
            assert!(lives[0] >= LEAST && lives[1..].iter().all(|life| LASTS.contains(life)));
        }
        assert_eq!(lives(1), lives(1));
        assert_ne!(lives(1), lives(2));
    }
}
