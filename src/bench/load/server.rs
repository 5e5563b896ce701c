//! Where the daemon reaches the load: OpenAI's sessions at one address, with TLS or without, and Twilio's
//! REST API at another.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::model;
use super::scene::Scene;
use crate::bench::error::BenchError;
use crate::bench::findings::Identity;
use crate::bench::wire::handshake::{self, Head};

/// Where it listens.
pub(super) struct Addresses {
    pub(super) openai: SocketAddr,
    pub(super) rest: SocketAddr,
}

/// Listens until the load ends.
pub(super) async fn start(
    scene: &Rc<Scene>,
    tls: Option<&Identity>,
) -> Result<Addresses, BenchError> {
    let tls = tls.map(acceptor).transpose()?;
    let (openai, rest) = (listener().await?, listener().await?);
    let address = |listener: &TcpListener| {
        listener.local_addr().map_err(BenchError::io("the load's own address"))
    };
    let addresses = Addresses { openai: address(&openai)?, rest: address(&rest)? };
    let scene = Rc::clone(scene);
    tokio::task::spawn_local(accept(openai, move |tcp| {
        tokio::task::spawn_local(session(Rc::clone(&scene), tcp, tls.clone()));
    }));
    tokio::task::spawn_local(accept(rest, |tcp| {
        tokio::task::spawn_local(answer(tcp));
    }));
    Ok(addresses)
}

async fn listener() -> Result<TcpListener, BenchError> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    bound.map_err(BenchError::io("a port for the load"))
}

fn acceptor(identity: &Identity) -> Result<TlsAcceptor, BenchError> {
    let unreadable =
        |error: rustls::pki_types::pem::Error| BenchError::Certificate(error.to_string());
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes());
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(unreadable)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.map_err(unreadable)?], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn accept(listener: TcpListener, serve: impl Fn(TcpStream)) {
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => serve(tcp),
            Err(error) => tracing::warn!(%error, "a connection was not taken"),
        }
    }
}

async fn session(scene: Rc<Scene>, tcp: TcpStream, tls: Option<TlsAcceptor>) {
    let served = async {
        tcp.set_nodelay(true)?;
        match tls {
            None => upgrade(scene, tcp).await,
            Some(tls) => upgrade(scene, tls.accept(tcp).await?).await,
        }
    };
    if let Err(error) = served.await {
        tracing::debug!(%error, "a session broke");
    }
}

async fn upgrade<S>(scene: Rc<Scene>, mut io: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let head = Head::read(&mut io).await?;
    handshake::answer(&mut io, &head).await?;
    io.flush().await?;
    model::serve(scene, io, &head.rest).await
}

/// Agrees to whatever is asked of the REST API.
async fn answer(mut tcp: TcpStream) {
    let answered = async {
        Head::read(&mut tcp).await?;
        let body = "{\"status\":\"completed\",\"calls\":[]}";
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        tcp.write_all(answer.as_bytes()).await
    };
    let answered: io::Result<()> = answered.await;
    if let Err(error) = answered {
        tracing::debug!(%error, "a REST request was not answered");
    }
}
