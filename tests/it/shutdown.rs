//! The daemon is told to stop while people speak with it (RES-6).

use std::time::Duration;

use actors::introspection::IntrospectionEvent;
use frontdesk::app::{App, Outcome};
use frontdesk::config::DatabaseUrl;
use frontdesk::network::Network;
use frontdesk::network::memory::Conditions;
use frontdesk::world::{Plan, World};
use practice::twilio::{CallView, Dial, Done, EndedBy, StreamEnd};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::support::{brief, http_client, number, recorded, virtually, within, world};

#[test]
fn res_6_a_drain_takes_no_new_calls_ends_live_ones_politely_and_then_stops() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.config.server.drain_timeout = Duration::ZERO;
            // Long enough to observe the draining daemon.
            plan.business.ending.hangup_delay = Duration::from_secs(3);
        })
        .await;
        let lines = world.business.lines();
        let to = world.business.phone_numbers[0].to_string();
        let open = world.dial(&number(1));
        within("the greeting", open.hears(&lines.greeting)).await.unwrap();
        let mut late = Dial::new(number(2).as_str(), &to);
        late.line.start_delay = Duration::from_secs(60);
        let without_stream = world.carrier.dial(&late);
        within("the handshake", without_stream.stream_opened()).await.unwrap();

        let mut news = world.app.services().introspection.listen();
        let http = http_client(&world);
        let ready = format!("http://{}/readyz", world.app.twilio_address());
        let World { app, carrier, .. } = world;
        let (stop, stopped) = oneshot::channel::<()>();
        let told = async { drop(stopped.await) };
        let serving = tokio::spawn(app.serve_until(told, std::future::pending()));
        assert_eq!(http.get(&ready).send().await.unwrap().status, 200);
        stop.send(()).unwrap();

        let dropped = within("the end of the call without a stream", without_stream.ended()).await;
        assert_eq!(dropped.ended_by, EndedBy::Rest);
        within("the closing line", open.hears(&lines.closing)).await.unwrap();
        assert_eq!(http.get(&ready).send().await.unwrap().status, 503);
        let new = carrier.dial(&Dial::new(number(3).as_str(), &to));
        let refused = within("the apology", new.ended()).await;
        assert_eq!(refused.ended_by, EndedBy::HangupVerb);
        let Done::Said { text, .. } = &refused.view.verbs[0].what else { panic!("{refused:?}") };
        assert_eq!(*text, lines.apology);

        let outcome = within("the end", open.ended()).await;
        assert_eq!(outcome.ended_by, EndedBy::Rest);
        assert_eq!(outcome.view.hang_up_requests, 1);
        assert_eq!(outcome.view.streams[0].ended, Some(StreamEnd::Stopped));
        assert_eq!(outcome.view.violations, []);
        assert_eq!(within("the stop", serving).await.unwrap(), Outcome::Stopped);
        let mut ends = Vec::new();
        while let Ok(event) = news.try_recv() {
            if let IntrospectionEvent::CallEnded { call_sid, reason } = event {
                ends.push((call_sid, reason));
            }
        }
        let both = [&without_stream, &open].map(|caller| caller.call_sid().clone());
        assert_eq!(ends, both.map(|call| (call, "shutdown".to_owned())));
        carrier.stop().await;
    });
}

#[test]
fn res_6_a_drain_lets_running_calls_go_on_and_ends_those_that_are_left_after_its_time() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.config.server.drain_timeout = Duration::from_mins(5);
            plan.business.silence.timeout = Duration::from_mins(10);
        })
        .await;
        let lines = world.business.lines();
        let [first, second] = [1, 2].map(|n| world.dial(&number(n)));
        for caller in [&first, &second] {
            within("the greeting", caller.hears(&lines.greeting)).await.unwrap();
        }
        let calls = world.app.calls().clone();
        let clock = world.app.services().clock;
        let World { app, carrier, business, .. } = world;
        let begun = clock.now();
        let stop = std::future::ready(());
        let serving = tokio::spawn(app.serve_until(stop, std::future::pending()));
        let to = business.phone_numbers[0].to_string();
        let refused = carrier.dial(&Dial::new(number(3).as_str(), &to));
        within("the apology", refused.ended()).await;

        // A minute later both go on, and one ends by itself.
        tokio::time::sleep(Duration::from_mins(1)).await;
        for caller in [&first, &second] {
            within("a question", caller.say("בתל אביב")).await.unwrap();
            within("its answer", caller.hears("בתל אביב")).await.unwrap();
        }
        first.hang_up();
        let outcome = within("its end", first.ended()).await;
        assert_eq!((outcome.ended_by, outcome.view.hang_up_requests), (EndedBy::CallerHangUp, 0));
        tokio::time::sleep(Duration::from_mins(3)).await;
        assert_eq!(calls.list().await.len(), 1, "the other goes on");

        // Nobody speaks for so long: `within` would give up.
        let closing = tokio::time::timeout(Duration::from_mins(2), second.hears(&lines.closing));
        closing.await.expect("the closing line").unwrap();
        let drained = clock.now() - begun;
        assert!(drained > Duration::from_mins(5), "{drained:?}");
        assert!(drained < Duration::from_mins(5) + Duration::from_secs(30), "{drained:?}");
        let outcome = within("the end", second.ended()).await;
        assert_eq!((outcome.ended_by, outcome.view.hang_up_requests), (EndedBy::Rest, 1));
        assert_eq!(within("the stop", serving).await.unwrap(), Outcome::Stopped);
        carrier.stop().await;
    });
}

#[test]
fn res_6_a_second_signal_ends_at_once() {
    virtually(async {
        let world = world(brief).await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
        let World { app, carrier, .. } = world;
        let serving = app.serve_until(std::future::ready(()), std::future::ready(()));
        assert_eq!(within("the stop", serving).await, Outcome::Stopped);
        let ended = |view: &CallView| view.streams[0].ended.is_some();
        within("the stream's end", caller.until(ended)).await.unwrap();
        carrier.stop().await;
    });
}

/// A call that Twilio places while the daemon stops has its row.
fn places_a_call_while_it(stops: impl AsyncFnOnce(App) + 'static) {
    virtually(async move {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("calls.db").display());
        let on_disk = |plan: &mut Plan| {
            brief(plan);
            plan.config.database.url = DatabaseUrl::parse(&url).unwrap();
        };
        let first = world(on_disk).await;
        let Network::Memory(network) = first.network() else { panic!("a virtual test") };
        let route = network.route(first.carrier.api_address());
        let delay = Duration::from_secs(2);
        route.set_new(Conditions { delay, ..Conditions::default() });
        let (slug, to) = (first.business.slug.to_string(), number(7));
        let body = json!({ "business": slug, "to": to.as_str() });
        let client = first.post_json("api/calls", &body);
        timeout(Duration::from_secs(1), client).await.unwrap_err();
        let World { app, carrier, .. } = first;
        stops(app).await;
        let callee = within("the callee", carrier.callee(to.as_str(), "he")).await;

        let second = world(on_disk).await;
        recorded(&second, callee.call_sid(), |record| record.to_number == to).await;
        second.close().await;
    });
}

#[test]
fn res_6_a_drain_waits_for_the_row_of_a_call_that_is_being_placed() {
    places_a_call_while_it(async |app| {
        app.serve_until(std::future::ready(()), std::future::pending()).await;
    });
}

#[test]
fn cal_8_a_call_that_twilio_places_while_the_daemon_stops_at_once_has_its_row() {
    places_a_call_while_it(async |app| app.stop().await);
}
