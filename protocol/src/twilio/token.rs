//! The stream token (CALL-1): a `<Parameter>` of the TwiML that only the daemon can make. It proves that
//! a media socket belongs to a call whose webhook was answered.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use jiff::Timestamp;
use thiserror::Error;
use uuid::Uuid;

use super::forms::Direction;
use super::mac::{HmacSha256, keyed};
use crate::ids::{BusinessId, CallSid};

/// How long a token is valid. A resumed call gets a new one.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// Separates this key from keys derived for another use.
const PURPOSE: &[u8] = b"frontdesk stream token 1";

/// Makes and checks stream tokens with a key derived from the account's auth token.
///
/// A token is `CallSid.business.direction.expiry.signature`: under 140 letters, digits, `.`, `-` and
/// `_`, which need no escaping in a URL or in XML.
#[derive(Clone)]
pub struct StreamTokens {
    key: HmacSha256,
}

impl StreamTokens {
    /// Derives the key. `auth_token` must not be empty: it is the only secret.
    #[must_use]
    pub fn new(auth_token: &str) -> Self {
        let derived = keyed::<HmacSha256>(auth_token.as_bytes()).chain_update(PURPOSE).finalize();
        Self { key: keyed(&derived.into_bytes()) }
    }

    /// Makes the token of one call, valid for 1 h from `now`.
    #[must_use]
    pub fn issue(
        &self,
        call: &CallSid,
        business: BusinessId,
        direction: Direction,
        now: Timestamp,
    ) -> String {
        let expires = now.as_second().saturating_add_unsigned(LIFETIME.as_secs());
        let claims = format!("{call}.{}.{direction}.{expires}", business.0.simple());
        let signature = self.key.clone().chain_update(&claims).finalize().into_bytes();
        format!("{claims}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Checks that the token was made with this key, for this `call`, less than 1 h before `now`. Returns
    /// the business that it names.
    ///
    /// # Errors
    /// [`TokenError`]: close the socket.
    pub fn check(
        &self,
        token: &str,
        call: &CallSid,
        now: Timestamp,
    ) -> Result<BusinessId, TokenError> {
        let (text, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::Malformed)?;
        let mac = self.key.clone().chain_update(text);
        mac.verify_slice(&signature).map_err(|_| TokenError::Forged)?;

        let (signed_call, business, expires_at) = read(text).ok_or(TokenError::Malformed)?;
        if signed_call != *call {
            return Err(TokenError::ForeignCall);
        }
        if expires_at <= now {
            return Err(TokenError::Expired);
        }
        Ok(business)
    }
}

impl fmt::Debug for StreamTokens {
    /// Shows nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamTokens").finish_non_exhaustive()
    }
}

/// Why a token does not open a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Not in a token's form.
    #[error("the stream token has the wrong form")]
    Malformed,
    /// Made with another key, or altered.
    #[error("the stream token was not made here")]
    Forged,
    /// Made for another call.
    #[error("the stream token belongs to another call")]
    ForeignCall,
    /// Made 1 h ago or earlier.
    #[error("the stream token has expired")]
    Expired,
}

