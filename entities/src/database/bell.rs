//! Rings when a unit of work is done that has written events: whoever sends them looks at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// The bell of one process. Clones are the same bell.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Returns when it has rung since the last return. It is for one listener.
    pub async fn rung(&self) {
        self.0.notified().await;
    }

    pub(crate) fn ring(&self) {
        self.0.notify_one();
    }
}

/// Rings when its last clone is dropped, if events were written. A unit of work holds one until its
/// transaction is over.
#[derive(Debug, Clone)]
pub struct Told(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bell: Bell,
    is_something: AtomicBool,
}

impl Told {
    pub(super) fn new(bell: &Bell) -> Self {
        Self(Arc::new(Inner { bell: bell.clone(), is_something: AtomicBool::new(false) }))
    }

    /// An event is written.
    pub(crate) fn something(&self) {
        self.0.is_something.store(true, Ordering::Relaxed);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if *self.is_something.get_mut() {
            self.bell.ring();
        }
    }
}
