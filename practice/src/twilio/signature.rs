//! Signs requests as Twilio does. The daemon's check is written apart from this.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

/// The value of `X-Twilio-Signature` for a POST with this form. A GET and a WebSocket handshake have
/// no form.
///
/// Signed are the URL and then each distinct parameter, sorted by name.
#[must_use]
pub fn sign(auth_token: &str, url: &str, form: &[(String, String)]) -> String {
    let mut parameters = form.to_vec();
    parameters.sort();
    parameters.dedup();
    let mut data = signed_url(url);
    for (name, value) in parameters {
        data.push_str(&name);
        data.push_str(&value);
    }
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("any length");
    mac.update(data.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The URL as written, without fragment and user. `https` also loses its port; `http`, `ws` and
/// `wss` keep theirs.
fn signed_url(url: &str) -> String {
    let url = url.split('#').next().unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_user, host)| host);
    let host = match host.rsplit_once(':') {
        Some((name, port)) if scheme == "https" && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::super::form::{decode, form};
    use super::*;

    const TOKEN: &str = "00112233445566778899aabbccddeeff";
    const VOICE: &str = "https://voice.example.net/twilio/voice";

    fn voice_form() -> Vec<(String, String)> {
        form([
            ("CallSid", "CA00000000000000000000000000000001"),
            ("AccountSid", "AC00000000000000000000000000000001"),
            ("ApiVersion", "2010-04-01"),
            ("CallStatus", "ringing"),
            ("Called", "+390200000001"),
            ("Caller", "+393330000001"),
            ("Direction", "inbound"),
            ("From", "+393330000001"),
            ("To", "+390200000001"),
        ])
    }

    #[test]
    fn ops_6_signatures_are_those_of_the_official_validator() {
        let whatsapp = decode(
            "Body=Citt%C3%A0+%26+pi%C3%B9%3A+1%2B1%3D2+&From=whatsapp%3A%2B393330000001\
             &MessageSid=SM00000000000000000000000000000001&NumMedia=0&ProfileName=\
             &SmsStatus=received&To=whatsapp%3A%2B390200000001&WaId=393330000001",
        );
        let repeated = decode("b=2&b=1&b=2&B=x&a=z");
        for (url, form, signature) in [
            (VOICE, voice_form(), "mq9FVTh3f+iEuK+gaaaltNnG1r4="),
            (
                "https://voice.example.net/twilio/status?call=42&x=a%20b",
                vec![],
                "grNO4Q24VDZV/GXuF1xC29UOyo4=",
            ),
            ("https://voice.example.net/twilio/whatsapp", whatsapp, "tPPdA7vhuT/MbD8Gv2cHlKoSiG0="),
            ("wss://voice.example.net/twilio/media", vec![], "d/tWPwt96E8hW77SJ0Y3HDmMBic="),
            (VOICE, repeated, "DJVvWg95ie9nKSA2QRSIPnwmWgw="),
        ] {
            assert_eq!(sign(TOKEN, url, &form), signature, "{url}");
        }
    }

    #[test]
    fn twilios_own_documented_example_is_signed_alike() {
        let form = decode(
            "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234\
             &From=%2B14158675310&To=%2B18005551212",
        );
        let url = "https://example.com/myapp.php?foo=1&bar=2";
        assert_eq!(sign("12345", url, &form), "L/OH5YylLD5NRKLltdqwSvS0BnU=");
    }

    #[test]
    fn fragment_user_and_https_port_are_not_signed_and_the_http_port_is() {
        let plain = sign(TOKEN, VOICE, &[]);
        let dressed = "https://user:pw@voice.example.net:8443/twilio/voice#rc=5&rp=all";
        assert_eq!(sign(TOKEN, dressed, &[]), plain);
        assert_eq!(signed_url("http://127.0.0.1:81/a#b"), "http://127.0.0.1:81/a");
    }
}
