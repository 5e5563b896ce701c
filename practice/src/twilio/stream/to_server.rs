//! The messages that Twilio sends on a media socket: compact JSON, counters as strings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::ids::{AccountSid, CallSid, StreamSid};
use serde_json::{Map, Value, json};

/// Writes and numbers the messages of one stream.
#[derive(Debug)]
pub(super) struct ToServer {
    account_sid: AccountSid,
    call_sid: CallSid,
    stream_sid: StreamSid,
    sequence: u64,
    chunk: u64,
}

impl ToServer {
    pub(super) fn new(account_sid: AccountSid, call_sid: CallSid, stream_sid: StreamSid) -> Self {
        Self { account_sid, call_sid, stream_sid, sequence: 0, chunk: 0 }
    }

    /// The first message. It has neither a number nor a SID.
    pub(super) fn connected() -> String {
        r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#.to_owned()
    }

    pub(super) fn start(&mut self, parameters: &[(String, String)]) -> String {
        let parameters: Map<String, Value> =
            parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let start = json!({
            "accountSid": self.account_sid,
            "streamSid": self.stream_sid,
            "callSid": self.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        });
        self.numbered("start", &start)
    }

    /// `timestamp` is in milliseconds since the stream's start.
    pub(super) fn media(&mut self, timestamp: u64, ulaw: &[u8]) -> String {
        self.chunk += 1;
        self.sequence += 1;
        let (sequence, chunk, stream_sid) = (self.sequence, self.chunk, self.stream_sid.as_str());
        let payload = STANDARD.encode(ulaw);
        // Written by hand, because there are fifty a second. No value needs an escape.
        format!(
            r#"{{"event":"media","sequenceNumber":"{sequence}","media":{{"track":"inbound","chunk":"{chunk}","timestamp":"{timestamp}","payload":"{payload}"}},"streamSid":"{stream_sid}"}}"#
        )
    }

    pub(super) fn dtmf(&mut self, digit: char) -> String {
        let dtmf = json!({"track": "inbound_track", "digit": digit.to_string()});
        self.numbered("dtmf", &dtmf)
    }

    pub(super) fn mark(&mut self, name: &str) -> String {
        self.numbered("mark", &json!({ "name": name }))
    }

    pub(super) fn stop(&mut self) -> String {
        let stop = json!({"accountSid": self.account_sid, "callSid": self.call_sid});
        self.numbered("stop", &stop)
    }

    fn numbered(&mut self, event: &str, body: &Value) -> String {
        self.sequence += 1;
        json!({
            "event": event,
            "sequenceNumber": self.sequence.to_string(),
            "streamSid": self.stream_sid,
            event: body,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_are_those_of_the_reference() {
        let account = AccountSid::parse("AC00000000000000000000000000000001").unwrap();
        let call = CallSid::parse("CA00000000000000000000000000000001").unwrap();
        let stream = StreamSid::parse("MZ00000000000000000000000000000001").unwrap();
        let mut to_server = ToServer::new(account, call, stream);
        let start: Value =
            serde_json::from_str(&to_server.start(&[("token".to_owned(), "x".to_owned())]))
                .unwrap();
        assert_eq!(
            start,
            json!({"event":"start","sequenceNumber":"1",
            "streamSid":"MZ00000000000000000000000000000001","start":{
            "accountSid":"AC00000000000000000000000000000001",
            "streamSid":"MZ00000000000000000000000000000001",
            "callSid":"CA00000000000000000000000000000001","tracks":["inbound"],
            "mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},
            "customParameters":{"token":"x"}}})
        );
        let media: Value = serde_json::from_str(&to_server.media(150, &[0xFF; 3])).unwrap();
        assert_eq!(
            media,
            json!({"event":"media","sequenceNumber":"2",
            "streamSid":"MZ00000000000000000000000000000001",
            "media":{"track":"inbound","chunk":"1","timestamp":"150","payload":"////"}})
        );
        let mark: Value = serde_json::from_str(&to_server.mark("r1:3")).unwrap();
        assert_eq!(mark["sequenceNumber"], "3");
        assert_eq!(mark["mark"], json!({"name":"r1:3"}));
        let media: Value = serde_json::from_str(&to_server.media(170, &[0xFF; 3])).unwrap();
        assert_eq!(
            (&media["sequenceNumber"], &media["media"]["chunk"]),
            (&json!("4"), &json!("2"))
        );
    }
}
