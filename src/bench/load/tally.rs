//! Which numbered pieces came, and which did not.

use std::collections::BTreeSet;

/// What has come of one source.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Above all that came.
    next: u32,
    /// Below `next`, and not come.
    missing: BTreeSet<u32>,
    pub(super) doubled: u64,
    pub(super) reordered: u64,
}

impl Tally {
    pub(super) fn came(&mut self, number: u32) {
        if number >= self.next {
            self.missing.extend(self.next..number);
            self.next = number + 1;
        } else if self.missing.remove(&number) {
            self.reordered += 1;
        } else {
            self.doubled += 1;
        }
    }

    /// Those of the first `sent` that did not come.
    pub(super) fn missing(&self, sent: u32) -> impl Iterator<Item = u32> {
        self.missing.iter().copied().chain(self.next..sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(came: &[u32]) -> (Vec<u32>, u64, u64) {
        let mut tally = Tally::default();
        came.iter().for_each(|number| tally.came(*number));
        (tally.missing(5).collect(), tally.doubled, tally.reordered)
    }

    #[test]
    fn each_piece_is_lost_doubled_or_late_or_none_of_it() {
        assert_eq!(tally(&[0, 1, 2, 3, 4]), (vec![], 0, 0));
        assert_eq!(tally(&[1, 2, 4]), (vec![0, 3], 0, 0));
        assert_eq!(tally(&[0, 1]), (vec![2, 3, 4], 0, 0));
        assert_eq!(tally(&[0, 2, 1, 3, 4]), (vec![], 0, 1));
        assert_eq!(tally(&[0, 1, 1, 2, 3, 4, 0]), (vec![], 2, 0));
        assert_eq!(tally(&[0, 2, 1, 1, 4]), (vec![3], 1, 1));
        assert_eq!(tally(&[]), (vec![0, 1, 2, 3, 4], 0, 0));
    }
}