/// Reads the signed part: call, business, direction and expiry.
fn read(text: &str) -> Option<(CallSid, BusinessId, Timestamp)> {
    let mut parts = text.split('.');
    let call = CallSid::parse(parts.next()?).ok()?;
    let business = BusinessId(Uuid::try_parse(parts.next()?).ok()?);
    let _: Direction = parts.next()?.parse().ok()?;
    let expires_at = Timestamp::from_second(parts.next()?.parse().ok()?).ok()?;
    parts.next().is_none().then_some((call, business, expires_at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AUTH_TOKEN: &str = "00112233445566778899aabbccddeeff";
    const BUSINESS: BusinessId =
        BusinessId(Uuid::from_u128(0x0192_7000_0000_7000_8000_0000_0000_0001));

    fn call() -> CallSid {
        CallSid::parse("CA00000000000000000000000000000001").unwrap()
    }

    fn now() -> Timestamp {
        "2026-10-06T08:30:00.9Z".parse().unwrap()
    }

    fn tokens() -> StreamTokens {
        StreamTokens::new(AUTH_TOKEN)
    }

    fn issued() -> String {
        tokens().issue(&call(), BUSINESS, Direction::Outbound, now())
    }

    #[test]
    fn call_1_a_token_says_whose_call_it_opens() {
        assert_eq!(tokens().check(&issued(), &call(), now()), Ok(BUSINESS));
        let token = issued();
        let (call_and_business, _) = token.split_once(".outbound.1791279000.").unwrap();
        assert!(call_and_business.starts_with(call().as_str()));
    }

    #[test]
    fn call_1_a_token_is_good_for_an_hour() {
        let check = |at: &str| tokens().check(&issued(), &call(), at.parse().unwrap());
        assert!(check("2026-10-06T09:29:59.999Z").is_ok());
        assert_eq!(check("2026-10-06T09:30:00Z"), Err(TokenError::Expired));
        assert_eq!(check("2026-10-07T08:30:00Z"), Err(TokenError::Expired));
    }

    #[test]
    fn call_1_a_token_opens_no_other_call() {
        let other = CallSid::parse("CA00000000000000000000000000000002").unwrap();
        assert_eq!(tokens().check(&issued(), &other, now()), Err(TokenError::ForeignCall));
    }

    #[test]
    fn call_1_a_token_of_another_auth_token_is_forged() {
        let other = StreamTokens::new("another");
        assert_eq!(other.check(&issued(), &call(), now()), Err(TokenError::Forged));
    }

    #[test]
    fn call_1_the_key_is_not_the_auth_token_itself() {
        let (claims, _) =
            issued().rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let signature = keyed::<HmacSha256>(AUTH_TOKEN.as_bytes()).chain_update(&claims).finalize();
        let forged = format!("{claims}.{}", URL_SAFE_NO_PAD.encode(signature.into_bytes()));
        assert_eq!(tokens().check(&forged, &call(), now()), Err(TokenError::Forged));
    }

    #[test]
    fn call_1_a_text_that_is_no_token_is_malformed() {
        for text in ["", "token", "a.b.c.d.not+base64", "a.b.c.d.AB"] {
            let refused = tokens().check(text, &call(), now()).unwrap_err();
            assert!(matches!(refused, TokenError::Malformed | TokenError::Forged), "{text}");
        }
        // Signed with the key and yet no token: made by another version of the daemon.
        let text = "CA1.x";
        let signature = tokens().key.chain_update(text).finalize().into_bytes();
        let token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
        assert_eq!(tokens().check(&token, &call(), now()), Err(TokenError::Malformed));
    }

    #[test]
    fn call_1_a_token_needs_no_escaping_and_fits_a_parameter() {
        let token = issued();
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)), "{token}");
        assert!(token.len() < 140, "{}", token.len());
    }

    #[test]
    fn ops_6_the_key_is_never_printed() {
        assert_eq!(format!("{:?}", tokens()), "StreamTokens { .. }");
    }

    proptest! {
        #[test]
        fn call_1_any_altered_token_is_refused(at in any::<prop::sample::Index>(), char in any::<char>()) {
            let token: Vec<char> = issued().chars().collect();
            let at = at.index(token.len());
            let mut altered = token.clone();
            altered[at] = char;
            prop_assume!(altered != token);
            let altered: String = altered.into_iter().collect();
            prop_assert!(tokens().check(&altered, &call(), now()).is_err());
        }

        #[test]
        fn call_1_any_lengthened_or_shortened_token_is_refused(
            at in any::<prop::sample::Index>(), more in ".{1,8}",
        ) {
            let token = issued();
            let at = at.index(token.len());
            prop_assert!(tokens().check(&token[..at], &call(), now()).is_err());
            let longer = format!("{}{more}{}", &token[..at], &token[at..]);
            prop_assert!(tokens().check(&longer, &call(), now()).is_err());
        }

        #[test]
        fn ops_6_no_text_makes_the_check_panic(text in any::<String>(), seconds in any::<i64>()) {
            let now = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
            prop_assert!(tokens().check(&text, &call(), now).is_err());
            let _ = tokens().issue(&call(), BUSINESS, Direction::Inbound, now);
        }
    }
}
