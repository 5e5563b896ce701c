//! Conversation items in server events. Parsed leniently: what the daemon does not know becomes
//! [`ItemKind::Other`], never an error.

use serde_json::Value;

use crate::ids::{ItemId, ToolCallId};

/// An item in `response.output_item.added` and `response.done`. Its content is not kept: words come in
/// events of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationItem {
    /// `item.id`.
    pub id: ItemId,
    /// `item.status`; some servers leave it out.
    pub status: Option<ItemStatus>,
    /// `item.type`, with the fields of that type.
    pub kind: ItemKind,
}

/// `item.status` on the wire: the variant's name in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemStatus {
    /// The model is still producing it.
    InProgress,
    /// `completed`: nothing more comes.
    Completed,
    /// Cut short by a cancel, a limit or a filter.
    Incomplete,
}

/// `item.type` on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    /// `message`.
    Message {
        /// `item.role`.
        role: Role,
    },
    /// `function_call`.
    FunctionCall(FunctionCall),
    /// Any other type, or one of the above without a required field.
    Other,
}

/// `role` of a message on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The daemon, speaking to the model.
    System,
    /// The caller.
    User,
    /// The agent.
    Assistant,
}

/// A function call as the model wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionCall {
    /// Names the call in its output.
    pub call_id: ToolCallId,
    /// The function's name; see [`Tool::named`](crate::tools::Tool::named).
    pub name: String,
    /// JSON text, meant to be an object; may be empty or broken.
    pub arguments: String,
}

impl Role {
    /// The word on the wire.
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
    /// `None` without a valid id.
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
        let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
        match item["type"].as_str()? {
            "message" => Some(Self::Message { role: Role::from_wire(item["role"].as_str()?)? }),
            "function_call" => Some(Self::FunctionCall(FunctionCall {
                call_id: ToolCallId::parse(item["call_id"].as_str()?).ok()?,
                name: text("name"),
                arguments: text("arguments"),
            })),
            _ => None,
        }
    }
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
        assert_eq!(item.kind, ItemKind::Message { role: Role::User });
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
