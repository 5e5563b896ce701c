use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use practice::transport::{self, BoxedStream, Dialer as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::registry::now;
use super::*;

mod faults;
mod hosts;

/// A network, a listener's address, and both sides of a connection to it.
pub(super) struct Pair {
    pub(super) network: MemoryNetwork,
    pub(super) acceptor: MemoryAcceptor,
    pub(super) address: SocketAddr,
    pub(super) dialer: BoxedStream,
    pub(super) server: BoxedStream,
}

impl Pair {
    pub(super) async fn open() -> Self {
        let network = MemoryNetwork::default();
        let mut acceptor = listen(&network);
        let address = transport::Acceptor::address(&acceptor);
        let dialer = dial(&network, address).await.unwrap();
        let server = transport::Acceptor::accept(&mut acceptor).await.unwrap();
        Self { network, acceptor, address, dialer, server }
    }

    pub(super) fn route(&self) -> Route {
        self.network.route(self.address)
    }
}

pub(super) fn listen(network: &MemoryNetwork) -> MemoryAcceptor {
    network.bind("127.0.0.1:0".parse().unwrap()).unwrap()
}

pub(super) async fn dial(network: &MemoryNetwork, to: SocketAddr) -> io::Result<BoxedStream> {
    network.dial(&to.ip().to_string(), to.port()).await
}

pub(super) async fn read(stream: &mut BoxedStream) -> io::Result<String> {
    let mut buffer = [0; 1024];
    let length = stream.read(&mut buffer).await?;
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

/// The error of writing, which may succeed at first.
pub(super) async fn write_error(stream: &mut BoxedStream) -> io::ErrorKind {
    stream.write_all(b"late").await.unwrap_err().kind()
}

pub(super) fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

#[tokio::test]
async fn ports_are_taken_in_order_and_given_back() {
    let network = MemoryNetwork::default();
    let (first, second) = (listen(&network), listen(&network));
    let port = |acceptor: &MemoryAcceptor| transport::Acceptor::address(acceptor).port();
    assert_eq!((port(&first), port(&second)), (49_152, 49_153));
    let taken = "127.0.0.1:49152".parse().unwrap();
    let refused = network.bind(taken).err().unwrap();
    assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
    drop(first);
    assert!(network.bind(taken).is_ok());
}

#[tokio::test]
async fn bytes_pass_both_ways_in_order() {
    let mut pair = Pair::open().await;
    pair.dialer.write_all(b"one ").await.unwrap();
    pair.dialer.write_all(b"two").await.unwrap();
    let mut both = [0; 7];
    pair.server.read_exact(&mut both).await.unwrap();
    assert_eq!(&both, b"one two");
    pair.server.write_all(b"back").await.unwrap();
    assert_eq!(read(&mut pair.dialer).await.unwrap(), "back");
}

#[tokio::test(start_paused = true)]
async fn a_writer_waits_when_64_kib_are_under_way() {
    let mut pair = Pair::open().await;
    pair.dialer.write_all(&[1; 64 * 1024]).await.unwrap();
    assert!(timeout(ms(1), pair.dialer.write_all(b"x")).await.is_err());
    let mut half = vec![0; 32 * 1024];
    pair.server.read_exact(&mut half).await.unwrap();
    timeout(ms(1), pair.dialer.write_all(b"x")).await.unwrap().unwrap();
    // A waiting writer is woken.
    let mut dialer = pair.dialer;
    let writing = tokio::spawn(async move { dialer.write_all(&[2; 64 * 1024]).await });
    let mut rest = vec![0; 96 * 1024 + 1];
    pair.server.read_exact(&mut rest).await.unwrap();
    writing.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_address_without_a_listener_refuses_and_names_are_unknown() {
    let network = MemoryNetwork::default();
    let refused = network.dial("127.0.0.1", 80).await.err().unwrap();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    assert!(network.dial("example.com", 80).await.is_err());
    let acceptor = listen(&network);
    let port = transport::Acceptor::address(&acceptor).port();
    assert!(network.dial("localhost", port).await.is_ok());
}

#[tokio::test]
async fn a_dropped_side_is_an_end_for_the_reader_and_a_broken_pipe_for_the_writer() {
    let mut pair = Pair::open().await;
    pair.dialer.write_all(b"last").await.unwrap();
    drop(pair.dialer);
    assert_eq!(read(&mut pair.server).await.unwrap(), "last");
    assert_eq!(read(&mut pair.server).await.unwrap(), "");
    assert_eq!(write_error(&mut pair.server).await, io::ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn a_side_that_is_shut_down_still_reads() {
    let mut pair = Pair::open().await;
    pair.dialer.shutdown().await.unwrap();
    assert_eq!(write_error(&mut pair.dialer).await, io::ErrorKind::BrokenPipe);
    assert_eq!(read(&mut pair.server).await.unwrap(), "");
    pair.server.write_all(b"answer").await.unwrap();
    assert_eq!(read(&mut pair.dialer).await.unwrap(), "answer");
}

#[tokio::test]
async fn a_side_that_leaves_bytes_unread_or_wants_a_reset_resets_the_connection() {
    let mut unread = Pair::open().await;
    unread.dialer.write_all(b"ignored").await.unwrap();
    drop(unread.server);
    let error = read(&mut unread.dialer).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    let mut wanted = Pair::open().await;
    wanted.dialer.reset_on_drop();
    drop(wanted.dialer);
    let error = read(&mut wanted.server).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(write_error(&mut wanted.server).await, io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_connection_is_open_until_both_sides_are_dropped() {
    let pair = Pair::open().await;
    let network = pair.network.clone();
    let waiting = dial(&network, pair.address).await.unwrap();
    assert_eq!(network.open_connections(), 2);
    drop(pair.dialer);
    assert_eq!(
        (network.open_connections(), network.route(pair.address).connections().len()),
        (2, 2)
    );
    drop(pair.server);
    assert_eq!(network.open_connections(), 1);
    // What nobody accepted goes with the listener.
    drop(waiting);
    drop(pair.acceptor);
    assert_eq!(network.open_connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_daemons_dialer_gives_up_after_its_patience_and_has_no_tls() {
    let network = MemoryNetwork::default();
    let acceptor = listen(&network);
    let address = transport::Acceptor::address(&acceptor);
    let dialer = MemoryDialer::new(network.clone(), Duration::from_secs(5));
    let dial = |scheme: &str| {
        let url = format!("{scheme}://{address}/");
        actors::dialer::Dialer::dial(&dialer, url.parse().unwrap())
    };
    assert!(dial("ws").await.is_ok() && dial("https").await.is_err());
    let hole = Conditions { flow: Flow::BlackHole, ..Conditions::default() };
    network.route(address).set_new(hole);
    let began = now();
    let late = dial("http").await.err().unwrap();
    assert_eq!((late.kind(), now() - began), (io::ErrorKind::TimedOut, Duration::from_secs(5)));
}
