//! The daemon's chance: row ids and the jitter of retries, drawn from one seed.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::{Builder, Uuid};

/// A generator that its clones share. The same seed gives the same draws.
///
/// Each purpose has a generator of its own: one more draw for one does not change the others.
#[derive(Debug, Clone)]
pub struct Chance {
    seed: u64,
    is_of_system: bool,
    draws: Arc<Draws>,
}

#[derive(Debug)]
struct Draws {
    ids: Mutex<Ids>,
    jitter: Mutex<SmallRng>,
    secrets: Mutex<SmallRng>,
}

impl Chance {
    /// Seeded by the operating system.
    #[must_use]
    pub fn from_system() -> Self {
        Self { is_of_system: true, ..Self::seeded(system_seed()) }
    }

    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let rng = |purpose| SmallRng::seed_from_u64(seed_for(seed, purpose));
        let ids = Mutex::new(Ids { rng: rng("ids"), millis: 0, counter: 0 });
        let jitter = Mutex::new(rng("jitter"));
        let secrets = Mutex::new(rng("secrets"));
        Self { seed, is_of_system: false, draws: Arc::new(Draws { ids, jitter, secrets }) }
    }

    /// A seed for another generator. It depends on this one's seed and the purpose alone.
    #[must_use]
    pub fn seed_for(&self, purpose: &str) -> u64 {
        seed_for(self.seed, purpose)
    }

    /// A new row's id: a UUID version 7. Ids sort in the order in which they were made, also within
    /// one millisecond and if `now` goes back.
    #[must_use]
    pub fn new_id(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        self.draws.ids.lock().unwrap_or_else(PoisonError::into_inner).next(millis)
    }

    /// 64 hexadecimal digits that nobody can guess. Of a generator with a given seed they are always the
    /// same.
    #[must_use]
    pub fn new_secret(&self) -> String {
        let bytes: [u8; 32] = match self.is_of_system {
            true => system_secret(),
            false => SmallRng::seed_from_u64(self.seed_for("secret")).random(),
        };
        hexadecimal(&bytes)
    }

    /// As [`new_secret`](Self::new_secret), but another one each time, of a generator with a given seed too.
    #[must_use]
    pub fn next_secret(&self) -> String {
        let bytes: [u8; 32] = match self.is_of_system {
            true => system_secret(),
            false => self.draws.secrets.lock().unwrap_or_else(PoisonError::into_inner).random(),
        };
        hexadecimal(&bytes)
    }

    /// A number from 0 to below 1, for the pauses between retries.
    #[must_use]
    pub fn jitter(&self) -> f64 {
        self.draws.jitter.lock().unwrap_or_else(PoisonError::into_inner).random()
    }
}

/// An id is 48 bits of milliseconds, a counter of 42 bits and 32 random bits.
#[derive(Debug)]
struct Ids {
    rng: SmallRng,
    /// The last id's milliseconds and counter.
    millis: u64,
    counter: u64,
}

impl Ids {
    const COUNTER_BITS: u32 = 42;

    fn next(&mut self, millis: u64) -> Uuid {
        self.counter += 1;
        if millis > self.millis {
            self.millis = millis;
            self.begin_count();
        } else if self.counter >> Self::COUNTER_BITS != 0 {
            self.millis += 1;
            self.begin_count();
        }
        let random: u32 = self.rng.random();
        let [high, low] = ((self.counter >> 30) as u16).to_be_bytes();
        let rest = (self.counter << 32 | u64::from(random)).to_be_bytes();
        let [a, b, c, d, e, f, g, h] = rest;
        // The builder overwrites the upper 4 bits of the first byte and the upper 2 of the third.
        let bytes = [high, low, a, b, c, d, e, f, g, h];
        Builder::from_unix_timestamp_millis(self.millis, &bytes).into_uuid()
    }

