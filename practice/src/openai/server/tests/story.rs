//! The demo's conversation by voice.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::*;
use crate::speech::{Decoded, SpeechDecoder};

/// A caller who also acts as the daemon: requests responses and runs the tools.
struct Caller {
    link: MemoryLink,
    voice: Voice,
    decoder: SpeechDecoder,
    called: Vec<String>,
}

impl Caller {
    async fn new(server: &Server) -> Self {
        let mut link = server.connect(handshake()).unwrap();
        let tools: Vec<Value> = [
            "update_lead_details",
            "call_control",
            "find_available_slots",
            "create_appointment",
        ]
        .iter()
        .map(|name| json!({"type": "function", "name": name, "parameters": {"type": "object"}}))
        .collect();
        let mut settings = phone();
        settings["session"]["tools"] = json!(tools);
        settings["session"]["instructions"] = json!("Today is 2026-11-22.");
        send(&link, settings).await;
        until(&mut link, "session.updated").await;
        Self { link, voice: Voice::built_in(), decoder: SpeechDecoder::new(), called: Vec::new() }
    }

    /// Says something. Returns the receptionist's answer after all tools have run.
    async fn say(&mut self, words: &str) -> String {
        let mut audio = self.voice.speak(words, "he").ulaw().to_vec();
        audio.extend([0xFF; 4000]);
        for chunk in audio.chunks(160) {
            let audio = BASE64_STANDARD.encode(chunk);
            send(&self.link, json!({"type": "input_audio_buffer.append", "audio": audio})).await;
        }
        until(&mut self.link, "input_audio_buffer.committed").await;
        let mut said = Vec::new();
        loop {
            send(&self.link, json!({"type": "response.create"})).await;
            let done = self.listen(&mut said).await;
            let output = done["response"]["output"].as_array().unwrap().clone();
            let calls: Vec<&Value> =
                output.iter().filter(|i| i["type"] == "function_call").collect();
            for call in &calls {
                self.run_tool(call).await;
            }
            if calls.is_empty() || !said.is_empty() {
                return said.join(" ");
            }
        }
    }

    async fn listen(&mut self, said: &mut Vec<String>) -> Value {
        loop {
            let Some(Frame::Text(text)) = self.link.receiver.recv().await else { continue };
            let event: Value = serde_json::from_str(&text).unwrap();
            match event["type"].as_str() {
                Some("response.output_audio.delta") => {
                    let audio = BASE64_STANDARD.decode(event["delta"].as_str().unwrap()).unwrap();
                    for event in self.decoder.decode(&audio) {
                        match event {
                            Decoded::Started { .. } => {}
                            Decoded::Utterance { text, .. } => said.push(text),
                            Decoded::Broken { .. } => panic!("{event:?}"),
                        }
                    }
                }
                Some("response.done") => return event,
                _ => {}
            }
        }
    }

    async fn run_tool(&mut self, call: &Value) {
        let name = call["name"].as_str().unwrap();
        self.called.push(format!("{name} {}", call["arguments"].as_str().unwrap()));
        let output = match name {
            "find_available_slots" => json!({"slots": ["2026-11-22T09:00:00+02:00"]}),
            "create_appointment" => json!({"message": "קבעתי לתשע."}),
            _ => json!({"ok": true}),
        };
        let item = json!({"type": "function_call_output", "call_id": call["call_id"],
            "output": output.to_string()});
        send(&self.link, json!({"type": "conversation.item.create", "item": item})).await;
    }
}

#[tokio::test(start_paused = true)]
async fn prac_1_the_demo_runs_by_voice_from_the_job_to_the_goodbye() {
    let server = Server::in_memory(Options::default());
    let mut caller = Caller::new(&server).await;
    assert_eq!(caller.say("התקנת מנעול חכם").await, "באיזו עיר מדובר?");
    assert_eq!(caller.say("בתל אביב").await, "לסיכום, התקנת מנעול חכם, תל אביב. נכון?");
    assert!(caller.say("כן").await.starts_with("מעולה"));
    assert_eq!(caller.say("אפשר לקבוע תור?").await, "יש לי פנוי בשעה 09:00. מה מתאים?");
    assert_eq!(caller.say("הראשון").await, "קבעתי לתשע.");
    assert!(caller.say("תודה, להתראות").await.ends_with("להתראות!"));
    let names: Vec<&str> =
        caller.called.iter().map(|call| call.split_once(' ').unwrap().0).collect();
    assert_eq!(
        names,
        [
            "update_lead_details",
            "update_lead_details",
            "find_available_slots",
            "create_appointment",
            "call_control"
        ]
    );
    server.log().look(|record| assert_eq!(record.faults().count(), 0, "{:?}", record.violations));
}
