//! Where a request comes from, for the counts of failed sign-ins and for the audit log.

use std::net::IpAddr;

use crate::http::request::Request;

/// The client's address. A proxy on this machine or its network is believed: it adds the address of its
/// client at the end of `X-Forwarded-For`.
pub(super) fn address(request: &Request) -> Option<IpAddr> {
    let peer = request.peer?.to_canonical();
    if !is_near(peer) {
        return Some(peer);
    }
    let forwarded = request.headers.get_all("x-forwarded-for").iter().next_back();
    let forwarded = forwarded.and_then(|value| value.to_str().ok());
    let last = forwarded.and_then(|value| value.rsplit(',').next()).map(str::trim);
    Some(last.and_then(|text| text.parse().ok()).unwrap_or(peer))
}

fn is_near(peer: IpAddr) -> bool {
    match peer {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private() || peer.is_link_local(),
        IpAddr::V6(peer) => {
            peer.is_loopback() || peer.is_unique_local() || peer.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method};

    use super::*;

    fn from(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
        }
        let request = Request {
            method: Method::GET,
            path: "/console".to_owned(),
            query: None,
            headers,
            body: bytes::Bytes::new(),
            peer: Some(peer.parse().unwrap()),
            upgrade: None,
        };
        address(&request).unwrap().to_string()
    }

    #[test]
    fn con_2_a_client_is_who_its_proxy_says_and_not_who_it_says_itself() {
        assert_eq!(from("198.51.100.7", &["192.0.2.1"]), "198.51.100.7");
        assert_eq!(from("127.0.0.1", &["192.0.2.1, 192.0.2.2"]), "192.0.2.2");
        assert_eq!(from("10.0.0.5", &["192.0.2.1", "2001:db8::7"]), "2001:db8::7");
        assert_eq!(from("::ffff:127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(from("::1", &["nobody"]), "::1");
    }
}
