use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

const FIRST: &str = "CA00000000000000000000000000000009";
const SECOND: &str = "CA00000000000000000000000000000001";

/// A file in memory.
#[derive(Clone, Default)]
struct File(Arc<Mutex<Vec<u8>>>);

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file on a full disk.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// As an actor's handler does it.
fn in_handler(call: &str, message: &str) {
    let (actor, generation, may_panic) = ("twilio_io", 2_u32, true);
    tracing::trace!(
        target: actors::trace::TARGET, call, actor, generation, may_panic, "{message}"
    );
}

#[test]
fn a_point_is_one_line_with_its_time_its_call_and_its_actor() {
    let (file, time) = (File::default(), Arc::new(AtomicU64::new(0)));
    let clock = Arc::clone(&time);
    let output: Box<dyn Write + Send> = Box::new(file.clone());
    let trace = Trace::new(move || clock.load(Ordering::Relaxed), Some(output));
    let listening = trace.listen();
    actors::trace::point("", "webhook", format_args!("two\nlines"));
    time.store(1250, Ordering::Relaxed);
    in_handler(FIRST, "takes 3");
    in_handler(SECOND, "takes 1");
    in_handler(FIRST, "done 3");
    tracing::trace!("an ordinary line");
    drop(listening);
    in_handler(FIRST, "nobody listens");

    let lines = [
        r"0 - webhook/0 two\nlines",
        "1250 call-1 twilio_io/2 takes 3",
        "1250 call-2 twilio_io/2 takes 1",
        "1250 call-1 twilio_io/2 done 3",
    ];
    trace.flush().unwrap();
    let written = String::from_utf8(file.0.lock().unwrap().clone()).unwrap();
    assert_eq!(written.lines().collect::<Vec<_>>(), lines);
    assert_eq!(trace.points(), 4);
    assert_eq!(trace.last(), lines[..3], "what an actor does with each event is left out");
    assert_eq!(trace.last_of(FIRST), [lines[1]]);
    assert_eq!(trace.last_of("CA0"), [""; 0]);
}

#[test]
fn the_last_lines_of_a_quiet_call_outlast_those_of_a_loud_one() {
    let trace = Trace::new(|| 7, None);
    let _listening = trace.listen();
    in_handler(FIRST, "once");
    for n in 1..=100 {
        in_handler(SECOND, &n.to_string());
    }
    assert_eq!(trace.last_of(FIRST), ["7 call-1 twilio_io/2 once"]);
    assert_eq!(trace.last_of(SECOND).len(), 60);
    assert_eq!(trace.last().first().unwrap(), "7 call-2 twilio_io/2 41");
}

#[test]
fn audio_does_not_push_out_the_last_lines() {
    let trace = Trace::new(|| 7, None);
    let _listening = trace.listen();
    in_handler(FIRST, "takes 9");
    for _ in 0..100 {
        in_handler(FIRST, "OpenAI's audio resp_1 item_1: 800 bytes 0badcafe");
        in_handler(FIRST, "to Twilio: media 800 bytes 0badcafe");
    }
    assert_eq!(trace.last_of(FIRST), ["7 call-1 twilio_io/2 takes 9"]);
}

#[test]
fn the_first_error_of_the_file_is_reported() {
    let trace = Trace::new(|| 0, Some(Box::new(Full)));
    let _listening = trace.listen();
    let long = "x".repeat(100_000);
    in_handler(FIRST, &long);
    assert_eq!(trace.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
}

#[test]
fn a_panic_at_a_point_reaches_the_handler_and_leaves_the_trace_usable() {
    let trace = Trace::new(|| 0, None);
    let reader = trace.clone();
    trace.set_hook(move |point| {
        assert_eq!(reader.points(), point.number, "a hook may read the trace");
        if point.message == "fatal" { Verdict::Panic } else { Verdict::GoOn }
    });
    let _listening = trace.listen();
    for round in 1..=3 {
        assert!(catch_unwind(AssertUnwindSafe(|| in_handler(FIRST, "fatal"))).is_err());
        in_handler(FIRST, "harmless");
        assert_eq!(trace.points(), 2 * round);
    }
}

#[test]
fn only_points_in_a_handler_of_a_call_panic() {
    let trace = Trace::new(|| 0, None);
    trace.set_hook(|_| Verdict::Panic);
    let _listening = trace.listen();
    actors::trace::point(FIRST, "webhook", format_args!("goes on"));
    assert_eq!(trace.points(), 1);
}

#[test]
fn the_daemon_and_the_practice_world_trace_alike() {
    assert_eq!(actors::trace::TARGET, practice::trace::TARGET);
    for bytes in [&b""[..], b"a", &[0xff; 160]] {
        assert_eq!(actors::trace::checksum(bytes), practice::trace::checksum(bytes));
    }
}

/// Each call is the same callsite, and no other test comes to it.
fn at_a_callsite_of_its_own() {
    tracing::trace!(
        target: actors::trace::TARGET, call = FIRST, actor = "lead", generation = 0_u32, may_panic = false, "seen"
    );
}

#[test]
fn a_thread_that_traces_nothing_does_not_turn_off_what_another_one_traces() {
    let trace = Trace::new(|| 0, None);
    let _listening = trace.listen();
    std::thread::spawn(at_a_callsite_of_its_own).join().unwrap();
    at_a_callsite_of_its_own();
    assert_eq!(trace.points(), 1);
}
