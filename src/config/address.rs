//! URLs of the configuration, each with the schemes that it may have.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

/// A text that is not such a URL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not {expected}")]
pub struct InvalidAddress {
    text: String,
    expected: &'static str,
}

macro_rules! address {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(Uri);

        impl $name {
            /// Parses a URL.
            ///
            /// # Errors
            /// [`InvalidAddress`] says what was expected.
            pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
                let parse: fn(&str) -> Option<Uri> = $parse;
                let invalid = || InvalidAddress { text: text.to_owned(), expected: $expected };
                parse(text).map(Self).ok_or_else(invalid)
            }

            /// A URL that is part of the program.
            pub(super) fn fixed(text: &'static str) -> Self {
                Self(Uri::from_static(text))
            }

            /// Whether only this machine can reach it.
            #[must_use]
            pub fn is_loopback(&self) -> bool {
                is_loopback(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidAddress;

            fn from_str(text: &str) -> Result<Self, InvalidAddress> {
                Self::parse(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

address!(
    /// The address at which Twilio reaches the daemon: scheme, host and port, and no path.
    PublicUrl,
    "a public address: expected http:// or https://, a host and no path, \
     as in \"https://calls.example.com\"",
    |text| address(text, &["http", "https"]).filter(|uri| uri.path() == "/" && uri.query().is_none())
);
address!(HttpUrl, "a web address: expected http:// or https:// and a host", |text| address(
    text,
    &["http", "https"]
));
address!(WebSocketUrl, "the address of a WebSocket: expected ws:// or wss:// and a host", |text| {
    address(text, &["ws", "wss"])
});

impl PublicUrl {
    /// The host, and the port if it is not the scheme's default.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.authority().map_or("", |authority| authority.as_str())
    }

    /// Whether browsers keep the cookie of a session there: with https, or on their own machine.
    #[must_use]
    pub fn keeps_sessions(&self) -> bool {
        self.0.scheme_str() == Some("https") || self.is_loopback()
    }

    /// The same address for WebSockets: `wss://` for `https://`, `ws://` for `http://`.
    #[must_use]
    pub fn websocket_origin(&self) -> String {
        let scheme = if self.0.scheme_str() == Some("https") { "wss" } else { "ws" };
        format!("{scheme}://{}", self.host())
    }
}

impl fmt::Display for PublicUrl {
    /// Without a slash at the end, so that a path can be appended.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme_str().unwrap_or("https"), self.host())
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for WebSocketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An empty text means none, so that the default file can name the key.
pub(super) fn optional<'de, D: Deserializer<'de>, A: FromStr<Err = InvalidAddress>>(
    deserializer: D,
) -> Result<Option<A>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

/// An absolute URL with one of `schemes`, without a user, a password or a fragment.
fn address(text: &str, schemes: &[&str]) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let scheme_fits = schemes.contains(&uri.scheme_str()?);
    let plain = !text.contains('#') && !uri.authority()?.as_str().contains('@');
    (scheme_fits && plain && !uri.host()?.is_empty()).then_some(uri)
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn con_1_browsers_keep_sessions_with_https_or_on_their_own_machine() {
        let keeps = |text: &str| PublicUrl::parse(text).unwrap().keeps_sessions();
        assert!(keeps("https://console.example") && keeps("http://localhost:8082"));
        assert!(keeps("http://127.0.0.1:8082") && !keeps("http://192.168.1.7:8082"));
    }

    #[test]
    fn a_public_address_is_an_origin_and_nothing_more() {
        for good in ["http://127.0.0.1:8080", "https://calls.example.com", "https://a.b:8443/"] {
            assert!(PublicUrl::parse(good).is_ok(), "{good}");
        }
        for wrong in [
            "",
            "calls.example.com",
            "ftp://calls.example.com",
            "wss://calls.example.com",
            "https://calls.example.com/twilio",
            "https://calls.example.com?a=b",
            "https://calls.example.com/#a",
            "https://user:secret@calls.example.com",
            "https://",
        ] {
            assert!(PublicUrl::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn call_1_the_media_stream_is_reached_where_the_webhooks_are() {
        let public = PublicUrl::parse("https://calls.example.com/").unwrap();
        assert_eq!(public.to_string(), "https://calls.example.com");
        assert_eq!(public.websocket_origin(), "wss://calls.example.com");
        let local = PublicUrl::parse("http://127.0.0.1:8080").unwrap();
        assert_eq!(
            (local.websocket_origin().as_str(), local.host()),
            ("ws://127.0.0.1:8080", "127.0.0.1:8080")
        );
    }

    #[test]
    fn prac_4_loopback_is_told_from_the_rest_of_the_world() {
        for (url, expected) in [
            ("http://127.0.0.1:8080", true),
            ("http://127.8.9.1", true),
            ("http://localhost:80", true),
            ("http://LOCALHOST", true),
            ("http://[::1]:8080", true),
            ("http://0.0.0.0", false),
            ("http://192.168.0.7", false),
            ("https://localhost.example.com", false),
        ] {
            assert_eq!(PublicUrl::parse(url).unwrap().is_loopback(), expected, "{url}");
        }
    }

    #[test]
    fn both_providers_addresses_may_be_plain_or_encrypted_but_of_their_own_kind() {
        for good in ["ws://127.0.0.1:9000", "wss://api.openai.com/v1/realtime?model=x"] {
            assert_eq!(
                WebSocketUrl::parse(good).map(|url| url.to_string().starts_with(good)),
                Ok(true)
            );
        }
        assert!(WebSocketUrl::parse("https://api.openai.com").is_err());
        assert!(HttpUrl::parse("http://127.0.0.1:9001").is_ok());
        assert!(HttpUrl::parse("ws://127.0.0.1:9001").is_err());
    }
}
