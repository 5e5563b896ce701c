//! Finds a smaller story that breaks the same invariant.

use super::story::{LeaveOut, Story};

/// Leaves out parts of the story, one after another, as long as the rest still breaks. Each part is
/// tried until no single one can be left out.
pub(super) fn shrink(
    story: &Story,
    from: LeaveOut,
    mut still_breaks: impl FnMut(&Story) -> bool,
) -> LeaveOut {
    let mut left_out = from;
    loop {
        let smaller = left_out
            .rest(story)
            .into_iter()
            .map(|part| left_out.and(part))
            .find(|smaller| still_breaks(&smaller.from(story)));
        match smaller {
            Some(smaller) => left_out = smaller,
            None => return left_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::draw;
    use crate::chaos::story::Deed;
    use crate::chaos::story::leave_out::Part;

    #[test]
    fn prac_6_a_story_shrinks_to_the_parts_that_break_it() {
        let called = [draw::Called { speaks_hebrew: true, ..Default::default() }];
        let story = draw::story(7, 6, &called);
        let presses = |story: &Story| {
            story
                .callers
                .iter()
                .any(|caller| caller.acts.iter().any(|act| matches!(act.what, Deed::Say(_))))
        };
        assert!(presses(&story), "the seed's story has a caller who speaks");
        let left_out = shrink(&story, LeaveOut::default(), presses);
        let rest = left_out.rest(&story);
        assert!(matches!(rest.as_slice(), [Part::Call(_)]), "{rest:?}");
        assert!(presses(&left_out.from(&story)));
    }
}
