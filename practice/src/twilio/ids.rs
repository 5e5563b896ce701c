//! New SIDs and tokens.

use std::collections::BTreeMap;
use std::sync::Mutex;

use protocol::ids::{CallSid, StreamSid};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::{Builder, Uuid};

use super::lock::locked;
use crate::chance::seed_for;

/// Makes the SIDs and tokens of one carrier. The same seed gives the same ones.
#[derive(Debug)]
pub(super) struct Ids {
    seed: u64,
    /// Each prefix has its own: one more stream does not change the SIDs of calls.
    generators: Mutex<BTreeMap<&'static str, SmallRng>>,
}

impl Ids {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, generators: Mutex::default() }
    }

    /// The prefix and 32 hexadecimal digits.
    pub(super) fn sid(&self, prefix: &'static str) -> String {
        format!("{prefix}{:032x}", self.draw(prefix))
    }

    #[expect(clippy::expect_used, reason = "sid makes well-formed SIDs")]
    pub(super) fn call_sid(&self) -> CallSid {
        CallSid::parse(&self.sid("CA")).expect("a call's SID")
    }

    #[expect(clippy::expect_used, reason = "sid makes well-formed SIDs")]
    pub(super) fn stream_sid(&self) -> StreamSid {
        StreamSid::parse(&self.sid("MZ")).expect("a stream's SID")
    }

    /// What the attempts of one request have in common.
    pub(super) fn idempotency_token(&self) -> Uuid {
        Builder::from_random_bytes(self.draw("token").to_be_bytes()).into_uuid()
    }

    fn draw(&self, purpose: &'static str) -> u128 {
        let mut generators = locked(&self.generators);
        let seed = || SmallRng::seed_from_u64(seed_for(self.seed, purpose.as_bytes()));
        generators.entry(purpose).or_insert_with(seed).random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(ids: &Ids) -> Vec<String> {
        let mut drawn = Vec::new();
        for _ in 0..100 {
            drawn.push(ids.call_sid().to_string());
            drawn.push(ids.stream_sid().to_string());
            drawn.push(ids.sid("SM"));
            drawn.push(ids.idempotency_token().to_string());
        }
        drawn
    }

    #[test]
    fn one_seed_gives_the_same_sids_and_tokens_and_another_gives_others() {
        let one = drawn(&Ids::new(7));
        assert_eq!(one, drawn(&Ids::new(7)));
        let other = drawn(&Ids::new(8));
        assert!(one.iter().all(|id| !other.contains(id)));
        assert_eq!(one.iter().collect::<std::collections::BTreeSet<_>>().len(), one.len());
    }

    #[test]
    fn sids_of_one_kind_do_not_change_those_of_another() {
        let (one, other) = (Ids::new(7), Ids::new(7));
        let _ = (one.stream_sid(), one.sid("SM"), one.idempotency_token());
        assert_eq!(one.call_sid(), other.call_sid());
    }
}
