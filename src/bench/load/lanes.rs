//! The callers, by their millisecond among the 20 from frame to frame.

use std::cell::RefCell;
use std::rc::Rc;

/// From frame to frame, in milliseconds.
const FRAME_MS: usize = 20;

/// One who calls.
pub(super) trait Speaker {
    /// 20 ms have passed.
    fn tick(&self);
    fn hang_up(&self);
}

#[derive(Default)]
pub(super) struct Lanes(RefCell<[Vec<Rc<dyn Speaker>>; FRAME_MS]>);

impl Lanes {
    /// The caller joins the fewest.
    pub(super) fn add(&self, caller: Rc<dyn Speaker>) {
        let mut lanes = self.0.borrow_mut();
        if let Some(lane) = lanes.iter_mut().min_by_key(|lane| lane.len()) {
            lane.push(caller);
        }
    }

    pub(super) fn remove(&self, caller: &Rc<dyn Speaker>) {
        for lane in self.0.borrow_mut().iter_mut() {
            lane.retain(|it| !Rc::ptr_eq(it, caller));
        }
    }

    /// Lets those send whose millisecond it is.
    pub(super) fn tick(&self, millisecond: u64) {
        let lanes = self.0.borrow();
        lanes[millisecond as usize % FRAME_MS].iter().for_each(|caller| caller.tick());
    }

    pub(super) fn hang_up(&self) {
        self.0.borrow().iter().flatten().for_each(|caller| caller.hang_up());
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[derive(Default)]
    struct Counter(Cell<u32>);

    impl Speaker for Counter {
        fn tick(&self) {
            self.0.set(self.0.get() + 1);
        }

        fn hang_up(&self) {}
    }

    #[test]
    fn callers_are_spread_evenly_and_those_who_left_send_nothing() {
        let lanes = Lanes::default();
        let counters: [Rc<Counter>; 40] = std::array::from_fn(|_| Rc::default());
        let callers = counters.each_ref().map(|it| Rc::clone(it) as Rc<dyn Speaker>);
        callers.iter().for_each(|caller| lanes.add(Rc::clone(caller)));
        assert!(lanes.0.borrow().iter().all(|lane| lane.len() == 2));
        lanes.remove(&callers[7]);
        (0..60).for_each(|millisecond| lanes.tick(millisecond));
        let sent: Vec<u32> = counters.iter().map(|counter| counter.0.get()).collect();
        assert_eq!((sent[7], sent.iter().sum::<u32>()), (0, 39 * 3));
    }
}
