use std::time::Duration;

use super::*;

#[test]
fn ops_3_a_bound_belongs_to_its_bucket_and_what_is_above_all_is_counted() {
    let histogram = Histogram::new(&[1_000, 2_000]);
    for micros in [0, 1_000, 1_001, 2_000, 2_001, u64::MAX / 2] {
        histogram.observe(Duration::from_micros(micros));
    }
    let bounds = [Some(Duration::from_millis(1)), Some(Duration::from_millis(2)), None];
    let expected: Vec<_> = bounds.into_iter().zip([2, 4, 6]).collect();
    assert_eq!(histogram.cumulative(), expected);
    assert_eq!(histogram.sum(), Duration::from_micros(6_002 + u64::MAX / 2));
}

#[test]
fn ops_3_the_bounds_grow() {
    for bounds in [&WAITS[..], &OWN_SHARE, &TOOL_TIMES] {
        assert!(bounds.is_sorted_by(|one, next| one < next), "{bounds:?}");
    }
}

#[test]
fn ops_3_what_is_not_among_the_labels_is_other_or_nothing() {
    let metrics = Metrics::default();
    metrics.tools.of("made_up_by_the_model").unwrap().observe(Duration::ZERO);
    let used: Vec<_> = (metrics.tools.iter())
        .filter(|(_, tool)| tool.cumulative().iter().any(|(_, count)| *count > 0))
        .map(|(label, _)| label)
        .collect();
    assert_eq!(used, [OTHER]);
    assert!(metrics.restarts.of("no such actor").is_none());
}

#[test]
fn ops_3_a_call_ends_once_and_keeps_its_frames() {
    let (metrics, call) = (Metrics::default(), crate::testing::call_sid());
    let (uplink, loudness) = (Arc::<Uplink>::default(), Arc::default());
    metrics.call_began(&call, &uplink, &loudness);
    let now = crate::clock::Clock::start().now();
    for frame in 0..3 {
        let silence = protocol::audio::payload::Payload::silence(1);
        uplink.push(silence, frame * 20, now);
    }
    assert!(matches!(uplink.take(now), crate::audio::uplink::Next::Frame(_)));
    let sent = Frames { sent: 1, ..Frames::default() };
    assert_eq!(metrics.audio(), AudioView { calls: 1, frames: sent, waiting: 2 });
    metrics.call_over(&call, EndReason::NoResponse);
    metrics.call_over(&call, EndReason::Internal);
    assert_eq!(metrics.audio(), AudioView { calls: 0, frames: sent, waiting: 0 });
    let ended: Vec<_> = metrics.ended.iter().filter(|(_, count)| count.get() > 0).collect();
    assert!(matches!(ended[..], [("no_response", count)] if count.get() == 1), "{ended:?}");
}
