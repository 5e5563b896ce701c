//! The accept loop.

mod places;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actors::dialer::ByteStream;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::request::{self, Peer, Request};
use crate::network::{Acceptor, Network};
use places::{Answering, Place, Places};

/// How long a client may take to send its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause after a failed accept. The usual cause is a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// The most connections that a listener holds at once, besides media streams. `places` says how many of
/// them may wait for a request.
const MAX_CONNECTIONS: usize = 4096;

/// An address could not be bound.
#[derive(Debug, Error)]
#[error("cannot listen at {address}: {error}: {}", advice(error, key))]
pub struct ListenError {
    /// The configuration's, for the address.
    key: &'static str,
    address: SocketAddr,
    error: io::Error,
}

fn advice(error: &io::Error, key: &str) -> String {
    let kind = error.kind();
    if kind == io::ErrorKind::AddrInUse {
        format!("another program listens there: end it, or set {key} to another port")
    } else if kind == io::ErrorKind::AddrNotAvailable {
        format!(
            "this machine does not have the address: set {key} to one that it has, or to 0.0.0.0 for all"
        )
    } else if kind == io::ErrorKind::PermissionDenied {
        format!("this user may not: set {key} to a port above 1023, or give it the right")
    } else {
        format!("set {key} to another address")
    }
}

type Handler = Arc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// A bound address, and the loop that serves its connections.
pub struct Listener {
    acceptor: Box<dyn Acceptor>,
}

impl Listener {
    /// Binds to `address`, which is that of `key` in the configuration. Port 0 takes a free port.
    ///
    /// # Errors
    /// [`ListenError`] names the address.
    pub async fn bind(
        network: &Network,
        key: &'static str,
        address: SocketAddr,
    ) -> Result<Self, ListenError> {
        let acceptor = network.bind(address).await;
        Ok(Self { acceptor: acceptor.map_err(|error| ListenError { key, address, error })? })
    }

    /// The address that was bound, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.acceptor.address()
    }

    /// Serves requests with `handler` until `stop` is cancelled. Each connection is a task of
    /// `tasks`. On `stop` it finishes the request that it is in; one that waits for a request is closed.
    pub async fn serve<F, R>(self, handler: F, tasks: TaskTracker, stop: CancellationToken)
    where
        F: Fn(Request) -> R + Send + Sync + 'static,
        R: Future<Output = Response> + Send + 'static,
    {
        // Boxed, so that filters and loop are compiled once and not for each handler.
        let handler: Handler = Arc::new(move |request| Box::pin(handler(request)));
        self.accept_loop(routes(handler), tasks, stop).await;
    }

    async fn accept_loop(
        mut self,
        routes: BoxedFilter<(Response,)>,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) {
        let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let places = Places::default();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                accepted = accept(&mut *self.acceptor, &permits) => accepted,
            };
            let (stream, peer, permit) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let connection = serve((stream, peer), routes.clone(), places.enter(), stop.clone());
            tasks.spawn(async move {
                let _permit = permit;
                connection.await;
            });
        }
    }
}

/// Serves one connection, until it ends, is stopped, or gives way to a newer one.
async fn serve(
    (stream, peer): (ByteStream, Option<IpAddr>),
    routes: BoxedFilter<(Response,)>,
    place: Place,
    stop: CancellationToken,
) {
    let service = TowerToHyperService::new(warp::service(routes));
    let its_place = place.clone();
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(its_place.clone());
        if let Some(peer) = peer {
            request.extensions_mut().insert(Peer(peer));
        }
        let (answering, place) = (service.call(request), its_place.clone());
        async move {
            let response = answering.await?;
            Ok::<_, Infallible>(response.map(|body| Answering::new(body, place)))
        }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let connection = server.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(connection);
    let served = tokio::select! {
        biased;
        () = stop.cancelled() => {
            if place.is_waiting() {
                Ok(())
            } else {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
        () = place.closed() => Ok(()),
        served = &mut connection => served,
    };
    place.leave();
    if let Err(error) = served {
        tracing::debug!(%error, "a connection broke");
    }
}

fn routes(handler: Handler) -> BoxedFilter<(Response,)> {
    let place = warp::ext::optional::<Place>();
    let routes = Request::filter().and(place).then(move |request, place: Option<Place>| {
        if let Some(place) = place {
            place.serve();
        }
        handler(request)
    });
    routes.recover(request::recover).unify().boxed()
}

async fn accept(
    acceptor: &mut dyn Acceptor,
    permits: &Arc<Semaphore>,
) -> std::io::Result<(ByteStream, Option<IpAddr>, Option<OwnedSemaphorePermit>)> {
    // The semaphore is never closed.
    let permit = Arc::clone(permits).acquire_owned().await.ok();
    let (stream, peer) = acceptor.accept().await?;
    Ok((stream, peer, permit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ops_5_an_address_that_can_t_be_listened_on_is_told_with_its_key_and_what_to_do() {
        let bind = async |address: &str| {
            Listener::bind(&Network::Tcp, "admin.listen", address.parse().unwrap()).await
        };
        let taken = bind("127.0.0.1:0").await.unwrap();
        let told = |error: Option<ListenError>| error.unwrap().to_string();
        let error = told(bind(&taken.address().to_string()).await.err());
        assert!(
            error.contains("another program listens there: end it, or set admin.listen"),
            "{error}"
        );
        // Of a block that is kept for documentation.
        let error = told(bind("192.0.2.1:0").await.err());
        assert!(
            error.contains("does not have the address: set admin.listen to one that"),
            "{error}"
        );
        assert!(!error.contains("another program"), "{error}");
    }
}
