//! Checks one number at Twilio: whether its calls come to this daemon.

use protocol::ids::PhoneNumber;
use serde::Deserialize;

use crate::cli::check::finding::Finding;
use crate::config::PublicUrl;

/// What a finding about the account is about.
pub(super) const ABOUT: &str = "twilio";

/// The settings of a number that matter for calls. Twilio writes a URL that is not set as `""` or
/// `null`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct IncomingNumber {
    phone_number: String,
    #[serde(default)]
    voice_url: Option<String>,
    #[serde(default)]
    voice_method: Option<String>,
    #[serde(default)]
    voice_fallback_url: Option<String>,
    #[serde(default)]
    status_callback: Option<String>,
    #[serde(default)]
    voice_application_sid: Option<String>,
    #[serde(default)]
    trunk_sid: Option<String>,
}

/// Checks `ours` against the account's numbers. Returns one finding if all is well.
pub(super) fn check(
    ours: &PhoneNumber,
    there: &[IncomingNumber],
    public_url: &PublicUrl,
) -> Vec<Finding> {
    let Some(number) = there.iter().find(|number| number.phone_number == ours.as_str()) else {
        return vec![Finding::fail(
            ABOUT,
            format!(
                "{ours} is not one of this account's numbers: buy or move it there, or take it \
                 out of the business's phone_numbers"
            ),
        )];
    };
    if let Some(elsewhere) = number.handled_elsewhere() {
        return vec![elsewhere];
    }
    let wrong: Vec<_> = [
        number.wrong_voice_url(public_url),
        number.wrong_status_callback(public_url),
        number.wrong_fallback(public_url),
    ]
    .into_iter()
    .flatten()
    .collect();
    if wrong.is_empty() {
        return vec![Finding::ok(ABOUT, format!("{ours} brings its calls to {public_url}"))];
    }
    wrong
}

impl IncomingNumber {
    /// A number with an application or a trunk ignores its own URLs.
    fn handled_elsewhere(&self) -> Option<Finding> {
        let number = &self.phone_number;
        let (what, sid) = set(&self.trunk_sid)
            .map(|sid| ("SIP trunk", sid))
            .or_else(|| set(&self.voice_application_sid).map(|sid| ("TwiML app", sid)))?;
        Some(Finding::fail(
            ABOUT,
            format!(
                "{number} is handled by the {what} {sid}, so its Voice URL is ignored: in the Twilio \
                 console, let a webhook handle its calls"
            ),
        ))
    }

    fn wrong_voice_url(&self, public_url: &PublicUrl) -> Option<Finding> {
        let (number, wanted) = (&self.phone_number, format!("{public_url}/twilio/voice"));
        let is = set(&self.voice_url);
        if is != Some(&wanted) {
            let is = is.unwrap_or("not set");
            return Some(Finding::fail(
                ABOUT,
                format!(
                    "{number}'s Voice URL is {is}, so its calls don't come here: set it to {wanted}"
                ),
            ));
        }
        let method = set(&self.voice_method).unwrap_or("POST");
        (!method.eq_ignore_ascii_case("POST")).then(|| {
            Finding::fail(
                ABOUT,
                format!("{number}'s Voice URL is requested with {method}: set its method to POST"),
            )
        })
    }

    fn wrong_status_callback(&self, public_url: &PublicUrl) -> Option<Finding> {
        let (number, wanted) = (&self.phone_number, format!("{public_url}/twilio/status"));
        let is = set(&self.status_callback);
        (is != Some(&wanted)).then(|| {
            let is = is.unwrap_or("not set");
            Finding::fail(
                ABOUT,
                format!(
                    "{number}'s status callback is {is}, so the daemon does not learn of ended \
                     calls, and their sessions go on costing: set it to {wanted}"
                ),
            )
        })
    }

    /// A fallback elsewhere is fine: it can serve when this daemon is down.
    fn wrong_fallback(&self, public_url: &PublicUrl) -> Option<Finding> {
        let (number, wanted) = (&self.phone_number, format!("{public_url}/twilio/voice"));
        let Some(is) = set(&self.voice_fallback_url) else {
            return Some(Finding::warn(
                ABOUT,
                format!(
                    "{number} has no fallback URL, so a caller hears Twilio's error message when \
                     this daemon can't be reached: set it to {wanted}"
                ),
            ));
        };
        // A fragment has Twilio's retry rules. It is not part of the request.
        let requested = is.split('#').next().unwrap_or(is);
        let here = requested.strip_prefix(&public_url.to_string())?;
        (!["/twilio/voice", "/twilio/voice/resume"].contains(&here)).then(|| {
            Finding::fail(
                ABOUT,
                format!(
                    "{number}'s fallback URL is {is}, which this daemon does not serve: set it to {wanted}"
                ),
            )
        })
    }
}

