//! The vectors were computed with another implementation and accepted by Twilio's own validator.

use proptest::prelude::*;

use super::*;
use crate::twilio::forms::Form;

const TOKEN: &str = "00112233445566778899aabbccddeeff";
const VOICE: &str = "https://voice.example.net/twilio/voice";
const MEDIA: &str = "wss://voice.example.net/twilio/media";

const A: &str = "mq9FVTh3f+iEuK+gaaaltNnG1r4=";
const B: &str = "grNO4Q24VDZV/GXuF1xC29UOyo4=";
const C: &str = "tPPdA7vhuT/MbD8Gv2cHlKoSiG0=";
const E: &str = "d/tWPwt96E8hW77SJ0Y3HDmMBic=";
const F: &str = "DqK+fI8bu4Y/3HEjljWxK56eba0=";
const G: &str = "6J7fTHHAws+lelBSOV/Uoz9qljA=";
const H: &str = "DJVvWg95ie9nKSA2QRSIPnwmWgw=";
const I: &str = "S1+hpAv2xdR6L6Q7Lg8hYFpojTg=";

const WHATSAPP: &str = "Body=Citt%C3%A0+%26+pi%C3%B9%3A+1%2B1%3D2+&From=whatsapp%3A%2B393330000001\
    &MessageSid=SM00000000000000000000000000000001&NumMedia=0&ProfileName=&SmsStatus=received\
    &To=whatsapp%3A%2B390200000001&WaId=393330000001";

fn signatures() -> Signatures {
    Signatures::new([TOKEN.to_owned()])
}

