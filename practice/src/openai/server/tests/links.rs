//! Links that fail, over sockets and in memory.

use tokio::time::timeout;

use super::*;

async fn with_link_failing_after(after: Duration, by: LinkFault) -> Server {
    let behaviour = Behaviour { link_fails: Some((after, by)), ..Behaviour::default() };
    Server::on_loopback(Options { behaviour, ..Options::default() }).await.unwrap()
}

const SOON: Duration = Duration::from_millis(50);

#[tokio::test]
async fn prac_7_a_socket_closes_cleanly_with_1000_1001_or_1011() {
    for code in [1000, 1001, 1011] {
        let server = with_link_failing_after(SOON, LinkFault::Closed(code)).await;
        let mut socket = dial(&server, MODEL, &KEY).await.unwrap();
        assert_eq!(next_event(&mut socket).await["type"], "session.created");
        let Message::Close(Some(frame)) = socket.next().await.unwrap().unwrap() else {
            panic!("no close");
        };
        assert_eq!(u16::from(frame.code), code);
        assert!(socket.next().await.is_none());
        server.log().wait_for(|record| record.alive == 0).await;
    }
}

#[tokio::test]
async fn prac_7_a_socket_is_dropped_without_a_close_frame() {
    let server = with_link_failing_after(SOON, LinkFault::Dropped).await;
    let mut socket = dial(&server, MODEL, &KEY).await.unwrap();
    next_event(&mut socket).await;
    let end = socket.next().await;
    assert!(!matches!(end, Some(Ok(_))), "{end:?}");
}

#[tokio::test]
async fn prac_7_in_a_black_hole_nothing_passes_and_the_socket_stays_open() {
    let server = with_link_failing_after(SOON, LinkFault::BlackHole).await;
    let mut socket = dial(&server, MODEL, &KEY).await.unwrap();
    next_event(&mut socket).await;
    tokio::time::sleep(SOON * 2).await;
    socket.send(Message::text(phone().to_string())).await.unwrap();
    socket.send(Message::Ping(Vec::new().into())).await.unwrap();
    let answer = timeout(Duration::from_millis(300), socket.next()).await;
    assert!(answer.is_err(), "{answer:?}");
    server.log().look(|record| {
        assert_eq!((record.alive, record.count("session.update")), (1, 0));
    });
    drop(socket);
    server.log().wait_for(|record| record.alive == 0).await;
}

#[tokio::test(start_paused = true)]
async fn prac_7_after_a_stall_all_that_waited_comes_at_once() {
    let server = Server::in_memory(Options { brain: Brain::Echo, ..Options::default() });
    let mut link = server.connect(handshake()).unwrap();
    until(&mut link, "session.created").await;
    server.faults().fail_links(LinkFault::Stalled(Duration::from_secs(5)));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let stalled = server.shared.now();
    send(&link, phone()).await;
    send(&link, json!({"type": "response.create"})).await;
    until(&mut link, "session.updated").await;
    let passed = server.shared.now() - stalled;
    assert!(passed > Duration::from_millis(4800), "{passed:?}");
    assert!(passed < Duration::from_millis(5200), "{passed:?}");
    until(&mut link, "response.done").await;
}

#[tokio::test(start_paused = true)]
async fn prac_7_a_black_hole_ends_with_the_client_or_the_server() {
    let server = Server::in_memory(Options::default());
    let mut link = server.connect(handshake()).unwrap();
    until(&mut link, "session.created").await;
    server.faults().fail_links(LinkFault::BlackHole);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let silence = timeout(Duration::from_secs(60), link.receiver.recv()).await;
    assert!(silence.is_err(), "not even a ping came: {silence:?}");
    drop(link);
    server.log().wait_for(|record| record.alive == 0).await;

    let mut link = server.connect(handshake()).unwrap();
    until(&mut link, "session.created").await;
    server.faults().fail_links(LinkFault::BlackHole);
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.faults().drop_now();
    assert_eq!(link.receiver.recv().await, None);
}

#[tokio::test]
async fn prac_7_a_connection_is_refused_with_429_or_500() {
    let server = Server::on_loopback(Options::default()).await.unwrap();
    for status in [429, 500] {
        server.faults().refuse_next(ConnectRefusal::Http(status), 1);
        let Err(Error::Http(response)) = dial(&server, MODEL, &KEY).await else { panic!("taken") };
        assert_eq!(response.status().as_u16(), status);
    }
    assert!(dial(&server, MODEL, &KEY).await.is_ok());
}
