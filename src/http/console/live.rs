//! The event stream of a page: it names the parts of the page that have changed (CON-4). A page that has lost its stream
//! reads all of its parts once it has it again, so a stream needs no memory.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use console::error::Problem;
use futures_util::StreamExt as _;
use protocol::ids::{BusinessId, CallSid};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use tokio::time::{Interval, Sleep, interval, sleep};
use uuid::Uuid;
use warp::reply::Reply as _;
use warp::sse::Event;

use super::pulse::{Batch, Change};
use super::refused::Answer;
use super::visit::Visit;

/// How long a stream lasts. Then the browser asks for another one, with its session.
const LIFE: Duration = Duration::from_secs(300);
/// How often a page that shows how long something lasts reads it again.
const TICK: Duration = Duration::from_secs(30);
/// The same for the page of the actors.
const SYSTEM_TICK: Duration = Duration::from_secs(5);

/// A page that moves, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Watched {
    Today,
    Calls,
    Call(CallSid),
    TestCall(CallSid),
    Calendar,
    Leads,
    Messages,
    Conversation(Uuid),
    System,
}

impl Watched {
    /// The page of a business with this word in the address of its stream.
    fn of(word: &str, about: Option<&str>) -> Option<Self> {
        Some(match (word, about) {
            ("today", None) => Self::Today,
            ("calls", None) => Self::Calls,
            ("call", Some(sid)) => Self::Call(CallSid::parse(sid).ok()?),
            ("test-call", Some(sid)) => Self::TestCall(CallSid::parse(sid).ok()?),
            ("calendar", None) => Self::Calendar,
            ("leads", None) => Self::Leads,
            ("messages", None) => Self::Messages,
            ("conversation", Some(id)) => Self::Conversation(Uuid::parse_str(id).ok()?),
            _ => return None,
        })
    }

    /// All of its parts, as its template names them.
    fn parts(&self) -> &'static [&'static str] {
        match self {
            Self::Today => {
                &["answering", "live", "call-back", "visits", "conversations", "failed", "counts"]
            }
            Self::Calls => &["calls"],
            Self::Call(_) => &["state", "timeline", "talk", "outcome", "waits"],
            Self::TestCall(_) => &["state", "talk"],
            Self::Calendar => &["week"],
            Self::Leads => &["leads"],
            Self::Messages => &["conversations"],
            Self::Conversation(_) => &["need", "talk"],
            Self::System => &["checks", "figures", "nodes", "actors", "webhooks"],
        }
    }

    /// What of it is told as a length of time.
    fn ticking(&self) -> &'static [&'static str] {
        match self {
            Self::Today => &["answering", "live"],
            Self::System => &["figures", "nodes", "actors"],
            Self::Calls
            | Self::Call(_)
            | Self::TestCall(_)
            | Self::Calendar
            | Self::Leads
            | Self::Messages
            | Self::Conversation(_) => &[],
        }
    }

    /// What of it a change may have changed.
    fn changed(&self, change: &Change) -> &'static [&'static str] {
        match (self, change) {
            (Self::Call(own) | Self::TestCall(own), Change::Call { call, .. }) if own != call => {
                &[]
            }
            (Self::Conversation(own), Change::Conversation(id)) if own != id => &[],
            (Self::Today, Change::Call { .. }) => {
                &["live", "call-back", "visits", "failed", "counts"]
            }
            (Self::Today, Change::Conversation(_)) => &["call-back", "conversations"],
            (
                Self::Calls
                | Self::Call(_)
                | Self::TestCall(_)
                | Self::Calendar
                | Self::Leads
                | Self::System,
                Change::Call { .. },
            )
            | (
                Self::Messages | Self::Conversation(_) | Self::Leads | Self::Calendar,
                Change::Conversation(_),
            )
            | (_, Change::Records) => self.parts(),
            (Self::Messages | Self::Conversation(_), Change::Call { .. })
            | (
                Self::Calls | Self::Call(_) | Self::TestCall(_) | Self::System,
                Change::Conversation(_),
            ) => &[],
        }
    }

    fn tick(&self) -> Duration {
        if *self == Self::System { SYSTEM_TICK } else { TICK }
    }
}

/// The stream of one of a business's pages: `events/PAGE`, and `?about=` for a call or a conversation.
pub(super) async fn of_business(visit: Visit<'_>) -> Answer {
    let watched = Watched::of(visit.parameter("page"), visit.query.get("about"));
    let watched = watched.ok_or(Problem::NotFound)?;
    let business = visit.business()?.id;
    stream(&visit, watched, Some(business))
}

/// The stream of the page of the actors.
pub(super) async fn of_system(visit: Visit<'_>) -> Answer {
    stream(&visit, Watched::System, None)
}

