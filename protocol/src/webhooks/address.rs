//! Where events may be sent: to https addresses of the public internet. A business's own URL must not reach
//! what only this machine, or its network, can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;

/// What is wrong with a receiver's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UrlFlaw {
    /// It is no URL that can be called.
    #[error(
        "is no address of a receiver: expected https:// and a host, without a name and password"
    )]
    Malformed,
    /// It is not encrypted.
    #[error(
        "must begin with https://; http:// is for a receiver on this machine alone, as in http://127.0.0.1:9000"
    )]
    NotEncrypted,
    /// It is not public.
    #[error(
        "is not an address of the public internet: set server.allow_private_webhooks = true if events shall \
         go to this machine or its network"
    )]
    Private,
}

/// Checks a receiver's URL. With `allow_private` it may be inside. A host's name is not resolved here.
///
/// # Errors
/// [`UrlFlaw`] says what is expected.
pub fn check_url(url: &str, allow_private: bool) -> Result<(), UrlFlaw> {
    let (is_encrypted, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return Err(UrlFlaw::Malformed),
    };
    let is_odd = |letter: char| !letter.is_ascii_graphic() || "\"<>\\^`{|}".contains(letter);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if url.chars().any(is_odd) || authority.contains('@') {
        return Err(UrlFlaw::Malformed);
    }
    let host = host(authority).ok_or(UrlFlaw::Malformed)?;
    if !is_encrypted && !host.is_loopback() {
        return Err(UrlFlaw::NotEncrypted);
    }
    if !allow_private && !host.may_be_public() {
        return Err(UrlFlaw::Private);
    }
    Ok(())
}

enum Host<'a> {
    Address(IpAddr),
    Name(&'a str),
}

impl Host<'_> {
    fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => is_localhost(name),
        }
    }

    fn may_be_public(&self) -> bool {
        match self {
            Self::Address(address) => is_public(*address),
            Self::Name(name) => !is_localhost(name),
        }
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn host(authority: &str) -> Option<Host<'_>> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            (Host::Address(IpAddr::V6(address.parse().ok()?)), port)
        }
        None => {
            let (name, port) = match authority.split_once(':') {
                Some((name, _)) => (name, &authority[name.len()..]),
                None => (authority, ""),
            };
            let is_name = |name: &str| {
                let is_sign = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
                !name.is_empty() && name.chars().all(is_sign)
            };
            if !is_name(name) {
                return None;
            }
            (name.parse().map_or(Host::Name(name), |ip: Ipv4Addr| Host::Address(ip.into())), port)
        }
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(host)
}

/// Whether an address is one of the public internet: not of this machine, its network, or a special purpose
/// (IANA's registries).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = a == 0
        || (a == 100 && (64..=127).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 240;
    !(is_special
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let inner = |high: u16, low: u16| {
        is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
    };
    match parts {
        // An IPv4 address, mapped or behind a translator.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            inner(high, low)
        }
        // 6to4 has one inside.
        [0x2002, high, low, ..] => inner(high, low),
        // Teredo, benchmarks, identifiers, and documentation.
        [0x2001, second, ..] => second > 0x1ff && second != 0xdb8,
        [0x3fff, second, ..] => second > 0xfff,
        // Global unicast is 2000::/3. All else is local, special, or not given out.
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_13_addresses_of_this_machine_its_network_and_special_ones_are_not_public() {
        for inside in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "192.0.2.7",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "64:ff9b:1::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "8.8.8.8",
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "192.169.0.1",
            "198.20.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:4860::8888",
        ] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn ops_13_a_url_is_encrypted_and_public_unless_inside_is_allowed() {
        for (url, strict, lenient) in [
            ("https://hooks.example.com/frontdesk?x=1", Ok(()), Ok(())),
            ("https://hooks.example.com:8443", Ok(()), Ok(())),
            ("https://8.8.8.8/", Ok(()), Ok(())),
            ("http://hooks.example.com/", Err(UrlFlaw::NotEncrypted), Err(UrlFlaw::NotEncrypted)),
            ("http://10.0.0.1/", Err(UrlFlaw::NotEncrypted), Err(UrlFlaw::NotEncrypted)),
            ("http://127.0.0.1:9000/", Err(UrlFlaw::Private), Ok(())),
            ("http://localhost:9000/", Err(UrlFlaw::Private), Ok(())),
            ("http://[::1]:9000/", Err(UrlFlaw::Private), Ok(())),
            ("https://10.0.0.1/", Err(UrlFlaw::Private), Ok(())),
            ("https://a.localhost./", Err(UrlFlaw::Private), Ok(())),
            ("https://[fd00::1]/", Err(UrlFlaw::Private), Ok(())),
        ] {
            assert_eq!(check_url(url, false), strict, "{url}");
            assert_eq!(check_url(url, true), lenient, "{url}");
        }
        for url in [
            "",
            "hooks.example.com",
            "ftp://x.example",
            "https://",
            "https:///x",
            "https://a b.example",
            "https://me:secret@x.example",
            "https://x.example:0/",
            "https://x.example:99999/",
            "https://[::1/",
            "https://[not]/",
            "https://x.example/\u{202e}",
        ] {
            assert_eq!(check_url(url, true), Err(UrlFlaw::Malformed), "{url}");
        }
    }
}
