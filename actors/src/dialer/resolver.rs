//! Resolves names to addresses of the public internet alone (OPS-13). It does so where the connection is
//! opened, so a name can't change in between.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec::IntoIter;

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use protocol::webhooks::{UrlFlaw, is_public};
use tower_service::Service;

/// The error of an address that must not be dialed.
pub(super) fn refused(flaw: UrlFlaw) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, format!("webhooks.url {flaw}"))
}

/// The system's resolver, without the addresses that are not public.
#[derive(Clone)]
pub(super) struct PublicResolver(pub(super) GaiResolver);

impl Service<Name> for PublicResolver {
    type Response = IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<IntoIter<SocketAddr>>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolving = self.0.call(name);
        Box::pin(async move { only_public(resolving.await?) })
    }
}

fn only_public(found: impl Iterator<Item = SocketAddr>) -> io::Result<IntoIter<SocketAddr>> {
    let public: Vec<_> = found.filter(|address| is_public(address.ip())).collect();
    if public.is_empty() { Err(refused(UrlFlaw::Private)) } else { Ok(public.into_iter()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_13_a_name_counts_as_the_public_addresses_that_it_has() {
        let of = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|address| address.parse().unwrap());
            only_public(addresses).map(Iterator::collect::<Vec<_>>)
        };
        let mixed = of(&["127.0.0.1:443", "8.8.8.8:443", "[::1]:443"]).unwrap();
        assert_eq!(mixed, ["8.8.8.8:443".parse().unwrap()]);
        assert!(of(&["10.0.0.1:443", "[fd00::1]:443"]).is_err());
    }

    #[tokio::test]
    async fn ops_13_the_system_s_names_of_this_machine_are_refused_too() {
        let mut resolver = PublicResolver(GaiResolver::new());
        let refused = resolver.call("localhost".parse().unwrap()).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
    }
}
