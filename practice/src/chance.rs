//! Seeds: one per purpose, derived from the seed that a server is given.

/// A seed that differs for each purpose or number. One more draw for one purpose does not change the
/// others.
pub(crate) fn seed_for(seed: u64, purpose: &[u8]) -> u64 {
    // FNV-1a, then the finish of splitmix64.
    let start = 0xcbf2_9ce4_8422_2325 ^ seed;
    let hash = purpose
        .iter()
        .fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// A seed that differs each time.
#[expect(clippy::disallowed_methods, reason = "this is where the system is asked for a seed")]
pub(crate) fn system_seed() -> u64 {
    rand::random()
}