/// What someone who has the token signs.
fn sign(text: &str) -> String {
    let mac = keyed::<HmacSha1>(TOKEN.as_bytes()).chain_update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

fn voice_pairs() -> Vec<(String, String)> {
    [
        ("AccountSid", "AC00000000000000000000000000000001"),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", "CA00000000000000000000000000000001"),
        ("CallStatus", "ringing"),
        ("Called", "+390200000001"),
        ("Caller", "+393330000001"),
        ("Direction", "inbound"),
        ("From", "+393330000001"),
        ("To", "+390200000001"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn decoded(body: &str) -> Vec<(String, String)> {
    Form::parse(body.as_bytes()).unwrap().pairs().to_vec()
}

#[test]
fn ops_6_vector_a_a_voice_webhook_in_whatever_order_its_fields_come() {
    let mut pairs = voice_pairs();
    assert_eq!(signatures().verify_form(VOICE, &pairs, Some(A)), Ok(()));
    pairs.reverse();
    assert_eq!(signatures().verify_form(VOICE, &pairs, Some(A)), Ok(()));
}

#[test]
fn ops_6_vector_b_a_get_with_its_query_as_written() {
    let url = "https://voice.example.net/twilio/status?call=42&x=a%20b";
    assert_eq!(signatures().verify_get(url, Some(B)), Ok(()));
    let reencoded = "https://voice.example.net/twilio/status?call=42&x=a+b";
    assert_eq!(signatures().verify_get(reencoded, Some(B)), Err(SignatureError::Differs));
}

#[test]
fn ops_6_vector_c_a_text_with_accents_an_empty_value_and_a_space_at_its_end() {
    let url = "https://voice.example.net/twilio/whatsapp";
    let pairs = decoded(WHATSAPP);
    assert_eq!(signatures().verify_form(url, &pairs, Some(C)), Ok(()));
    let trimmed = decoded(&WHATSAPP.replace("%3D2+&", "%3D2&"));
    assert_eq!(signatures().verify_form(url, &trimmed, Some(C)), Err(SignatureError::Differs));
}

#[test]
fn ops_6_vectors_e_and_f_a_handshake_with_and_without_a_slash_added() {
    assert_eq!(signatures().verify_handshake(MEDIA, Some(E)), Ok(HandshakeForm::Plain));
    assert_eq!(signatures().verify_handshake(MEDIA, Some(F)), Ok(HandshakeForm::TrailingSlash));
    let with_slash = format!("{MEDIA}/");
    assert_eq!(signatures().verify_handshake(&with_slash, Some(F)), Ok(HandshakeForm::Plain));
    for header in [E, &sign(&format!("{with_slash}/"))] {
        let refused = signatures().verify_handshake(&with_slash, Some(header));
        assert_eq!(refused, Err(SignatureError::Differs));
    }
}

#[test]
fn ops_6_a_handshake_is_signed_without_its_query() {
    let url = format!("{MEDIA}?token=x");
    assert_eq!(signatures().verify_handshake(&url, Some(E)), Ok(HandshakeForm::Plain));
    assert_eq!(signatures().verify_handshake(&url, Some(F)), Ok(HandshakeForm::TrailingSlash));
}

#[test]
fn ops_6_vector_g_a_handshake_signed_for_another_scheme_is_refused() {
    assert_eq!(signatures().verify_handshake(MEDIA, Some(G)), Err(SignatureError::Differs));
    // It is a signature all the same: of the https address.
    let https = "https://voice.example.net/twilio/media";
    assert_eq!(signatures().verify_get(https, Some(G)), Ok(()));
}

#[test]
fn ops_6_vector_h_a_repeated_name_is_signed_once_per_value_and_case_sorts() {
    let pairs = decoded("b=2&b=1&b=2&B=x&a=z");
    assert_eq!(signatures().verify_form(VOICE, &pairs, Some(H)), Ok(()));
}

#[test]
fn ops_6_vector_i_a_port_may_be_signed_or_left_out() {
    let url = "https://voice.example.net:8443/twilio/voice";
    for header in [A, I] {
        assert_eq!(signatures().verify_form(url, &voice_pairs(), Some(header)), Ok(()));
    }
    let unported = signatures().verify_form(VOICE, &voice_pairs(), Some(I));
    assert_eq!(unported, Err(SignatureError::Differs));
}

#[test]
fn ops_6_the_vector_of_twilios_documentation() {
    let pairs = decoded(
        "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212",
    );
    let signatures = Signatures::new(["12345".to_owned()]);
    let url = "https://example.com/myapp.php?foo=1&bar=2";
    assert_eq!(signatures.verify_form(url, &pairs, Some("L/OH5YylLD5NRKLltdqwSvS0BnU=")), Ok(()));
}

#[test]
fn call_1_the_retry_overrides_in_a_fragment_and_a_user_are_no_part_of_the_signed_address() {
    for url in [
        "https://voice.example.net/twilio/voice#rc=5&rp=all&ct=3000",
        "https://user:p%40ss@voice.example.net/twilio/voice",
    ] {
        assert_eq!(signatures().verify_form(url, &voice_pairs(), Some(A)), Ok(()), "{url}");
    }
}

#[test]
fn ops_6_the_scheme_s_own_port_may_be_signed_though_it_was_not_written() {
    for (url, signed) in [
        ("https://h.example/p", "https://h.example:443/p"),
        ("http://h.example/p", "http://h.example:80/p"),
        ("https://h.example:443/p", "https://h.example/p"),
        ("http://[::1]/p", "http://[::1]:80/p"),
        ("http://[::1]:8080/p", "http://[::1]:8080/p"),
        ("http://127.0.0.1:8080?q=a:b@c", "http://127.0.0.1?q=a:b@c"),
    ] {
        assert_eq!(signatures().verify_get(url, Some(&sign(signed))), Ok(()), "{signed}");
    }
    let handshake = sign("wss://voice.example.net:443/twilio/media");
    assert_eq!(signatures().verify_handshake(MEDIA, Some(&handshake)), Ok(HandshakeForm::Plain));
}

#[test]
fn ops_6_while_a_token_is_replaced_both_are_accepted() {
    let both = Signatures::new(["new".to_owned(), TOKEN.to_owned()]);
    assert_eq!(both.verify_form(VOICE, &voice_pairs(), Some(A)), Ok(()));
    let new = Signatures::new(["new".to_owned()]);
    let refused = new.verify_form(VOICE, &voice_pairs(), Some(A));
    assert_eq!(refused, Err(SignatureError::Differs));
}

#[test]
fn ops_6_nobody_gets_in_with_the_empty_token() {
    let mac = keyed::<HmacSha1>(b"").chain_update(VOICE);
    let header = STANDARD.encode(mac.finalize().into_bytes());
    for tokens in [vec![], vec![String::new()]] {
        let refused = Signatures::new(tokens).verify_get(VOICE, Some(&header));
        assert_eq!(refused, Err(SignatureError::Differs));
    }
}

#[test]
fn ops_6_a_missing_or_mangled_signature_is_refused() {
    let check = |header| signatures().verify_form(VOICE, &voice_pairs(), header);
    assert_eq!(check(None), Err(SignatureError::Missing));
    for header in
        ["", "x", "mq9FVTh3f+iEuK+gaaaltNnG1r4", "bXE5RlZUaDM=", " mq9FVTh3f+iEuK+gaaaltNnG1r4="]
    {
        assert_eq!(check(Some(header)), Err(SignatureError::Malformed), "{header:?}");
    }
}

#[test]
fn a_public_address_that_is_no_url_is_told_apart_from_a_forgery() {
    for url in ["voice.example.net/twilio", "", "https://", "://h/p"] {
        let refused = signatures().verify_get(url, Some(A));
        assert_eq!(refused, Err(SignatureError::NoAbsoluteUrl), "{url:?}");
    }
}

#[test]
fn ops_6_a_token_is_never_printed() {
    assert_eq!(format!("{:?}", signatures()), "Signatures { tokens: 1 }");
}

proptest! {
    #[test]
    fn ops_6_an_altered_form_is_refused(
        at in 0usize..9, value in any::<String>(), header in prop::array::uniform20(any::<u8>()),
    ) {
        let mut pairs = voice_pairs();
        prop_assume!(pairs[at].1 != value);
        let forged = STANDARD.encode(header);
        prop_assume!(forged != A);
        prop_assert!(signatures().verify_form(VOICE, &pairs, Some(&forged)).is_err());
        pairs[at].1 = value;
        prop_assert!(signatures().verify_form(VOICE, &pairs, Some(A)).is_err());
    }

    #[test]
    fn ops_6_no_url_and_no_header_make_the_check_panic(url in any::<String>(), header in any::<String>()) {
        let _ = signatures().verify_get(&url, Some(&header));
        let _ = signatures().verify_handshake(&url, Some(A));
    }
}
