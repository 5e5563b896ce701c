//! The names of marks. A name tells which audio its mark follows. So an echo from another stream,
//! of a cleared buffer, or of a mark that is not ours is recognised as such.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::ids::Generation;

/// A mark's name; on the wire `g2.0:r7:i1:1440`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkName {
    /// Since which clear of the buffer.
    pub epoch: Epoch,
    /// Numbers the owner's responses, from 1.
    pub response: u32,
    /// Numbers the audio items of that response, from 1.
    pub item: u32,
    /// Bytes of µ-law audio of that item before the mark.
    pub position: u32,
}

/// The time between two clears of Twilio's buffer. No two have the same epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// The generation of the owner: the actor that sends.
    pub generation: Generation,
    /// Clears by this owner so far; a new stream counts as one.
    pub cleared: u32,
}

/// A mark's name that this daemon has not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not the name of a mark of ours")]
pub struct ForeignMark;

impl fmt::Display for MarkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch: Epoch { generation, cleared }, response, item, position } = self;
        write!(f, "g{generation}.{cleared}:r{response}:i{item}:{position}")
    }
}

impl FromStr for MarkName {
    type Err = ForeignMark;

    fn from_str(text: &str) -> Result<Self, ForeignMark> {
        let mut parts = text.split(':');
        let mut part = |prefix| parts.next().and_then(|part| part.strip_prefix(prefix));
        let (generation, cleared) =
            part("g").and_then(|epoch| epoch.split_once('.')).ok_or(ForeignMark)?;
        let name = Self {
            epoch: Epoch { generation: Generation(number(generation)?), cleared: number(cleared)? },
            response: number(part("r").ok_or(ForeignMark)?)?,
            item: number(part("i").ok_or(ForeignMark)?)?,
            position: number(part("").ok_or(ForeignMark)?)?,
        };
        parts.next().is_none().then_some(name).ok_or(ForeignMark)
    }
}

/// Digits alone and no leading zero, so that a mark has one name only.
fn number(text: &str) -> Result<u32, ForeignMark> {
    let canonical = text == "0" || !text.starts_with('0');
    if canonical && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_err(|_| ForeignMark)
    } else {
        Err(ForeignMark)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn barge_3_a_mark_says_its_epoch_answer_item_and_position() {
        let epoch = Epoch { generation: Generation(2), cleared: 0 };
        let name = MarkName { epoch, response: 7, item: 1, position: 1440 };
        assert_eq!(name.to_string(), "g2.0:r7:i1:1440");
    }

    #[test]
    fn barge_3_what_is_not_exactly_a_mark_of_ours_is_refused() {
        let refused = [
            "",
            "g2:r7:i1:1440",
            "g2.0:r7:i1",
            "g2.0:r7:i1:",
            "g2.0:r7:i1:1440:",
            "g2.0:r7:i1:1440:0",
            "g2.0:r7:i1:01440",
            "g2.0:r7:i1:+1440",
            "g2.0:r7:i1:-1",
            " g2.0:r7:i1:1440",
            "g2.0:i7:r1:1440",
            "G2.0:r7:i1:1440",
            "g2.0.0:r7:i1:1440",
            "g2.0:r4294967296:i1:1440",
            "g2.0:r٧:i1:1440",
        ];
        for text in refused {
            assert_eq!(text.parse::<MarkName>(), Err(ForeignMark), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn barge_3_every_name_reads_back_as_the_mark_it_was(
            (generation, cleared) in any::<(u32, u32)>(),
            (response, item, position) in any::<(u32, u32, u32)>(),
        ) {
            let epoch = Epoch { generation: Generation(generation), cleared };
            let name = MarkName { epoch, response, item, position };
            prop_assert_eq!(name.to_string().parse(), Ok(name));
        }
    }
}
