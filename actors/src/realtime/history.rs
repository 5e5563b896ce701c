//! The call so far, as conversation items for a new session (RES-2). A turn without a transcript is
//! sent as audio.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::audio::payload::Payload;
use protocol::call::{Body, Entry, Words};
use protocol::ids::ItemId;
use protocol::openai::client_event::NewItem;
use protocol::openai::item::{FunctionCall, Role};

/// The entries as conversation items, in order. `audio` holds the turns without a transcript. A
/// turn without both is left out.
pub(super) fn history(entries: &[Arc<Entry>], audio: Vec<(ItemId, Payload)>) -> Vec<NewItem> {
    let mut audio: BTreeMap<ItemId, Payload> = audio.into_iter().collect();
    entries.iter().filter_map(|entry| item(entry, &mut audio)).collect()
}

/// The entry as a conversation item. `None` if it has neither text nor audio.
pub(super) fn item(entry: &Entry, audio: &mut BTreeMap<ItemId, Payload>) -> Option<NewItem> {
    match &entry.body {
        Body::Caller { item, words: Words::Known(text) } => {
            written(Some(item.clone()), Role::User, text)
        }
        Body::Caller { item, words: Words::Awaited | Words::Unknown } => {
            let audio = audio.remove(item)?.as_str().to_owned();
            Some(NewItem::UserAudio { id: Some(item.clone()), audio })
        }
        Body::Digits(_) => written(None, Role::User, &entry.text()?),
        Body::Agent { text, .. } => written(told_id(entry), Role::Assistant, text),
        Body::Recorded(text) => written(None, Role::Assistant, text),
        Body::System(text) => written(None, Role::System, text),
        Body::ToolCall { call, name, arguments } => Some(NewItem::FunctionCall(FunctionCall {
            call_id: call.clone(),
            name: name.clone(),
            arguments: arguments.clone(),
        })),
        Body::ToolOutput { call, output } => {
            Some(NewItem::FunctionCallOutput { call_id: call.clone(), output: output.clone() })
        }
    }
}

/// The item by which a session is told of the agent's words, so that it can be replaced.
pub(super) fn told_id(entry: &Entry) -> Option<ItemId> {
    ItemId::parse(&format!("told_{}", entry.number)).ok()
}

/// What was heard of the agent's words, as the item that replaces it.
pub(super) fn heard(entry: &Entry) -> Option<NewItem> {
    let id = ItemId::parse(&format!("heard_{}", entry.number)).ok();
    written(id, Role::Assistant, &entry.text()?)
}

fn written(id: Option<ItemId>, role: Role, text: &str) -> Option<NewItem> {
    let id = id.filter(|id| id.as_str().len() <= 32);
    (!text.is_empty()).then(|| NewItem::Text { id, role, text: text.to_owned() })
}