    /// Half of the counter's range stays free, so that a millisecond has enough of it.
    fn begin_count(&mut self) {
        self.counter = self.rng.random_range(0..1 << (Self::COUNTER_BITS - 1));
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// FNV-1a over the purpose, then the finish of splitmix64, so that neighbouring seeds share nothing.
fn seed_for(seed: u64, purpose: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed;
    let hash = purpose
        .bytes()
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[expect(clippy::disallowed_methods, reason = "this is where the system is asked for a seed")]
fn system_seed() -> u64 {
    rand::random()
}

#[expect(clippy::disallowed_methods, reason = "this is where the system is asked for a secret")]
fn system_secret() -> [u8; 32] {
    rand::random()
}

#[cfg(test)]
mod tests {
    use uuid::Version;

    use super::*;

    const NOON: Timestamp = Timestamp::constant(1_795_000_000, 0);

    fn ids(chance: &Chance) -> Vec<Uuid> {
        (0..1000).map(|_| chance.new_id(NOON)).collect()
    }

    fn jitters(chance: &Chance) -> Vec<u64> {
        (0..100).map(|_| chance.jitter().to_bits()).collect()
    }

    #[test]
    fn one_seed_gives_the_same_draws_and_another_gives_others() {
        let (one, again, other) = (Chance::seeded(7), Chance::seeded(7), Chance::seeded(8));
        assert_eq!(ids(&one), ids(&again));
        assert_eq!(jitters(&one), jitters(&again));
        assert_eq!(one.seed_for("line"), again.seed_for("line"));
        assert_eq!((one.new_secret(), one.new_secret().len()), (again.new_secret(), 64));
        assert_ne!(Chance::from_system().new_secret(), Chance::from_system().new_secret());
        let [first, second] = [one.next_secret(), one.next_secret()];
        assert_ne!(first, second);
        assert_eq!([first, second], [again.next_secret(), again.next_secret()]);

        assert!(ids(&one).iter().all(|id| !ids(&other).contains(id)));
        assert_ne!(jitters(&one), jitters(&other));
        assert_ne!(one.seed_for("line"), other.seed_for("line"));
        assert_ne!(one.seed_for("line"), one.seed_for("model"));
    }

    #[test]
    fn what_the_system_seeds_differs() {
        assert_ne!(ids(&Chance::from_system()), ids(&Chance::from_system()));
    }

    #[test]
    fn clones_share_their_draws() {
        let chance = Chance::seeded(7);
        assert!(chance.new_id(NOON) < chance.clone().new_id(NOON));
        assert_ne!(chance.jitter().to_bits(), chance.clone().jitter().to_bits());
    }

    #[test]
    fn drawing_for_one_purpose_does_not_change_another() {
        let (one, other) = (Chance::seeded(7), Chance::seeded(7));
        let _ = jitters(&one);
        assert_eq!(ids(&one), ids(&other));
        assert_eq!(one.seed_for("line"), other.seed_for("line"));
    }

    #[test]
    fn ids_are_of_version_7_and_show_when_they_were_made() {
        let id = Chance::seeded(7).new_id(NOON);
        assert_eq!(id.get_version(), Some(Version::SortRand));
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(id.get_timestamp().unwrap().to_unix(), (1_795_000_000, 0));
    }

    #[test]
    fn ids_sort_in_the_order_they_were_made_even_within_one_millisecond() {
        let chance = Chance::seeded(7);
        let millisecond = jiff::SignedDuration::from_millis(1);
        let moments = [NOON, NOON, NOON + millisecond, NOON, NOON - millisecond, NOON];
        let made: Vec<Uuid> =
            moments.iter().cycle().take(1000).map(|at| chance.new_id(*at)).collect();
        assert!(made.is_sorted_by(|earlier, later| earlier < later));
    }

    #[test]
    fn a_full_counter_goes_on_in_the_next_millisecond() {
        let rng = SmallRng::seed_from_u64(7);
        let mut ids = Ids { rng, millis: 5, counter: (1 << Ids::COUNTER_BITS) - 2 };
        let made = [ids.next(5), ids.next(5), ids.next(5)];
        assert!(made.is_sorted_by(|earlier, later| earlier < later), "{made:?}");
        let millis = made.map(|id| id.as_u128() >> 80);
        assert_eq!(millis, [5, 6, 6]);
    }
}
