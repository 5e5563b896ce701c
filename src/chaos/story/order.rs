//! Commands of a call that must not be lost when CallActor crashes before it has delivered them.

/// A kind of command. [`as_str`](Self::as_str) is its name in the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ask,
    ToolsDone,
    UseCalendar,
    UpdateLead,
    SetLeadStatus,
    Record,
    HangUp,
    Apologise,
    Finish,
}

impl Order {
    pub const ALL: [Self; 9] = [
        Self::Ask,
        Self::ToolsDone,
        Self::UseCalendar,
        Self::UpdateLead,
        Self::SetLeadStatus,
        Self::Record,
        Self::HangUp,
        Self::Apologise,
        Self::Finish,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "Ask",
            Self::ToolsDone => "ToolsDone",
            Self::UseCalendar => "UseCalendar",
            Self::UpdateLead => "UpdateLead",
            Self::SetLeadStatus => "SetLeadStatus",
            Self::Record => "Record",
            Self::HangUp => "HangUp",
            Self::Apologise => "Apologise",
            Self::Finish => "Finish",
        }
    }

    /// Whether this message of CallActor's says that such a command is published and not delivered.
    pub(in crate::chaos) fn is_in(self, message: &str) -> bool {
        let orders = message.strip_prefix("published ").and_then(|rest| rest.split_once(", "));
        orders.is_some_and(|(_, orders)| orders.split(", ").any(|order| order == self.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prac_6_an_order_is_found_among_those_that_are_published() {
        let message = "published 12, Ask, SetLeadStatus";
        let found: Vec<_> = Order::ALL.into_iter().filter(|order| order.is_in(message)).collect();
        assert_eq!(found, [Order::Ask, Order::SetLeadStatus]);
        assert!(!Order::Ask.is_in("published 12"));
        assert!(!Order::Finish.is_in("takes 12, attempt 1: Order(Finish)"));
    }
}
