//! Which daemon had a call's session when: at most one session for each fencing number, and none under an older
//! one some seconds after a take-over (invariant 5).

use std::time::Duration;

use practice::openai::Life;

use super::findings::ensure;
use super::sessions::Sessions;
use crate::chaos::ended::{Ended, LOOK_EVERY, Tenure};
use crate::chaos::invariants::excuses::has_black_holes;
use crate::chaos::story::Story;

/// How long a daemon whose call was taken over may keep the session.
const LETS_GO_WITHIN: Duration = Duration::from_secs(15);

/// No session of a call outlives its daemon's tenure.
pub(super) fn let_go(
    story: &Story,
    ended: &Ended,
    sessions: &Sessions,
    call: usize,
) -> Result<(), String> {
    // OpenAI never learns that such a session is over.
    if has_black_holes(story) {
        return Ok(());
    }
    let tenures: Vec<&Tenure> = ended.tenures.iter().filter(|it| it.call == call).collect();
    for (place, tenure) in tenures.iter().enumerate() {
        let Some(next) = tenures.get(place + 1) else { break };
        ensure(next.lease.fence > tenure.lease.fence, || {
            format!("{:?} had the call after {:?}", next.lease, tenure.lease)
        })?;
        let until = next.since + LETS_GO_WITHIN;
        let its = sessions.of_call(call).into_iter().filter_map(|number| life(ended, number));
        let its = its.filter(|life| is_of(ended, life, tenure, next));
        for life in its {
            let over = life.ended.map(|at| at + ended.openai_began);
            ensure(over.is_some_and(|over| over <= until), || {
                let session = life.session;
                format!(
                    "session {session} of {:?} lived until {over:?}, and {:?} had the call at {:?}",
                    tenure.lease, next.lease, next.since
                )
            })?;
        }
    }
    Ok(())
}

fn life(ended: &Ended, session: u64) -> Option<&Life> {
    ended.model.lives.iter().find(|life| life.session == session)
}

/// Whether the daemon of this tenure began the session in it.
fn is_of(ended: &Ended, life: &Life, tenure: &Tenure, next: &Tenure) -> bool {
    let began = life.began + ended.openai_began;
    let is_its = ended.lived.iter().any(|it| it.key == life.key && it.id == tenure.lease.node);
    is_its && began + LOOK_EVERY >= tenure.since && began < next.since
}
