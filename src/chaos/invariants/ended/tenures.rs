//! Which daemon had a call's session when (invariant 18): at most one session is used under one fencing number, and
//! none lives 15 s after another daemon has the call. Fencing numbers only grow (invariant 20).

use std::time::Duration;

use practice::openai::Life;

use super::findings::{Findings, ensure};
use super::model::one_at_a_time;
use super::sessions::Sessions;
use crate::chaos::ended::{Ended, EndedCall, LOOK_EVERY, Tenure};
use crate::chaos::invariants::excuses::{Excuses, has_black_holes};
use crate::chaos::story::{Fault, Moment, Story};

/// How long a daemon whose call was taken over may keep the session.
const LETS_GO_WITHIN: Duration = Duration::from_secs(15);

pub(super) fn look(findings: &mut Findings, story: &Story, ended: &Ended, sessions: &Sessions) {
    for call in &ended.calls {
        let terms = terms(ended, sessions, call);
        findings.look_at(20, Some(call.index), numbers_grow(&terms));
        // OpenAI never learns that such a session is over.
        if !has_black_holes(story) {
            findings.look_at(18, Some(call.index), are_let_go(story, ended, &terms));
        }
        if !Excuses::of(story, call).own_model {
            findings.look_at(18, Some(call.index), have_one_session(ended, &terms));
        }
    }
}

/// A daemon's tenure of a call, and the sessions that it began in it.
struct Term<'a> {
    tenure: &'a Tenure,
    /// The one that followed.
    next: Option<&'a Tenure>,
    sessions: Vec<&'a Life>,
}

fn terms<'a>(ended: &'a Ended, sessions: &Sessions, call: &EndedCall) -> Vec<Term<'a>> {
    let tenures: Vec<&Tenure> = ended.tenures.iter().filter(|it| it.call == call.index).collect();
    let lives = sessions.of_call(call.index);
    let lives: Vec<&Life> = lives.into_iter().filter_map(|number| life(ended, number)).collect();
    let terms = tenures.iter().enumerate().map(|(place, tenure)| {
        let next = tenures.get(place + 1).copied();
        let its = lives.iter().copied().filter(|life| is_of(ended, life, tenure, next));
        Term { tenure, next, sessions: its.collect() }
    });
    terms.collect()
}

fn numbers_grow(terms: &[Term<'_>]) -> Result<(), String> {
    for Term { tenure, next, .. } in terms {
        let Some(next) = next else { continue };
        ensure(next.lease.fence > tenure.lease.fence, || {
            format!("{:?} had the call after {:?}", next.lease, tenure.lease)
        })?;
    }
    Ok(())
}

/// If the daemon that takes a call over dies, the stream can come back to the former one. That goes on with its own session
/// while it is cut off from the database, if no other daemon has one beside it.
fn are_let_go(story: &Story, ended: &Ended, terms: &[Term<'_>]) -> Result<(), String> {
    for (place, Term { tenure, next, sessions }) in terms.iter().enumerate() {
        let Some(next) = next else { continue };
        let until = next.since + LETS_GO_WITHIN;
        let later = || terms[place + 1..].iter().flat_map(|later| later.sessions.iter().copied());
        let may_outlive = a_daemon_dies(story, next.since, until);
        for life in sessions {
            let is_beside = |rival: &Life| {
                life.ended.is_none_or(|over| rival.began < over)
                    && rival.ended.is_none_or(|over| over + ended.openai_began > until)
            };
            if may_outlive && !later().any(is_beside) {
                continue;
            }
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

fn a_daemon_dies(story: &Story, from: Duration, until: Duration) -> bool {
    let mut deaths = story.troubles.iter().filter(|it| matches!(it.what, Fault::NodeDies { .. }));
    // A take-over is seen a little after it.
    let is_then = |at| at + LOOK_EVERY >= from && at <= until;
    deaths.any(|trouble| matches!(trouble.at, Moment::At(at) if is_then(at)))
}

fn have_one_session(ended: &Ended, terms: &[Term<'_>]) -> Result<(), String> {
    for Term { tenure, sessions, .. } in terms {
        let numbers: Vec<u64> = sessions.iter().map(|life| life.session).collect();
        one_at_a_time(ended, &numbers).map_err(|it| format!("{:?}: {it}", tenure.lease))?;
    }
    Ok(())
}

fn life(ended: &Ended, session: u64) -> Option<&Life> {
    ended.model.lives.iter().find(|life| life.session == session)
}

/// Whether the daemon of this tenure began the session in it. A take-over is seen a little after it: what a daemon that
/// has the call again began in that time is of its later tenure.
fn is_of(ended: &Ended, life: &Life, tenure: &Tenure, next: Option<&Tenure>) -> bool {
    let began = life.began + ended.openai_began;
    let is_its = ended.lived.iter().any(|it| it.key == life.key && it.id == tenure.lease.node);
    let began_in_it = next.is_none_or(|next| {
        let is_again = next.lease.node == tenure.lease.node;
        began + if is_again { LOOK_EVERY } else { Duration::ZERO } < next.since
    });
    is_its && began + LOOK_EVERY >= tenure.since && began_in_it
}
