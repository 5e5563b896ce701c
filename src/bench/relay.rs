//! The yardstick: what it costs to carry a call's audio between two WebSockets, and nothing else. JSON comes
//! in and JSON goes out. One thread, one task a direction, buffers of 8 KB, no allocation for a frame.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use super::error::BenchError;
use super::wire::handshake::{self, Head};
use super::wire::reader::{Frame, FrameReader};
use super::wire::writer::{Outgoing, Side};

/// Relays between callers that come to `listen` and sessions at `upstream`, until it is killed. With
/// `certificate`, in PEM, `upstream` speaks TLS.
///
/// # Errors
/// [`BenchError`] if it can't listen, or the certificate can't be used.
pub fn relay(
    listen: SocketAddr,
    upstream: SocketAddr,
    certificate: Option<&str>,
) -> Result<(), BenchError> {
    let tls = certificate.map(connector).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("the relay's runtime"))?;
    runtime.block_on(async {
        let listener =
            TcpListener::bind(listen).await.map_err(BenchError::io("the relay's port"))?;
        loop {
            let (tcp, _) =
                listener.accept().await.map_err(BenchError::io("the relay's callers"))?;
            let tls = tls.clone();
            tokio::spawn(async move {
                if let Err(error) = call(tcp, upstream, tls).await {
                    tracing::debug!(%error, "a relayed call broke");
                }
            });
        }
    })
}

fn connector(certificate: &str) -> Result<TlsConnector, BenchError> {
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes());
    let certificate = certificate.map_err(|error| BenchError::Certificate(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn call(mut caller: TcpStream, to: SocketAddr, tls: Option<TlsConnector>) -> io::Result<()> {
    caller.set_nodelay(true)?;
    let head = Head::read(&mut caller).await?;
    handshake::answer(&mut caller, &head).await?;
    let model = TcpStream::connect(to).await?;
    model.set_nodelay(true)?;
    let Some(tls) = tls else {
        let mut model = model;
        let begun = open(&mut model, to).await?;
        let (reader, writer) = model.into_split();
        return carry(caller, &head.rest, (reader, &begun), writer).await;
    };
    let mut model = tls.connect(ServerName::from(to.ip()), model).await?;
    let begun = open(&mut model, to).await?;
    let (reader, writer) = tokio::io::split(model);
    carry(caller, &head.rest, (reader, &begun), writer).await
}

async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    model: &mut S,
    to: SocketAddr,
) -> io::Result<Vec<u8>> {
    handshake::ask(model, &to.to_string(), "/v1/realtime?model=relay", None).await
}

/// Carries both directions, until one of them ends.
async fn carry<R, W>(
    caller: TcpStream,
    caller_begun: &[u8],
    (model, model_begun): (R, &[u8]),
    model_writer: W,
) -> io::Result<()>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let (caller, caller_writer) = caller.into_split();
    let mut caller = FrameReader::new(caller, caller_begun);
    let stream_sid = start(&mut caller).await?;
    let from_model = FrameReader::new(model, model_begun);
    let down = tokio::spawn(down(from_model, caller_writer, stream_sid));
    let done = up(caller, model_writer).await;
    down.abort();
    done
}

/// A message of Twilio's.
#[derive(Deserialize)]
struct FromTwilio<'a> {
    #[serde(borrow)]
    media: Option<Media<'a>>,
    #[serde(borrow, rename = "streamSid")]
    stream_sid: Option<&'a str>,
}

#[derive(Deserialize)]
struct Media<'a> {
    payload: &'a str,
}

/// An event of OpenAI's.
#[derive(Deserialize)]
struct FromModel<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    delta: Option<&'a str>,
}

/// The StreamSid, which every message to Twilio names.
async fn start<R: AsyncRead + Unpin>(caller: &mut FrameReader<R>) -> io::Result<String> {
    loop {
        let Some(Frame::Text(place)) = caller.next().await? else {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no start"));
        };
        let message: FromTwilio<'_> = serde_json::from_slice(caller.bytes(place))?;
        if let Some(stream_sid) = message.stream_sid {
            return Ok(stream_sid.to_owned());
        }
    }
}

async fn up<R, W>(mut caller: FrameReader<R>, mut model: W) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut out = Outgoing::new(Side::Client);
    while let Some(frame) = caller.next().await? {
        let mut next = Some(frame);
        // What was read in one piece is written in one piece.
        while let Some(frame) = next {
            match frame {
                Frame::Text(place) => {
                    let message: FromTwilio<'_> = serde_json::from_slice(caller.bytes(place))?;
                    if let Some(media) = message.media {
                        let head = b"{\"type\":\"input_audio_buffer.append\",\"audio\":\"";
                        out.push_text(&[head, media.payload.as_bytes(), b"\"}"]);
                    }
                }
                Frame::Ping(_) | Frame::Pong => {}
                Frame::Close => return Ok(()),
            }
            next = caller.take()?;
        }
        flush(&mut out, &mut model).await?;
    }
    Ok(())
}

async fn down<R, W>(mut model: FrameReader<R>, mut caller: W, stream_sid: String) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let head =
        format!("{{\"event\":\"media\",\"streamSid\":\"{stream_sid}\",\"media\":{{\"payload\":\"");
    let mut out = Outgoing::new(Side::Server);
    while let Some(frame) = model.next().await? {
        let mut next = Some(frame);
        while let Some(frame) = next {
            match frame {
                Frame::Text(place) => {
                    let event: FromModel<'_> = serde_json::from_slice(model.bytes(place))?;
                    if let ("response.output_audio.delta", Some(delta)) = (event.kind, event.delta)
                    {
                        out.push_text(&[head.as_bytes(), delta.as_bytes(), b"\"}}"]);
                    }
                }
                Frame::Ping(_) | Frame::Pong => {}
                Frame::Close => return Ok(()),
            }
            next = model.take()?;
        }
        flush(&mut out, &mut caller).await?;
    }
    Ok(())
}

async fn flush(out: &mut Outgoing, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    if out.bytes().is_empty() {
        return Ok(());
    }
    to.write_all(out.bytes()).await?;
    to.flush().await?;
    out.written(out.bytes().len());
    Ok(())
}
