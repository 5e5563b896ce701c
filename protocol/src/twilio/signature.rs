//! `X-Twilio-Signature`: whether a request really comes from Twilio. The URL is the one Twilio was
//! given, built from the configured public base and never from a request's own headers.

mod url;

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::mac::{HmacSha1, keyed};
use url::SignedUrl;

/// The length of a signature, in bytes: an HMAC-SHA1.
const SIGNATURE_BYTES: usize = 20;

/// Checks signatures against the account's auth token, or several while it is being replaced:
/// Twilio signs with the old one until the new one is promoted.
///
/// Each check accepts the URL without a port, with the port it was written with, and with its
/// scheme's own port: Twilio's products differ in this. Fragment and `user:password@` are never
/// part of what is signed.
#[derive(Clone)]
pub struct Signatures {
    keys: Vec<HmacSha1>,
}

impl Signatures {
    /// Takes the auth tokens of the account that owns the calls. An empty token is left out, since
    /// anybody can sign with it; with no token left every request is refused.
    #[must_use]
    pub fn new(auth_tokens: impl IntoIterator<Item = String>) -> Self {
        let tokens = auth_tokens.into_iter().filter(|token| !token.is_empty());
        Self { keys: tokens.map(|token| keyed(token.as_bytes())).collect() }
    }

    /// Checks a form sent by POST. `pairs` are its decoded pairs, all of them.
    ///
    /// # Errors
    /// [`SignatureRefused`], to be answered with 403.
    pub fn verify_form(
        &self,
        url: &str,
        pairs: &[(String, String)],
        header: Option<&str>,
    ) -> Result<(), SignatureRefused> {
        let signature = decode(header)?;
        // Sorted by name, then value, each pair once: what Twilio's own libraries sign.
        let pairs: BTreeSet<(&str, &str)> = pairs.iter().map(|(n, v)| (&**n, &**v)).collect();
        let suffix: String = pairs.into_iter().flat_map(|(name, value)| [name, value]).collect();
        self.verify(&SignedUrl::parse(url)?, &suffix, &signature)
    }

    /// Checks a GET. `url` has the query as it was received.
    ///
    /// # Errors
    /// [`SignatureRefused`], to be answered with 403.
    pub fn verify_get(&self, url: &str, header: Option<&str>) -> Result<(), SignatureRefused> {
        let signature = decode(header)?;
        self.verify(&SignedUrl::parse(url)?, "", &signature)
    }

    /// Checks a JSON body: the URL, signed, carries the hash of the body as `bodySHA256`.
    ///
    /// # Errors
    /// [`SignatureRefused`], to be answered with 403.
    pub fn verify_json(
        &self,
        url: &str,
        raw_body: &[u8],
        header: Option<&str>,
    ) -> Result<(), SignatureRefused> {
        let signature = decode(header)?;
        let url = SignedUrl::parse(url)?;
        self.verify(&url, "", &signature)?;
        let named = url.query_value("bodySHA256").ok_or(SignatureRefused::BodyNotNamed)?;
        let actual = lower_hex(&Sha256::digest(raw_body));
        if bool::from(named.to_ascii_lowercase().as_bytes().ct_eq(actual.as_bytes())) {
            Ok(())
        } else {
            Err(SignatureRefused::BodyDiffers)
        }
    }

    /// Checks the handshake of a media socket. `wss_url` is the URL the TwiML named, scheme
    /// included; a query is not signed, since Twilio drops it before it dials. Twilio's
    /// documentation says the URL may have been signed with a slash added: both are accepted, and
    /// the answer tells which it was.
    ///
    /// # Errors
    /// [`SignatureRefused`], to be answered with 403.
    pub fn verify_handshake(
        &self,
        wss_url: &str,
        header: Option<&str>,
    ) -> Result<HandshakeForm, SignatureRefused> {
        let signature = decode(header)?;
        let url = SignedUrl::parse(wss_url)?.without_query();
        match self.verify(&url, "", &signature) {
            Ok(()) => Ok(HandshakeForm::Plain),
            Err(_) if !url.ends_in_slash() => {
                self.verify(&url, "/", &signature).map(|()| HandshakeForm::TrailingSlash)
            }
            Err(refused) => Err(refused),
        }
    }

    /// Whether one of the keys signed one of the URL's forms. Each comparison takes the same time
    /// wherever the two differ; which key or form it was is no secret.
    fn verify(
        &self,
        url: &SignedUrl<'_>,
        suffix: &str,
        signature: &[u8; SIGNATURE_BYTES],
    ) -> Result<(), SignatureRefused> {
        let signed = url.forms().any(|form| {
            self.keys.iter().any(|key| {
                let mac = key.clone().chain_update(&form).chain_update(suffix);
                mac.verify_slice(signature).is_ok()
            })
        });
        if signed { Ok(()) } else { Err(SignatureRefused::Differs) }
    }
}

impl fmt::Debug for Signatures {
    /// Tells how many tokens there are and nothing of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signatures").field("tokens", &self.keys.len()).finish()
    }
}

/// Which of its two forms the URL of a handshake was signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandshakeForm {
    /// As the TwiML named it.
    Plain,
    /// With a `/` added.
    TrailingSlash,
}

/// Why a request is not taken for Twilio's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureRefused {
    /// It has no signature.
    #[error("the request is not signed")]
    Missing,
    /// Its signature is not 20 bytes in base64.
    #[error("the signature is not one of Twilio's form")]
    Malformed,
    /// It was signed for another address, with other content or by someone else.
    #[error("the signature does not match the request")]
    Differs,
    /// It has a JSON body, and its URL does not say which.
    #[error("the signed address names no body")]
    BodyNotNamed,
    /// Its body is not the one its URL names.
    #[error("the body is not the one that was signed")]
    BodyDiffers,
    /// The address it is checked against is none: a fault of the configuration.
    #[error("the address to check against is not an absolute URL")]
    NoAbsoluteUrl,
}

fn decode(header: Option<&str>) -> Result<[u8; SIGNATURE_BYTES], SignatureRefused> {
    let header = header.ok_or(SignatureRefused::Missing)?;
    let bytes = STANDARD.decode(header).map_err(|_| SignatureRefused::Malformed)?;
    bytes.try_into().map_err(|_| SignatureRefused::Malformed)
}

fn lower_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
