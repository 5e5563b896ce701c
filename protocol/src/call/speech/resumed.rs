//! What is left of the agent's speech when the daemon has died (RES-4). All audio is gone, at Twilio,
//! too: of an item that was not heard to its end, the caller has heard what had been played when the
//! snapshot was taken. The greeting is not said again, so of it more counts: what can have been played
//! until now.

use super::{Greeting, Response, Speech};
use crate::business::OpeningLine;
use crate::call::{Call, Moment, Now};
use crate::ids::{ItemId, ResponseId};
use crate::response_gate::{ScriptedLine, Want};

/// An item that was on its way to the caller.
struct OnItsWay {
    item: ItemId,
    heard_ms: u32,
    came_ms: u32,
}

impl Response {
    fn on_its_way(&self, taken: Moment) -> Vec<OnItsWay> {
        let unheard = self.items.iter().filter(|item| !item.heard);
        unheard
            .map(|item| {
                let came_ms = item.length_ms.map_or(0, u32::from);
                let to_play = item.plays_until.map(|at| at.saturating_duration_since(taken));
                let to_play = to_play.and_then(|rest| u32::try_from(rest.as_millis()).ok());
                let heard_ms = to_play.map_or(0, |rest| came_ms.saturating_sub(rest));
                OnItsWay { item: item.item.clone(), heard_ms, came_ms }
            })
            .collect()
    }

    /// Some of it is known to have been heard.
    fn was_heard(&self, on_its_way: &[OnItsWay]) -> bool {
        self.items.iter().any(|item| item.heard) || on_its_way.iter().any(|item| item.heard_ms > 0)
    }
}

impl Speech {
    /// It was heard to its end. One that was lost on its way was not.
    pub(in crate::call) fn was_not_lost(&self, response: &ResponseId) -> bool {
        self.was_heard_whole(response)
            && self.response(response).is_some_and(|known| known.items.iter().all(|item| !item.cut))
    }

    /// In the last phase of a call nothing else is to be said.
    pub(in crate::call) fn owe_only_the_closing_line(&mut self) {
        self.owed
            .retain(|owed| matches!(owed.ask.want, Want::Line { line: ScriptedLine::Closing, .. }));
    }

    /// No session has failed yet.
    fn forget_trouble(&mut self) {
        for owed in &mut self.owed {
            owed.attempts.begin_new_session();
            (owed.again_at, owed.trouble) = (None, None);
        }
    }
}

impl Call {
    /// A response of which something was heard is over, and so is a greeting that had begun. Any other
    /// is owed again.
    pub(in crate::call) fn lose_the_agents_audio(&mut self, taken: Moment, now: Now) {
        let unfinished: Vec<ResponseId> = (self.speech.responses.iter())
            .filter(|known| !known.done || known.is_unheard())
            .map(|known| known.id.clone())
            .collect();
        for response in unfinished {
            self.lose_audio_of(&response, taken, now);
        }
        self.speech.queued_early.clear();
        self.speech.stopped = None;
        self.settle_owed();
        self.speech.forget_trouble();
        (self.kept_line, self.farewell) = (None, None);
    }

    fn lose_audio_of(&mut self, response: &ResponseId, taken: Moment, now: Now) {
        let Some(known) = self.speech.response(response) else { return };
        let mut on_its_way = known.on_its_way(taken);
        // Audio that came before the stream opened has gone nowhere.
        let greeted =
            self.speech.greeting == Greeting::Playing && self.speech.is_greeting(response);
        let heard = known.was_heard(&on_its_way) || known.interrupted || greeted;
        let was_heard = heard && known.spoke();
        if greeted && let [greeting] = &mut on_its_way[..] {
            self.know_the_greetings_words(&greeting.item);
            let since = now.at.saturating_duration_since(taken).as_millis();
            let since = u32::try_from(since).unwrap_or(u32::MAX);
            greeting.heard_ms = greeting.heard_ms.saturating_add(since);
        }
        for OnItsWay { item, heard_ms, came_ms } in on_its_way {
            self.keep_what_was_heard(&item, heard_ms, came_ms);
            if let Some(known) = self.speech.item_mut(&item) {
                (known.heard, known.cut) = (true, true);
            }
        }
        self.close_items_of(response);
        if greeted {
            self.speech.greeting = Greeting::Done;
        }
        if !was_heard {
            self.speech.responses.retain(|known| known.id != *response);
            self.speech.owe_again(response);
        } else if let Some(known) = self.speech.response_mut(response) {
            known.done = true;
        }
    }
    /// They are the business's, whether or not they have come.
    fn know_the_greetings_words(&mut self, item: &ItemId) {
        if let OpeningLine::Spoken { text } = self.setup.opening.clone() {
            self.conversation.close_agent(item, Some(text));
        }
    }
}
