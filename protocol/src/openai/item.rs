//! Items of a conversation as the server shows them. Read leniently: what the daemon doesn't know
//! becomes [`ItemKind::Other`], never an error.

use serde_json::Value;

use crate::ids::{ItemId, ToolCallId};

/// An item in `conversation.item.*`, `response.output_item.*` and `response.done`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationItem {
    /// Its id.
    pub id: ItemId,
    /// How far it is; some servers leave it out.
    pub status: Option<ItemStatus>,
    /// What it is.
    pub kind: ItemKind,
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemStatus {
    /// Still being made.
    InProgress,
    /// Whole.
    Completed,
    /// Cut off: by a cancel, a limit or a filter.
    Incomplete,
}

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    /// Something said or written.
    Message {
        /// By whom.
        role: Role,
        /// Its words, if they are known already: the text or transcript of its parts.
        text: Option<String>,
    },
    /// The model calls a function.
    FunctionCall(FunctionCall),
    /// What came of a function call.
    FunctionCallOutput {
        /// The call it answers.
        call_id: ToolCallId,
    },
    /// Anything else.
    Other,
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The daemon, to the model.
    System,
    /// The caller.
    User,
    /// The agent.
    Assistant,
}

/// A call of a function, as the model made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionCall {
    /// The call's id; its output must name it.
    pub call_id: ToolCallId,
    /// The function.
    pub name: String,
    /// Meant to be a JSON object in a string; may be empty or broken.
    pub arguments: String,
}

impl Role {
    /// The role as it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }

    fn from_wire(text: &str) -> Option<Self> {
        [Self::System, Self::User, Self::Assistant].into_iter().find(|role| role.as_str() == text)
    }
}

impl ConversationItem {
    /// `None` if it has no id that can be used.
    pub(super) fn from_value(item: &Value) -> Option<Self> {
        Some(Self {
            id: ItemId::parse(item["id"].as_str()?).ok()?,
            status: item["status"].as_str().and_then(ItemStatus::from_wire),
            kind: ItemKind::from_value(item).unwrap_or(ItemKind::Other),
        })
    }
}

impl ItemStatus {
    fn from_wire(text: &str) -> Option<Self> {
        match text {
            "in_progress" => Some(Self::InProgress),
            "completed" => Some(Self::Completed),
            "incomplete" => Some(Self::Incomplete),
            _ => None,
        }
    }
}

impl ItemKind {
    fn from_value(item: &Value) -> Option<Self> {
        let call_id = || ToolCallId::parse(item["call_id"].as_str()?).ok();
        let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
        match item["type"].as_str()? {
            "message" => Some(Self::Message {
                role: Role::from_wire(item["role"].as_str()?)?,
                text: words(&item["content"]),
            }),
            "function_call" => Some(Self::FunctionCall(FunctionCall {
                call_id: call_id()?,
                name: text("name"),
                arguments: text("arguments"),
            })),
            "function_call_output" => Some(Self::FunctionCallOutput { call_id: call_id()? }),
            _ => None,
        }
    }
}

/// Parts go by several names (`output_audio`, `audio`, `output_text`, `text`, `input_…`), so they
/// are told apart by what they hold.
fn words(content: &Value) -> Option<String> {
    let parts: Vec<&str> = content
        .as_array()?
        .iter()
        .filter_map(|part| part["transcript"].as_str().or_else(|| part["text"].as_str()))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(item: Value) -> ConversationItem {
        ConversationItem::from_value(&item).unwrap()
    }

    #[test]
    fn pipe_3_an_item_without_a_status_is_read_all_the_same() {
        let item = read(json!({"id": "item_1", "type": "message", "role": "user", "content": []}));
        assert_eq!(item.status, None);
        assert_eq!(item.kind, ItemKind::Message { role: Role::User, text: None });
    }

    #[test]
    fn pipe_5_words_are_found_under_every_name_a_part_has_had() {
        for (kind, key) in [
            ("output_audio", "transcript"),
            ("audio", "transcript"),
            ("output_text", "text"),
            ("text", "text"),
            ("input_text", "text"),
            ("input_audio", "transcript"),
        ] {
            let item = read(json!({"id": "item_1", "type": "message", "role": "assistant",
                "content": [{"type": kind, key: "שלום"}, {"type": kind, key: "לך"}]}));
            let text = Some("שלום לך".to_owned());
            assert_eq!(item.kind, ItemKind::Message { role: Role::Assistant, text }, "{kind}");
        }
    }

    #[test]
    fn pipe_5_sound_whose_words_are_not_known_yet_has_none() {
        let item = read(json!({"id": "item_1", "type": "message", "role": "user",
            "status": "completed", "content": [{"type": "input_audio", "transcript": null}]}));
        assert_eq!(item.status, Some(ItemStatus::Completed));
        assert_eq!(item.kind, ItemKind::Message { role: Role::User, text: None });
    }

    #[test]
    fn end_2_a_function_call_keeps_its_arguments_as_they_came_broken_or_not() {
        for arguments in ["", "{\"should_end", "{\"a\":1}"] {
            let item = read(json!({"id": "item_1", "type": "function_call", "call_id": "call_1",
                "name": "call_control", "arguments": arguments}));
            let ItemKind::FunctionCall(call) = item.kind else { panic!("{:?}", item.kind) };
            assert_eq!((call.name.as_str(), call.arguments.as_str()), ("call_control", arguments));
        }
    }

    #[test]
    fn an_item_of_an_unknown_kind_or_without_what_its_kind_needs_is_other() {
        for item in [
            json!({"id": "item_1", "type": "mcp_call"}),
            json!({"id": "item_1"}),
            json!({"id": "item_1", "type": "function_call", "name": "no_call_id"}),
            json!({"id": "item_1", "type": "message", "role": "narrator"}),
        ] {
            assert_eq!(read(item).kind, ItemKind::Other);
        }
        assert_eq!(ConversationItem::from_value(&json!({"type": "message"})), None);
    }
}