fn set(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::check::finding::Verdict;

    const OURS: &str = "+97231234567";
    const PUBLIC: &str = "https://calls.example.com";

    fn well() -> IncomingNumber {
        IncomingNumber {
            phone_number: OURS.to_owned(),
            voice_url: Some(format!("{PUBLIC}/twilio/voice")),
            voice_method: Some("POST".to_owned()),
            voice_fallback_url: Some(format!("{PUBLIC}/twilio/voice#rc=2")),
            status_callback: Some(format!("{PUBLIC}/twilio/status")),
            ..IncomingNumber::default()
        }
    }

    fn verdicts(number: IncomingNumber) -> Vec<(Verdict, String)> {
        let (ours, public) = (PhoneNumber::parse(OURS).unwrap(), PublicUrl::parse(PUBLIC).unwrap());
        let findings = check(&ours, &[number], &public);
        findings.into_iter().map(|finding| (finding.verdict, finding.to_string())).collect()
    }

    /// The one finding about a number.
    fn verdict(number: IncomingNumber) -> (Verdict, String) {
        let mut all = verdicts(number);
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    #[test]
    fn ops_5_a_number_that_comes_here_is_well() {
        assert_eq!(verdict(well()).0, Verdict::Ok);
        let elsewhere = Some("https://handler.twilio.com/twiml/EH00".to_owned());
        assert_eq!(
            verdict(IncomingNumber { voice_fallback_url: elsewhere, ..well() }).0,
            Verdict::Ok
        );
    }

    #[test]
    fn ops_5_each_address_that_is_wrong_is_told_with_the_right_one() {
        let other = || Some("https://demo.twilio.com/welcome".to_owned());
        let (grave, text) = verdict(IncomingNumber { voice_url: other(), ..well() });
        assert_eq!(grave, Verdict::Fail);
        assert!(text.contains("demo.twilio.com"), "{text}");
        assert!(text.ends_with("set it to https://calls.example.com/twilio/voice"), "{text}");
        let get = IncomingNumber { voice_method: Some("GET".to_owned()), ..well() };
        assert!(verdict(get).1.ends_with("set its method to POST"));
        let (grave, text) = verdict(IncomingNumber { status_callback: None, ..well() });
        assert_eq!(grave, Verdict::Fail);
        assert!(text.ends_with("set it to https://calls.example.com/twilio/status"), "{text}");
        let (grave, text) =
            verdict(IncomingNumber { voice_fallback_url: Some(String::new()), ..well() });
        assert_eq!(grave, Verdict::Warn, "{text}");
        let here = Some(format!("{PUBLIC}/twilio/nothing"));
        assert_eq!(verdict(IncomingNumber { voice_fallback_url: here, ..well() }).0, Verdict::Fail);
    }

    #[test]
    fn ops_5_everything_wrong_with_a_number_is_told_at_once() {
        let bare = IncomingNumber { phone_number: OURS.to_owned(), ..IncomingNumber::default() };
        let graves: Vec<_> = verdicts(bare).into_iter().map(|(grave, _)| grave).collect();
        assert_eq!(graves, [Verdict::Fail, Verdict::Fail, Verdict::Warn]);
    }

    #[test]
    fn ops_5_a_number_of_another_account_or_behind_a_trunk_is_told() {
        let foreign = IncomingNumber { phone_number: "+15005550006".to_owned(), ..well() };
        assert!(verdict(foreign).1.contains("not one of this account's numbers"));
        let trunk = IncomingNumber { trunk_sid: Some("TK01".to_owned()), ..well() };
        assert!(verdict(trunk).1.contains("SIP trunk TK01"));
        let app = IncomingNumber { voice_application_sid: Some("AP01".to_owned()), ..well() };
        assert!(verdict(app).1.contains("TwiML app AP01"));
    }
}
