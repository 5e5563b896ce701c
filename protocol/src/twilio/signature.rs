//! `X-Twilio-Signature`: whether a request comes from Twilio. The URL to check is the one that Twilio was
//! given, built from the configured public base and never from the request's own headers.
//!
//! Wire facts: "Security: Validating Requests" of Twilio's documentation.

mod url;

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use thiserror::Error;

use super::mac::{HmacSha1, keyed};
use url::SignedUrl;

/// The length of a signature, in bytes: an HMAC-SHA1.
const SIGNATURE_BYTES: usize = 20;

/// Checks signatures with the account's auth token, or with several while it is being replaced: Twilio
/// signs with the old one until the new one is promoted.
///
/// Each check accepts the URL without a port, with the port as written, and with its scheme's default
/// port: Twilio's products differ. Fragment and `user:password@` are never signed.
#[derive(Clone)]
pub struct Signatures {
    keys: Vec<HmacSha1>,
}

impl Signatures {
    /// Takes the auth tokens of the account that owns the calls. An empty token is left out, because
    /// anybody can sign with it. Without any token every request is refused.
    #[must_use]
    pub fn new(auth_tokens: impl IntoIterator<Item = String>) -> Self {
        let tokens = auth_tokens.into_iter().filter(|token| !token.is_empty());
        Self { keys: tokens.map(|token| keyed(token.as_bytes())).collect() }
    }

    /// Checks a form sent by POST. `pairs` are all its decoded pairs.
    ///
    /// # Errors
    /// [`SignatureError`], to be answered with 403.
    pub fn verify_form(
        &self,
        url: &str,
        pairs: &[(String, String)],
        header: Option<&str>,
    ) -> Result<(), SignatureError> {
        let signature = decode(header)?;
        // Sorted by name, then value, each pair once: what Twilio's own libraries sign.
        let pairs: BTreeSet<(&str, &str)> = pairs.iter().map(|(n, v)| (&**n, &**v)).collect();
        let suffix: String = pairs.into_iter().flat_map(|(name, value)| [name, value]).collect();
        self.verify(&SignedUrl::parse(url)?, &suffix, &signature)
    }

    /// Checks a GET. `url` has the query as it was received.
    ///
    /// # Errors
    /// [`SignatureError`], to be answered with 403.
    pub fn verify_get(&self, url: &str, header: Option<&str>) -> Result<(), SignatureError> {
        let signature = decode(header)?;
        self.verify(&SignedUrl::parse(url)?, "", &signature)
    }

    /// Checks the handshake of a media socket. `wss_url` is the URL of the TwiML, scheme included. Its
    /// query is not signed: Twilio drops it before it connects. By Twilio's documentation a slash may
    /// have been added before signing; both forms are accepted.
    ///
    /// # Errors
    /// [`SignatureError`], to be answered with 403.
    pub fn verify_handshake(
        &self,
        wss_url: &str,
        header: Option<&str>,
    ) -> Result<HandshakeForm, SignatureError> {
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

    /// Whether one of the keys signed one of the URL's forms. Each comparison takes constant time; which
    /// key or form matched is not secret.
    fn verify(
        &self,
        url: &SignedUrl<'_>,
        suffix: &str,
        signature: &[u8; SIGNATURE_BYTES],
    ) -> Result<(), SignatureError> {
        let signed = url.forms().any(|form| {
            self.keys.iter().any(|key| {
                let mac = key.clone().chain_update(&form).chain_update(suffix);
                mac.verify_slice(signature).is_ok()
            })
        });
        if signed { Ok(()) } else { Err(SignatureError::Differs) }
    }
}

impl fmt::Debug for Signatures {
    /// Shows how many tokens there are, and nothing else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signatures").field("tokens", &self.keys.len()).finish()
    }
}

/// In which form the URL of a handshake was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandshakeForm {
    /// As in the TwiML.
    Plain,
    /// With a `/` added.
    TrailingSlash,
}

/// Why a request was not accepted as Twilio's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The header `X-Twilio-Signature` is missing.
    #[error("the request is not signed")]
    Missing,
    /// The signature is not 20 bytes in base64.
    #[error("the signature is not one of Twilio's form")]
    Malformed,
    /// It was signed for another URL, with other content, or with another token.
    #[error("the signature does not match the request")]
    Differs,
    /// The URL to check against is not absolute: an error of the configuration.
    #[error("the address to check against is not an absolute URL")]
    NoAbsoluteUrl,
}

fn decode(header: Option<&str>) -> Result<[u8; SIGNATURE_BYTES], SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let bytes = STANDARD.decode(header).map_err(|_| SignatureError::Malformed)?;
    bytes.try_into().map_err(|_| SignatureError::Malformed)
}

#[cfg(test)]
mod tests;