fn stream(visit: &Visit<'_>, watched: Watched, business: Option<BusinessId>) -> Answer {
    let place = Arc::clone(&visit.state.streams).try_acquire_owned();
    let place = place.map_err(|_| Problem::TooMany)?;
    let mut tick = interval(watched.tick());
    // The page has just been read.
    tick.reset();
    let open = Open {
        batches: visit.state.pulse.listen(),
        tick,
        end: Box::pin(sleep(LIFE)),
        watched,
        business,
        _place: place,
    };
    let events = futures_util::stream::unfold(open, async |mut open| {
        let parts = open.next().await?;
        let text = Vec::from_iter(parts).join(" ");
        Some((Ok::<_, Infallible>(Event::default().event("changed").data(text)), open))
    });
    let stop = visit.state.operator.stop.clone();
    let events = Box::pin(events.take_until(stop.cancelled_owned()));
    Ok(warp::sse::reply(warp::sse::keep_alive().stream(events)).into_response())
}

/// An open stream.
struct Open {
    batches: broadcast::Receiver<Batch>,
    tick: Interval,
    /// Of the stream's life.
    end: Pin<Box<Sleep>>,
    watched: Watched,
    /// `None`: the page is about all.
    business: Option<BusinessId>,
    _place: OwnedSemaphorePermit,
}

impl Open {
    /// The parts that have changed; waits until there are some. `None`: the stream has lasted long enough.
    async fn next(&mut self) -> Option<BTreeSet<&'static str>> {
        loop {
            let parts: BTreeSet<_> = tokio::select! {
                biased;
                () = &mut self.end => return None,
                batch = self.batches.recv() => match batch {
                    Ok(batch) => self.changed(&batch),
                    Err(RecvError::Lagged(_)) => self.watched.parts().iter().copied().collect(),
                    Err(RecvError::Closed) => return None,
                },
                _ = self.tick.tick() => self.watched.ticking().iter().copied().collect(),
            };
            if !parts.is_empty() {
                return Some(parts);
            }
        }
    }

    fn changed(&self, batch: &Batch) -> BTreeSet<&'static str> {
        let own = batch.iter().filter(|change| self.is_shown(change));
        own.flat_map(|change| self.watched.changed(change)).copied().collect()
    }

    /// Nobody is told when the telephone of another business rings.
    fn is_shown(&self, change: &Change) -> bool {
        match (self.business, change) {
            (Some(own), Change::Call { business: Some(business), .. }) => own == *business,
            (None, _)
            | (
                _,
                Change::Call { business: None, .. } | Change::Conversation(_) | Change::Records,
            ) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(last: u8) -> CallSid {
        CallSid::parse(&format!("CA0000000000000000000000000000000{last}")).unwrap()
    }

    fn all() -> Vec<Watched> {
        vec![
            Watched::Today,
            Watched::Calls,
            Watched::Call(call(1)),
            Watched::TestCall(call(1)),
            Watched::Calendar,
            Watched::Leads,
            Watched::Messages,
            Watched::Conversation(Uuid::from_u128(1)),
            Watched::System,
        ]
    }

    #[test]
    fn con_4_a_page_is_told_of_parts_that_it_has() {
        let changes = [
            Change::Call { call: call(1), business: None },
            Change::Conversation(Uuid::from_u128(1)),
            Change::Records,
        ];
        for page in all() {
            for change in &changes {
                let parts = page.changed(change);
                assert!(parts.iter().all(|part| page.parts().contains(part)), "{page:?}");
            }
            assert!(page.ticking().iter().all(|part| page.parts().contains(part)), "{page:?}");
            assert_eq!(page.changed(&Change::Records), page.parts(), "{page:?}");
        }
    }

    #[test]
    fn con_4_a_call_s_page_is_not_told_of_another_call() {
        let other = Change::Call { call: call(2), business: None };
        assert!(Watched::Call(call(1)).changed(&other).is_empty());
        let other = Change::Conversation(Uuid::from_u128(2));
        assert!(Watched::Conversation(Uuid::from_u128(1)).changed(&other).is_empty());
    }

    #[test]
    fn con_4_a_stream_has_an_address_for_each_page_of_a_business() {
        let sid = call(1).to_string();
        let id = Uuid::from_u128(1).to_string();
        for page in all() {
            let (word, about) = match &page {
                Watched::Today => ("today", None),
                Watched::Calls => ("calls", None),
                Watched::Call(_) => ("call", Some(sid.as_str())),
                Watched::TestCall(_) => ("test-call", Some(sid.as_str())),
                Watched::Calendar => ("calendar", None),
                Watched::Leads => ("leads", None),
                Watched::Messages => ("messages", None),
                Watched::Conversation(_) => ("conversation", Some(id.as_str())),
                Watched::System => continue,
            };
            assert_eq!(Watched::of(word, about), Some(page));
        }
        assert_eq!(Watched::of("call", None), None);
        assert_eq!(Watched::of("call", Some("CA1")), None);
        assert_eq!(Watched::of("system", None), None);
    }
}
