//! Each fault, at exact times.

use super::*;

const DELAYED: Conditions = Conditions { delay: Duration::from_millis(250), flow: Flow::Passing };
const STALLED: Conditions = Conditions { delay: Duration::ZERO, flow: Flow::Stalled };
const BLACK_HOLE: Conditions = Conditions { delay: Duration::ZERO, flow: Flow::BlackHole };
const FAITHFUL: Conditions = Conditions { delay: Duration::ZERO, flow: Flow::Passing };

/// Does something at this time from now.
fn after(time: u64, act: impl FnOnce() + Send + 'static) {
    tokio::spawn(async move {
        tokio::time::sleep(ms(time)).await;
        act();
    });
}

#[tokio::test(start_paused = true)]
async fn a_delayed_chunk_arrives_later_and_in_order_also_when_the_delay_shrinks() {
    let mut pair = Pair::open().await;
    let began = now();
    pair.route().set_open(DELAYED);
    pair.dialer.write_all(b"a").await.unwrap();
    tokio::time::sleep(ms(100)).await;
    pair.dialer.write_all(b"b").await.unwrap();
    pair.route().set_open(FAITHFUL);
    pair.dialer.write_all(b"c").await.unwrap();
    drop(pair.dialer);
    let mut arrived = Vec::new();
    loop {
        let text = read(&mut pair.server).await.unwrap();
        arrived.push(((now() - began).as_millis(), text.clone()));
        if text.is_empty() {
            break;
        }
    }
    let expected = [(250, "a"), (350, "b"), (350, "c"), (350, "")];
    assert_eq!(arrived, expected.map(|(at, text)| (at, text.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_writer_learns_of_a_dropped_reader_after_the_delay() {
    let mut pair = Pair::open().await;
    pair.route().set_open(DELAYED);
    drop(pair.server);
    pair.dialer.write_all(b"not yet known").await.unwrap();
    tokio::time::sleep(ms(250)).await;
    assert_eq!(write_error(&mut pair.dialer).await, io::ErrorKind::BrokenPipe);
}

#[tokio::test(start_paused = true)]
async fn a_stall_keeps_bytes_and_the_end_until_it_is_over() {
    let mut pair = Pair::open().await;
    let route = pair.route();
    route.set_open(STALLED);
    pair.dialer.write_all(b"kept").await.unwrap();
    drop(pair.dialer);
    let began = now();
    after(700, move || route.set_open(FAITHFUL));
    assert_eq!(read(&mut pair.server).await.unwrap(), "kept");
    assert_eq!(now() - began, ms(700));
    assert_eq!(read(&mut pair.server).await.unwrap(), "");
}

#[tokio::test(start_paused = true)]
async fn a_stalled_writer_fills_the_connection_and_then_waits() {
    let mut pair = Pair::open().await;
    let route = pair.route();
    route.set_open(STALLED);
    pair.dialer.write_all(&[0; 64 * 1024]).await.unwrap();
    assert!(timeout(ms(50), pair.dialer.write_all(b"x")).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_black_hole_swallows_bytes_and_ends_and_never_gives_the_connection_back() {
    let mut pair = Pair::open().await;
    let route = pair.route();
    route.set_open(DELAYED);
    pair.dialer.write_all(b"under way").await.unwrap();
    route.set_open(BLACK_HOLE);
    pair.dialer.write_all(&[0; 1024 * 1024]).await.unwrap();
    drop(pair.dialer);
    route.set_open(FAITHFUL);
    assert!(timeout(Duration::from_secs(3600), read(&mut pair.server)).await.is_err());
    pair.server.write_all(b"nobody is told").await.unwrap();
    // A new connection is whole.
    let mut dialer = dial(&pair.network, pair.address).await.unwrap();
    let mut server = transport::Acceptor::accept(&mut pair.acceptor).await.unwrap();
    dialer.write_all(b"hello").await.unwrap();
    assert_eq!(read(&mut server).await.unwrap(), "hello");
}

#[tokio::test(start_paused = true)]
async fn a_reset_reaches_both_sides_at_once() {
    let mut pair = Pair::open().await;
    pair.dialer.write_all(b"lost").await.unwrap();
    let route = pair.route();
    let began = now();
    after(40, move || route.reset());
    let reset = io::ErrorKind::ConnectionReset;
    assert_eq!(read(&mut pair.dialer).await.unwrap_err().kind(), reset);
    assert_eq!(now() - began, ms(40));
    assert_eq!(read(&mut pair.server).await.unwrap_err().kind(), reset);
    assert_eq!(write_error(&mut pair.dialer).await, reset);
    assert_eq!(write_error(&mut pair.server).await, reset);
    assert!(dial(&pair.network, pair.address).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_connection_can_fail_alone() {
    let mut first = Pair::open().await;
    let mut second = dial(&first.network, first.address).await.unwrap();
    first.route().connections()[1].reset();
    assert!(second.write_all(b"x").await.is_err());
    first.dialer.write_all(b"x").await.unwrap();
    assert_eq!(read(&mut first.server).await.unwrap(), "x");
}

#[tokio::test(start_paused = true)]
async fn new_dials_are_refused_or_delayed_and_open_connections_stay() {
    let mut pair = Pair::open().await;
    let route = pair.route();
    route.set_dials(Dials { delay: ms(300), refused: true });
    let began = now();
    let refused = dial(&pair.network, pair.address).await.err().unwrap();
    assert_eq!((refused.kind(), now() - began), (io::ErrorKind::ConnectionRefused, ms(300)));
    pair.dialer.write_all(b"x").await.unwrap();
    assert_eq!(read(&mut pair.server).await.unwrap(), "x");
    route.set_dials(Dials::default());
    assert!(dial(&pair.network, pair.address).await.is_ok());
    assert_eq!(now() - began, ms(300));
}

#[tokio::test(start_paused = true)]
async fn a_dial_waits_while_nothing_passes_and_meets_what_is_set_then() {
    let mut pair = Pair::open().await;
    let (route, network, address) = (pair.route(), pair.network.clone(), pair.address);
    route.set_new(STALLED);
    let began = now();
    after(90, move || route.set_new(DELAYED));
    let mut dialer = dial(&network, address).await.unwrap();
    assert_eq!(now() - began, ms(90));
    let mut server = transport::Acceptor::accept(&mut pair.acceptor).await.unwrap();
    dialer.write_all(b"x").await.unwrap();
    assert_eq!(read(&mut server).await.unwrap(), "x");
    assert_eq!(now() - began, ms(90 + 250));
    // The connection that was open before meets nothing.
    pair.dialer.write_all(b"y").await.unwrap();
    assert_eq!(read(&mut pair.server).await.unwrap(), "y");
    assert_eq!(now() - began, ms(90 + 250));
}

#[tokio::test(start_paused = true)]
async fn faults_reach_only_the_route_they_are_set_on() {
    let mut pair = Pair::open().await;
    let mut elsewhere = listen(&pair.network);
    let address = transport::Acceptor::address(&elsewhere);
    pair.network.route(address).set_dials(Dials { refused: true, ..Dials::default() });
    pair.network.route(address).reset();
    assert!(dial(&pair.network, address).await.is_err());
    assert!(dial(&pair.network, pair.address).await.is_ok());
    pair.dialer.write_all(b"x").await.unwrap();
    assert_eq!(read(&mut pair.server).await.unwrap(), "x");
    assert!(timeout(ms(1), transport::Acceptor::accept(&mut elsewhere)).await.is_err());
}
