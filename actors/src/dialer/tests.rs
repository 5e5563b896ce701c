use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;

use hyper_util::client::legacy::connect::dns::Name;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::*;

#[test]
fn a_websockets_url_is_dialed_like_a_web_page() {
    for (url, dialed) in [
        ("wss://api.openai.com/v1/realtime?model=m", "https://api.openai.com/v1/realtime?model=m"),
        ("ws://127.0.0.1:81/", "http://127.0.0.1:81/"),
        ("https://host/", "https://host/"),
        ("http://host/", "http://host/"),
    ] {
        assert_eq!(with_web_scheme(Uri::from_static(url)).unwrap(), dialed);
    }
}

/// Resolves every name to these addresses.
#[derive(Clone)]
struct Addresses([SocketAddr; 2]);

impl Service<Name> for Addresses {
    type Response = std::array::IntoIter<SocketAddr, 2>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(self.0.into_iter()))
    }
}

#[tokio::test]
async fn an_address_that_does_not_answer_leaves_time_for_the_next_one() {
    let silent = TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let silent = silent.listen(1).unwrap();
    let (silent_address, mut held) = (silent.local_addr().unwrap(), Vec::new());
    // Nobody accepts, so its queue fills up.
    let pause = Duration::from_millis(100);
    while let Ok(Ok(kept)) = tokio::time::timeout(pause, TcpStream::connect(silent_address)).await {
        held.push(kept);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = Addresses([silent_address, listener.local_addr().unwrap()]);

    let patience = Duration::from_secs(1);
    let mut tcp = connector(addresses, patience);
    let dialing = tcp.call(http::Uri::from_static("http://server/"));
    let connected = tokio::time::timeout(patience, dialing).await;
    assert!(matches!(connected, Ok(Ok(_))), "{connected:?}");
}
