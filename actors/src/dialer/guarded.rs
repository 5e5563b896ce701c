//! Dials only where a business's own URL may go (OPS-13): https, and addresses of the public internet. What
//! a name resolves to is looked at in `resolver`.

use std::sync::Arc;

use http::Uri;
use protocol::webhooks::check_url;

use super::resolver::refused;
use super::{Dialer, Dialing};

/// Refuses the addresses that must not be dialed, and passes the others on.
pub struct GuardedDialer {
    inner: Arc<dyn Dialer>,
    allow_private: bool,
}

impl GuardedDialer {
    /// With `allow_private`, this machine and its network may be dialed.
    #[must_use]
    pub fn new(inner: Arc<dyn Dialer>, allow_private: bool) -> Self {
        Self { inner, allow_private }
    }
}

impl Dialer for GuardedDialer {
    fn dial(&self, to: Uri) -> Dialing {
        match check_url(&to.to_string(), self.allow_private) {
            Ok(()) => self.inner.dial(to),
            Err(flaw) => Box::pin(async move { Err(refused(flaw)) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::testing::Unreachable;

    #[tokio::test(start_paused = true)]
    async fn ops_13_what_is_inside_is_not_dialed_unless_it_is_allowed() {
        let dial = async |allow_private: bool, to: &str| {
            let dialer = GuardedDialer::new(Arc::new(Unreachable), allow_private);
            let dialing = dialer.dial(to.parse().unwrap());
            // Whom the other dialer dials, it waits for.
            let dialed = tokio::time::timeout(std::time::Duration::from_secs(1), dialing).await;
            dialed.map(|dialed| dialed.err().map(|error| error.kind()))
        };
        for inside in ["https://10.0.0.1/", "https://localhost/", "https://[::1]/"] {
            let refused = Some(io::ErrorKind::PermissionDenied);
            assert_eq!(dial(false, inside).await, Ok(refused), "{inside}");
            assert!(dial(true, inside).await.is_err(), "{inside}");
        }
        assert!(dial(false, "https://hooks.example.com/").await.is_err());
        let refused = Ok(Some(io::ErrorKind::PermissionDenied));
        assert_eq!(dial(true, "http://hooks.example.com/").await, refused);
    }
}
