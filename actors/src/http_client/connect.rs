//! A [`Dialer`] as hyper's client takes it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::rt::TokioIo;
use tower_service::Service;

use crate::dialer::{ByteStream, Dialer};

/// Makes a [`Dialer`] a connector of hyper's client.
#[derive(Clone)]
pub(super) struct Connect(pub(super) Arc<dyn Dialer>);

impl Service<Uri> for Connect {
    type Response = TokioIo<ByteStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<ByteStream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let dialing = self.0.dial(to);
        Box::pin(async { dialing.await.map(TokioIo::new) })
    }
}
