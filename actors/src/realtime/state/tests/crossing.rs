//! Cuts, turns and OpenAI's events in any order: no audio passes after a cut, nothing is corrected
//! twice, and every ask is served.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use proptest::prelude::*;
use protocol::audio::payload::Payload;
use protocol::call::{CutItem, Interruption};

use super::*;

#[derive(Debug, Clone, Copy)]
enum Step {
    Turn,
    Tool,
    Cut(u32),
    ReportCut,
    Created,
    Item,
    Audio,
    Done(bool),
    Later(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Turn),
        Just(Step::Tool),
        prop_oneof![Just(0), 1_u32..5_000].prop_map(Step::Cut),
        Just(Step::ReportCut),
        Just(Step::Created),
        Just(Step::Item),
        Just(Step::Audio),
        any::<bool>().prop_map(Step::Done),
        (0_u16..2_000).prop_map(Step::Later),
    ]
}

/// OpenAI and the other actors of the call, as far as they matter here.
struct World {
    harness: Harness,
    asked: u64,
    wanted: BTreeMap<AskNumber, Ask>,
    served: BTreeSet<u64>,
    /// The metadata of a `response.create` that OpenAI has not answered yet.
    outstanding: Option<Value>,
    active: Option<(String, Value, Vec<String>)>,
    /// Each item's response.
    items: BTreeMap<String, String>,
    /// Items whose audio passed, and that were not heard to their end.
    playing: Vec<String>,
    corrected: BTreeSet<String>,
    made: usize,
    /// Whether a response was requested since the last cut.
    open: bool,
    cuts: Vec<Interruption>,
}

