//! A value that one generation of an actor holds at a time. ractor tells a parent of a death before
//! the dead actor's state is dropped; whoever takes a lease waits until it really was given back.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The slot of a leased value.
pub struct Lease<T> {
    slot: Arc<Slot<T>>,
}

struct Slot<T> {
    value: Mutex<Option<T>>,
    returned: Notify,
}

/// The value, for as long as this is held; dropping it gives the value back, also in a panic.
pub struct Leased<T> {
    value: Option<T>,
    slot: Arc<Slot<T>>,
}

impl<T> Lease<T> {
    /// A slot that holds `value`.
    #[must_use]
    pub fn new(value: T) -> Self {
        let (value, returned) = (Mutex::new(Some(value)), Notify::new());
        Self { slot: Arc::new(Slot { value, returned }) }
    }

    /// Takes the value; waits until its last holder has given it back.
    pub async fn take(&self) -> Leased<T> {
        loop {
            let returned = self.slot.returned.notified();
            if let Some(value) = self.slot.lock().take() {
                return Leased { value: Some(value), slot: Arc::clone(&self.slot) };
            }
            returned.await;
        }
    }
}

impl<T> Clone for Lease<T> {
    fn clone(&self) -> Self {
        Self { slot: Arc::clone(&self.slot) }
    }
}

impl<T> Slot<T> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<T>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Deref for Leased<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.value {
            Some(value) => value,
            None => unreachable!("a leased value is there until it is dropped"),
        }
    }
}

impl<T> DerefMut for Leased<T> {
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.value {
            Some(value) => value,
            None => unreachable!("a leased value is there until it is dropped"),
        }
    }
}

impl<T> Drop for Leased<T> {
    fn drop(&mut self) {
        *self.slot.lock() = self.value.take();
        self.slot.returned.notify_one();
    }
}

impl<T> fmt::Debug for Leased<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leased")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn res_2_a_value_is_held_by_one_generation_at_a_time_and_survives_a_panic() {
        let lease = Lease::new(1);
        let mut held = lease.take().await;
        *held += 1;
        let next = tokio::spawn({
            let lease = lease.clone();
            async move { *lease.take().await }
        });
        let died = tokio::spawn(async move {
            let _held = held;
            panic!("in the middle of it");
        });
        assert!(died.await.is_err());
        assert_eq!(next.await.unwrap(), 2);
    }
}
