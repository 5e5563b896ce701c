//! What one call or one session sends, and what of it comes.

use std::cell::{Cell, RefCell};

use super::stamp::Stamp;
use super::tally::Tally;
use crate::bench::findings::Direction;

#[derive(Default)]
pub(super) struct Source {
    sent: Cell<u32>,
    tally: RefCell<Tally>,
    altered: Cell<u64>,
    stale: Cell<u64>,
    /// The first piece of each response, and whether the caller has interrupted it.
    responses: RefCell<Vec<(u32, bool)>>,
    /// Its call is about to end: nothing more is sent.
    is_silent: Cell<bool>,
    /// Its call has ended: what has not come is lost.
    is_over: Cell<bool>,
}

impl Source {
    /// The number of the next piece, which is being sent.
    pub(super) fn next(&self) -> u32 {
        self.sent.replace(self.sent.get() + 1)
    }

    pub(super) fn begin_response(&self) {
        self.responses.borrow_mut().push((self.sent.get(), false));
    }

    /// The caller has interrupted the last response.
    pub(super) fn cut(&self) {
        if let Some((_, is_cut)) = self.responses.borrow_mut().last_mut() {
            *is_cut = true;
        }
    }

    fn is_cut(&self, number: u32) -> bool {
        let responses = self.responses.borrow();
        responses.iter().rev().find(|(first, _)| *first <= number).is_some_and(|(_, cut)| *cut)
    }

    pub(super) fn came(&self, stamp: Stamp, is_whole: bool) {
        self.tally.borrow_mut().came(stamp.number);
        if !is_whole {
            self.altered.set(self.altered.get() + 1);
        }
        if self.is_cut(stamp.number) {
            self.stale.set(self.stale.get() + 1);
        }
    }

    pub(super) fn fall_silent(&self) {
        self.is_silent.set(true);
    }

    pub(super) fn is_silent(&self) -> bool {
        self.is_silent.get()
    }

    pub(super) fn end(&self) {
        self.is_over.set(true);
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// Whether all came that was sent, and not cut.
    pub(super) fn is_complete(&self) -> bool {
        let mut total = Direction::default();
        self.add_to(&mut total);
        total.lost == 0
    }

    pub(super) fn add_to(&self, total: &mut Direction) {
        let tally = self.tally.borrow();
        total.sent += u64::from(self.sent.get());
        total.doubled += tally.doubled;
        total.reordered += tally.reordered;
        total.altered += self.altered.get();
        total.stale += self.stale.get();
        for number in tally.missing(self.sent.get()) {
            let count = if self.is_cut(number) { &mut total.cut } else { &mut total.lost };
            *count += 1;
        }
    }
}
