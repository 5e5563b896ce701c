//! The redirect of a call that this daemon can't take to another one with room (CALL-1).

use super::refusal::Refusal;
use super::state::TwilioState;

/// How often a call is passed on. The load balancer may send it back to a node that has refused it.
const MAX_HOPS: u8 = 3;

/// How often the call was passed on before: `hop` in the query of its webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hop(u8);

impl Hop {
    /// The call is not passed on.
    pub(super) const LAST: Self = Self(MAX_HOPS);

    /// A number that can't be read counts as the last.
    pub(super) fn of(query: Option<&str>) -> Self {
        let parameters = query.unwrap_or_default().split('&');
        let hop = parameters.filter_map(|parameter| parameter.strip_prefix("hop=")).next();
        Self(hop.map_or(0, |hop| hop.parse().unwrap_or(MAX_HOPS)))
    }

    /// Where another node can answer the call. `None` if none has room, or it was passed on too often.
    pub(super) fn next(self, state: &TwilioState, why: Refusal) -> Option<String> {
        let others_can = match why {
            Refusal::Full | Refusal::Draining | Refusal::JournalFull => {
                state.services.node.another_has_room()
            }
            Refusal::NoDatabase | Refusal::Failed | Refusal::Paused => false,
        };
        let hop = self.0.saturating_add(1);
        (others_can && hop <= MAX_HOPS)
            .then(|| format!("{}/twilio/voice?hop={hop}", state.public_url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_1_a_hop_is_read_from_the_query_and_one_that_can_t_be_read_is_the_last() {
        for (query, hop) in [
            (None, 0),
            (Some(""), 0),
            (Some("hop=1"), 1),
            (Some("a=b&hop=3"), 3),
            (Some("hop=300"), MAX_HOPS),
            (Some("hop=-1"), MAX_HOPS),
            (Some("hop="), MAX_HOPS),
        ] {
            assert_eq!(Hop::of(query), Hop(hop), "{query:?}");
        }
    }
}
