//! Which connections wait for a request, whole with its body. When too many wait, the oldest is closed:
//! half-open connections and idle ones never take the place of a request.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, SizeHint};
use tokio_util::sync::CancellationToken;

/// The most connections that wait for a request.
const MAX_WAITING: usize = 1024;

/// The places of one listener. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    /// Oldest first.
    connections: BTreeMap<u64, CancellationToken>,
}

/// One connection's place. Clones are the same connection's.
#[derive(Debug, Clone)]
pub(super) struct Place(Arc<Connection>);

#[derive(Debug)]
struct Connection {
    places: Places,
    closed: CancellationToken,
    /// Its number among those that wait; `None` while a request is answered.
    waits_as: Mutex<Option<u64>>,
}

impl Places {
    /// A new connection waits.
    pub(super) fn enter(&self) -> Place {
        let closed = CancellationToken::new();
        let place = Connection { places: self.clone(), closed, waits_as: Mutex::default() };
        let place = Place(Arc::new(place));
        place.wait();
        place
    }
}

impl Place {
    /// The request has been read. Its answer is not broken off.
    pub(super) fn serve(&self) {
        self.leave();
    }

    /// Waits for the next request.
    fn wait(&self) {
        let mut waiting = self.0.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.next += 1;
        let number = waiting.next;
        waiting.connections.insert(number, self.0.closed.clone());
        *self.0.waits_as.lock().unwrap_or_else(PoisonError::into_inner) = Some(number);
        if waiting.connections.len() > MAX_WAITING
            && let Some((_, oldest)) = waiting.connections.pop_first()
        {
            oldest.cancel();
        }
    }

    /// Ends the connection's stay.
    pub(super) fn leave(&self) {
        let mut waiting = self.0.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.0.waits_as.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(number) = number {
            waiting.connections.remove(&number);
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.0.waits_as.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Waits until the place is needed.
    pub(super) async fn closed(&self) {
        self.0.closed.cancelled().await;
    }
}

/// The body of an answer. When it is sent, its connection waits again.
pub(super) struct Answering<B> {
    body: B,
    place: Place,
}

impl<B> Answering<B> {
    pub(super) fn new(body: B, place: Place) -> Self {
        Self { body, place }
    }
}

impl<B> Drop for Answering<B> {
    fn drop(&mut self) {
        if !self.place.is_waiting() {
            self.place.wait();
        }
    }
}

impl<B: Body + Unpin> Body for Answering<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_closed(place: &Place) -> bool {
        place.0.closed.is_cancelled()
    }

    #[test]
    fn ops_6_the_oldest_connection_that_waits_gives_way_and_none_that_is_answered() {
        let places = Places::default();
        let answered = places.enter();
        answered.serve();
        let mut waiting: Vec<_> = (0..MAX_WAITING).map(|_| places.enter()).collect();
        assert!(!waiting.iter().any(is_closed));
        let another = places.enter();
        assert!(is_closed(&waiting[0]) && !is_closed(&waiting[1]) && !is_closed(&another));
        drop(Answering::new((), answered.clone()));
        assert!(answered.is_waiting() && !is_closed(&answered), "it is the newest now");
        assert!(is_closed(&waiting[1]));
        waiting.drain(2..).for_each(|place| place.leave());
        let kept = places.0.lock().unwrap().connections.len();
        assert_eq!(kept, 2, "{another:?} and {answered:?}");
    }
}
