//! A URL cut where a signature cares.

use super::SignatureRefused;

/// The parts of an absolute URL that are signed, as they were written.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignedUrl<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<&'a str>,
    /// Path and query.
    rest: &'a str,
}

impl<'a> SignedUrl<'a> {
    /// Cuts `url`, dropping its fragment and its `user:password@`.
    pub(super) fn parse(url: &'a str) -> Result<Self, SignatureRefused> {
        let url = url.split_once('#').map_or(url, |(before, _)| before);
        let (scheme, after) = url.split_once("://").ok_or(SignatureRefused::NoAbsoluteUrl)?;
        let (authority, rest) = after.split_at(after.find(['/', '?']).unwrap_or(after.len()));
        let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
        let (host, port) = match address.rsplit_once(':') {
            // A colon within brackets belongs to an IPv6 address.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            Some(_) | None => (address, None),
        };
        if scheme.is_empty() || host.is_empty() {
            return Err(SignatureRefused::NoAbsoluteUrl);
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

    /// The value of a field of the query, still encoded.
    pub(super) fn query_value(&self, field: &str) -> Option<&'a str> {
        let (_, query) = self.rest.split_once('?')?;
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(name, value)| (name == field).then_some(value))
    }

    /// The texts Twilio may have signed: without a port, and with the one given or else the
    /// scheme's own.
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
