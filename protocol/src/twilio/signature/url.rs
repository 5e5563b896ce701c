//! A URL split into the parts that Twilio signs.

use super::SignatureError;

/// The signed parts of an absolute URL, as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignedUrl<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<&'a str>,
    /// Path and query.
    rest: &'a str,
}

impl<'a> SignedUrl<'a> {
    /// Splits `url`, and drops its fragment and its `user:password@`.
    pub(super) fn parse(url: &'a str) -> Result<Self, SignatureError> {
        let url = url.split_once('#').map_or(url, |(before, _)| before);
        let (scheme, after) = url.split_once("://").ok_or(SignatureError::NoAbsoluteUrl)?;
        let (authority, rest) = after.split_at(after.find(['/', '?']).unwrap_or(after.len()));
        let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
        let (host, port) = match address.rsplit_once(':') {
            // A colon inside brackets is part of an IPv6 address.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            Some(_) | None => (address, None),
        };
        if scheme.is_empty() || host.is_empty() {
            return Err(SignatureError::NoAbsoluteUrl);
        }
        Ok(Self { scheme, host, port, rest })
    }

    pub(super) fn without_query(self) -> Self {
        let rest = self.rest.split_once('?').map_or(self.rest, |(path, _)| path);
        Self { rest, ..self }
    }

    pub(super) fn ends_in_slash(&self) -> bool {
        self.rest.ends_with('/')
    }

    /// The texts that Twilio may have signed: without a port, and with the given port or else the
    /// scheme's default.
    pub(super) fn forms(&self) -> impl Iterator<Item = String> + use<'a> {
        let Self { scheme, host, port, rest } = *self;
        let default = match scheme {
            "https" | "wss" => Some("443"),
            "http" | "ws" => Some("80"),
            _ => None,
        };
        let with_port = port.or(default).map(|port| format!("{scheme}://{host}:{port}{rest}"));
        std::iter::once(format!("{scheme}://{host}{rest}")).chain(with_port)
    }
}