impl World {
    fn new() -> Self {
        Self {
            harness: Harness::live(),
            asked: 0,
            wanted: BTreeMap::new(),
            served: BTreeSet::new(),
            outstanding: None,
            active: None,
            items: BTreeMap::new(),
            playing: Vec::new(),
            corrected: BTreeSet::new(),
            made: 0,
            open: true,
            cuts: Vec::new(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Turn => {
                self.asked += 1;
                let turn = format!("u{}", self.asked);
                self.harness.receive(&json!({"type": "input_audio_buffer.committed",
                    "item_id": turn, "previous_item_id": null}));
                self.asks(Want::Answer(Reply::Turn(ItemId::parse(&turn).unwrap())));
            }
            Step::Tool => {
                self.asked += 1;
                self.asks(Want::Answer(Reply::ToolOutput));
            }
            Step::Cut(heard_ms) => {
                let (number, _) = self.harness.downlink.cut();
                self.open = false;
                let items = std::mem::take(&mut self.playing).into_iter().enumerate();
                let items = items.map(|(place, item)| CutItem {
                    response: ResponseId::parse(&self.items[&item]).unwrap(),
                    item: ItemId::parse(&item).unwrap(),
                    heard_ms: if place == 0 { heard_ms } else { 0 },
                    came_ms: 5_000,
                });
                self.cuts.push(Interruption { number, items: items.collect(), heard: vec![] });
            }
            Step::ReportCut if !self.cuts.is_empty() => {
                let cut = self.cuts.remove(0);
                self.harness.order(&RealtimeOrder::Interrupt(cut));
            }
            Step::Created => self.create_response(),
            Step::Item => self.create_item(),
            Step::Audio => self.send_audio(),
            Step::Done(well) => self.finish_response(well),
            Step::Later(millis) => {
                self.harness.now += Duration::from_millis(millis.into());
                let action = self.harness.session.handle_timeout(self.harness.now);
                assert_eq!(action, SessionAction::None, "no stall");
            }
            Step::ReportCut => {}
        }
        self.check();
    }

    fn asks(&mut self, want: Want) {
        let ask = Ask { number: AskNumber(self.asked), want, manner: Manner::default() };
        self.wanted.insert(ask.number, ask.clone());
        self.harness.order(&RealtimeOrder::Ask(ask));
    }

    /// What was served with nothing is asked for again, as the call does.
    fn asks_again(&mut self, number: AskNumber) {
        let ask = self.wanted.get_mut(&number).unwrap();
        ask.manner.attempt += 1;
        let order = RealtimeOrder::Ask(ask.clone());
        self.harness.order(&order);
    }

    fn create_response(&mut self) {
        let Some(metadata) = self.outstanding.take() else { return };
        self.made += 1;
        let response = format!("r{}", self.made);
        self.active = Some((response.clone(), metadata.clone(), Vec::new()));
        self.harness.receive(&json!({"type": "response.created",
            "response": {"id": response, "metadata": metadata}}));
    }

    fn create_item(&mut self) {
        let Some((response, _, items)) = &mut self.active else { return };
        self.made += 1;
        let item = format!("i{}", self.made);
        items.push(item.clone());
        self.items.insert(item.clone(), response.clone());
        let item = json!({"id": item, "type": "message", "role": "assistant", "content": []});
        let added = json!({"type": "response.output_item.added", "response_id": response,
            "output_index": 0, "item": item});
        self.harness.receive(&added);
    }

    /// Invariant 10.
    fn send_audio(&mut self) {
        let Some((response, _, items)) = &self.active else { return };
        let Some(item) = items.last().cloned() else { return };
        let (response, id) = (ResponseId::parse(response).unwrap(), ItemId::parse(&item).unwrap());
        let frame = Payload::silence(1);
        self.harness
            .downlink
            .push(1, &response, &id, &frame, self.harness.now)
            .now_or_never()
            .unwrap();
        let passed = self.harness.downlink.peek().is_some();
        self.harness.downlink.pop();
        assert_eq!(passed, self.open, "audio passes if a response was requested since the cut");
        if passed && !self.playing.contains(&item) {
            self.harness.audio_begins(response.as_str(), &item);
            self.playing.push(item);
        }
    }

    fn finish_response(&mut self, well: bool) {
        let Some((response, metadata, items)) = self.active.take() else { return };
        let message = |id| json!({"id": id, "type": "message", "role": "assistant", "content": []});
        let output: Vec<Value> = items.iter().map(message).collect();
        let status = if well { "completed" } else { "cancelled" };
        let done = json!({"type": "response.done", "response": {"id": response,
            "status": status, "output": output, "metadata": metadata}});
        self.harness.receive(&done);
    }

    /// Checks what was sent and reported.
    fn check(&mut self) {
        for sent in self.harness.sent() {
            let Sent::Event(event) = sent else { continue };
            let item = event["item_id"].as_str().unwrap_or_default().to_owned();
            match event["type"].as_str().unwrap() {
                "response.create" => {
                    assert!(self.outstanding.is_none() && self.active.is_none(), "invariant 1");
                    self.outstanding = Some(event["response"]["metadata"].clone());
                    self.open = true;
                }
                "conversation.item.delete" => {
                    let running = self.active.as_ref().map(|(response, ..)| response);
                    assert_ne!(running, self.items.get(&item), "only when its response is done");
                    assert!(self.corrected.insert(item), "once");
                }
                "conversation.item.truncate" => assert!(self.corrected.insert(item), "once"),
                other => assert_eq!(other, "response.cancel"),
            }
        }
        let mut again = Vec::new();
        for report in self.harness.reports() {
            if let Event::ResponseEnded { asks, outcome, .. } = &report
                && outcome.served_nothing()
            {
                again.extend(asks.clone());
            } else if let Event::ResponseEnded { asks, .. } = report {
                asks.iter().for_each(|ask| assert!(self.served.insert(ask.0), "served once"));
            } else if let Event::AskCovered { ask, .. } = report {
                assert!(self.served.insert(ask.0), "served once");
            }
        }
        if !again.is_empty() {
            again.into_iter().for_each(|ask| self.asks_again(ask));
            self.check();
        }
    }
}

proptest! {
    #[test]
    fn barge_3_barge_4_invariant_10_no_audio_passes_after_a_cut_and_every_ask_is_served(
        steps in proptest::collection::vec(step(), 1..80)
    ) {
        let mut world = World::new();
        for step in steps {
            // OpenAI sends something before it counts as stalled.
            world.harness.session.gate.progressed(false, world.harness.now);
            world.step(step);
        }
        for _ in 0..(world.asked * 2 + 8) {
            world.harness.session.gate.progressed(false, world.harness.now);
            let speaks = [Step::Created, Step::Item, Step::Audio, Step::Done(true)];
            let steps = [Step::ReportCut].into_iter().chain(speaks).chain([Step::Later(3_000)]);
            for step in steps {
                world.step(step);
            }
        }
        let all: BTreeSet<u64> = (1..=world.asked).collect();
        prop_assert_eq!(world.served, all);
    }
}
