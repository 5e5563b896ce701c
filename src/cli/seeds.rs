//! Seeds as they are written on the command line.

use std::ops::RangeInclusive;
use std::str::FromStr;

use thiserror::Error;

/// One seed, or all from the first to the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seeds(pub(super) RangeInclusive<u64>);

impl Seeds {
    pub(super) fn is_one(&self) -> bool {
        self.0.start() == self.0.end()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?}: expected a number such as 17, or two such as 1..=100")]
pub(super) struct NoSeeds(String);

impl FromStr for Seeds {
    type Err = NoSeeds;

    fn from_str(text: &str) -> Result<Self, NoSeeds> {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let range = match text.split_once("..") {
            None => number(text).map(|seed| seed..=seed),
            Some((first, last)) => {
                let last = last.strip_prefix('=').map(number);
                number(first).zip(last.flatten()).map(|(first, last)| first..=last)
            }
        };
        range.filter(|range| !range.is_empty()).map(Self).ok_or_else(|| NoSeeds(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prac_6_seeds_are_one_number_or_a_range_with_its_end() {
        assert_eq!("17".parse(), Ok(Seeds(17..=17)));
        assert_eq!("1..=100".parse(), Ok(Seeds(1..=100)));
        for wrong in ["", "x", "1..100", "5..=4", "1..=", "-1"] {
            let error = wrong.parse::<Seeds>().unwrap_err().to_string();
            assert!(error.contains("1..=100"), "{error}");
        }
    }
}
