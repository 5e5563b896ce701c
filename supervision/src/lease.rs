//! A value that one generation of an actor holds at a time, and that outlives them all.
//!
//! ractor reports an actor's death before it drops the dead actor's state. A lease makes the
//! successor wait for that drop.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

/// The supervisor's side of a leased value: a socket, the end of a queue, a state machine. Clones
/// are the same lease.
///
/// ```
/// use supervision::Lease;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let lease = Lease::new(vec!["connected"]);
/// let holder = lease.clone();
/// let crash = tokio::spawn(async move {
///     holder.take().await.push("subscribed");
///     panic!("a bug");
/// });
/// assert!(crash.await.is_err());
/// assert_eq!(*lease.take().await, ["connected", "subscribed"]);
/// # }
/// ```
#[derive(Debug)]
pub struct Lease<T> {
    slot: Arc<Mutex<T>>,
}

impl<T> Lease<T> {
    /// A lease of `value`. Nobody holds it yet.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { slot: Arc::new(Mutex::new(value)) }
    }

    /// Takes the value as soon as its former holder has dropped it. Waiting takers are served in
    /// order.
    ///
    /// Await it in a task, or where the former holder is known to be gone. Never await it in a
    /// handler that the former holder may wait for.
    pub async fn take(&self) -> Leased<T> {
        Leased { value: Arc::clone(&self.slot).lock_owned().await }
    }
}

impl<T> Clone for Lease<T> {
    fn clone(&self) -> Self {
        Self { slot: Arc::clone(&self.slot) }
    }
}

/// The holder's side of a leased value. Dropping it, by a panic too, returns the value as it is at
/// that moment. So the holder must keep the value usable after every step.
pub struct Leased<T> {
    value: OwnedMutexGuard<T>,
}

impl<T> Deref for Leased<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Leased<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> fmt::Debug for Leased<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leased")
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn res_2_invariant_8_a_successor_waits_until_the_former_holder_drops_the_value() {
        let lease = Lease::new(vec![1]);
        let mut former = lease.take().await;
        former.push(2);

        let mut successor = Box::pin(lease.take());
        assert!(successor.as_mut().now_or_never().is_none());
        drop(former);
        assert_eq!(*successor.await, [1, 2]);
    }

    #[tokio::test]
    async fn res_2_a_holder_that_panics_returns_the_value_as_it_was() {
        let lease = Lease::new(0);
        let holder = lease.clone();
        let died = tokio::spawn(async move {
            let mut held = holder.take().await;
            *held = 7;
            panic!("in the middle of something");
        });
        assert!(died.await.unwrap_err().is_panic());
        assert_eq!(*lease.take().await, 7);
    }
}
