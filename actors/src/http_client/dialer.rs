//! Opens the client's connections: over TCP and TLS, or as another [`Dialer`] does.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tower_service::Service;

/// How long a connection may be idle before TCP probes it, and the pause between probes.
const PROBE_EVERY: Duration = Duration::from_secs(15);
/// Unanswered probes after which a connection is closed.
const PROBES: u32 = 3;

/// Opens connections to servers.
pub trait Dialer: Send + Sync {
    /// Opens a connection to the server of this URL.
    fn dial(&self, to: Uri) -> Dialing;
}

pub type Dialing = Pin<Box<dyn Future<Output = io::Result<Dialed>> + Send>>;

trait Stream: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

/// A connection: any byte stream.
pub struct Dialed(Pin<Box<dyn Stream>>);

impl Dialed {
    pub fn new(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        Self(Box::pin(stream))
    }
}

/// Dials over TCP, and over TLS if the URL's scheme is `https`.
pub struct TcpDialer {
    tcp: HttpConnector,
    tls: Option<TlsConnector>,
    patience: Duration,
}

impl TcpDialer {
    /// `patience` is how long name resolution, TCP and TLS may take together.
    #[must_use]
    pub fn new(tls: Arc<ClientConfig>, patience: Duration) -> Self {
        Self { tls: Some(TlsConnector::from(tls)), ..Self::without_tls(patience) }
    }

    /// Dialing an `https` URL fails.
    #[must_use]
    pub fn without_tls(patience: Duration) -> Self {
        Self { tcp: connector(GaiResolver::new(), patience), tls: None, patience }
    }
}

/// `patience` is divided among the addresses of a host, so that a silent one leaves time for the
/// next.
pub(super) fn connector<R: Clone>(resolver: R, patience: Duration) -> HttpConnector<R> {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(patience));
    // A kept connection whose server has vanished is found out before it is used again.
    tcp.set_keepalive(Some(PROBE_EVERY));
    tcp.set_keepalive_interval(Some(PROBE_EVERY));
    tcp.set_keepalive_retries(Some(PROBES));
    tcp
}

impl Dialer for TcpDialer {
    fn dial(&self, to: Uri) -> Dialing {
        let (mut tcp, tls, patience) = (self.tcp.clone(), self.tls.clone(), self.patience);
        Box::pin(async move {
            let host = to.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            let is_secure = to.scheme_str() == Some("https");
            let dialing = async {
                let plain = tcp.call(to).await.map_err(io::Error::other)?.into_inner();
                if !is_secure {
                    return Ok(Dialed::new(plain));
                }
                let tls = tls.ok_or_else(|| io::Error::other("TLS is not set up"))?;
                let name = ServerName::try_from(host).map_err(io::Error::other)?;
                Ok(Dialed::new(tls.connect(name, plain).await?))
            };
            tokio::time::timeout(patience, dialing).await.unwrap_or_else(|_| {
                let text = format!("no connection within {patience:?}");
                Err(io::Error::new(io::ErrorKind::TimedOut, text))
            })
        })
    }
}

/// Makes a [`Dialer`] a connector of hyper's client.
#[derive(Clone)]
pub(super) struct Connect(pub(super) Arc<dyn Dialer>);

impl Service<Uri> for Connect {
    type Response = TokioIo<Dialed>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Dialed>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let dialing = self.0.dial(to);
        Box::pin(async { dialing.await.map(TokioIo::new) })
    }
}

impl Connection for Dialed {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Dialed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Dialed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_shutdown(cx)
    }
}
