//! Opens the connections of the daemon's clients: over TCP and TLS, or as another [`Dialer`] does.

mod guarded;
mod resolver;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower_service::Service;

pub use guarded::GuardedDialer;
use resolver::PublicResolver;

/// How long a connection may be idle before TCP probes it, and the pause between probes.
const PROBE_EVERY: Duration = Duration::from_secs(15);
/// Unanswered probes after which a connection is closed.
const PROBES: u32 = 3;

/// Opens connections to servers.
pub trait Dialer: Send + Sync {
    /// Opens a connection to the server of this URL: `http`, `ws`, `https` or `wss`. With the last
    /// two, the stream is inside TLS. A failure of TLS is an error with a [`rustls::Error`] inside.
    fn dial(&self, to: Uri) -> Dialing;
}

pub type Dialing = Pin<Box<dyn Future<Output = io::Result<ByteStream>> + Send>>;

trait Stream: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

/// One side of a connection, over any transport.
pub struct ByteStream(Pin<Box<dyn Stream>>);

impl ByteStream {
    pub fn new(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        Self(Box::pin(stream))
    }
}

/// Dials over TCP, and over TLS if the URL's scheme is `https` or `wss`. `R` finds the addresses of a host.
pub struct TcpDialer<R = GaiResolver> {
    tcp: HttpConnector<R>,
    tls: Option<TlsConnector>,
    patience: Duration,
}

impl TcpDialer {
    /// `patience` is how long name resolution, TCP and TLS may take together.
    #[must_use]
    pub fn new(tls: Arc<ClientConfig>, patience: Duration) -> Self {
        Self { tls: Some(TlsConnector::from(tls)), ..Self::without_tls(patience) }
    }

    /// Dialing an `https` or `wss` URL fails.
    #[must_use]
    pub fn without_tls(patience: Duration) -> Self {
        Self { tcp: connector(GaiResolver::new(), patience), tls: None, patience }
    }
}

/// Dials addresses of the public internet alone. A host that is an address itself is not looked at: that is
/// [`GuardedDialer`]'s.
#[must_use]
pub fn public_dialer(tls: Arc<ClientConfig>, patience: Duration) -> impl Dialer {
    let tcp = connector(PublicResolver(GaiResolver::new()), patience);
    TcpDialer { tcp, tls: Some(TlsConnector::from(tls)), patience }
}

/// `patience` is divided among the addresses of a host, so that a silent one leaves time for the
/// next.
fn connector<R: Clone>(resolver: R, patience: Duration) -> HttpConnector<R> {
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

impl<R> Dialer for TcpDialer<R>
where
    HttpConnector<R>: Service<
            Uri,
            Response = TokioIo<TcpStream>,
            Error: Error + Send + Sync + 'static,
            Future: Send,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    fn dial(&self, to: Uri) -> Dialing {
        let (mut tcp, tls, patience) = (self.tcp.clone(), self.tls.clone(), self.patience);
        Box::pin(async move {
            let to = with_web_scheme(to)?;
            let host = to.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            let is_secure = to.scheme() == Some(&Scheme::HTTPS);
            let dialing = async {
                let plain = tcp.call(to).await.map_err(io::Error::other)?.into_inner();
                if !is_secure {
                    return Ok(ByteStream::new(plain));
                }
                let tls = tls.ok_or_else(|| io::Error::other("TLS is not set up"))?;
                let name = ServerName::try_from(host).map_err(io::Error::other)?;
                Ok(ByteStream::new(tls.connect(name, plain).await?))
            };
            tokio::time::timeout(patience, dialing).await.unwrap_or_else(|_| {
                let text = format!("no connection within {patience:?}");
                Err(io::Error::new(io::ErrorKind::TimedOut, text))
            })
        })
    }
}

/// An error and its causes, outermost first.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// Whether a dialer or the system ran out of time.
pub(crate) fn timed_out(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|io| io.kind() == io::ErrorKind::TimedOut)
    })
}

/// The URL with `http` for `ws`, and `https` for `wss`: they have the same default ports, and the
/// connector knows only these.
fn with_web_scheme(url: Uri) -> io::Result<Uri> {
    let mut parts = url.into_parts();
    parts.scheme = parts.scheme.map(|scheme| match scheme.as_str() {
        "ws" => Scheme::HTTP,
        "wss" => Scheme::HTTPS,
        _ => scheme,
    });
    Uri::from_parts(parts).map_err(io::Error::other)
}

/// The TLS settings of the daemon's clients, with the system's root certificates. Build it once.
///
/// # Errors
/// If the crypto provider does not support the default protocol versions.
pub fn tls_config() -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut roots = rustls::RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "a root certificate of the system cannot be read");
    }
    roots.add_parsable_certificates(native.certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

impl Connection for ByteStream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for ByteStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_read(cx, buffer)
    }
}

impl AsyncWrite for ByteStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_shutdown(cx)
    }
}
