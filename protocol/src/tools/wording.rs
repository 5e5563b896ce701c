//! The texts about tools that the model reads: descriptions, and rules for the prompt.

use super::Tool;
use crate::business::Locale;
use crate::calendar::CalendarTool;

/// One text in both languages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    hebrew: &'static str,
    english: &'static str,
}

impl Text {
    const fn new(hebrew: &'static str, english: &'static str) -> Self {
        Self { hebrew, english }
    }

    pub(super) fn in_locale(self, locale: Locale) -> &'static str {
        match locale {
            Locale::Hebrew => self.hebrew,
            Locale::English => self.english,
        }
    }
}

/// What a tool does and when to call it.
pub(super) fn description(tool: Tool) -> Text {
    match tool {
        Tool::CallControl => CALL_CONTROL,
        Tool::UpdateLeadDetails => UPDATE_LEAD,
        Tool::TransferCall => TRANSFER,
        Tool::Calendar(CalendarTool::Find) => FIND,
        Tool::Calendar(CalendarTool::Create) => CREATE,
        Tool::Calendar(CalendarTool::Reschedule) => RESCHEDULE,
        Tool::Calendar(CalendarTool::Cancel) => CANCEL,
    }
}

/// The prompt's rule on one tool. `None` for the tools of which the prompt speaks anyway, and for the
/// calendar's, which share [`CALENDAR_RULE`].
pub(super) fn rule(tool: Tool) -> Option<Text> {
    match tool {
        Tool::TransferCall => Some(TRANSFER_RULE),
        Tool::CallControl | Tool::UpdateLeadDetails | Tool::Calendar(_) => None,
    }
}

// In English for every business; the prompt explains the tool in the call's language.
const CALL_CONTROL: Text = {
    let text = "Report how the call stands, and ask to end it. Call it with \
                should_end_call=true only when the caller has said goodbye, has clearly \
                declined, or everything required was collected and nothing else is wanted. \
                Speak your parting words in the same response.";
    Text::new(text, text)
};
const UPDATE_LEAD: Text = Text::new(
    "לרשום את מה שהלקוח סיפר על עצמו ועל מה שהוא צריך, מיד כשסיפר.",
    "Write down what the caller has told about themselves and what they need, as soon as they have \
     told it.",
);
const TRANSFER: Text = Text::new(
    "להעביר את השיחה לנציג אנושי, כשהלקוח מבקש לדבר עם אדם. בלי להודיע על ההעברה: הלקוח שומע את \
     ההודעה לבד.",
    "Put the caller through to a person, when they ask for one. Say nothing with it: the caller is \
     told of it without you.",
);
const FIND: Text = Text::new(
    "למצוא את המועדים הפנויים הקרובים לתאריך. להציע ללקוח רק מועדים שהכלי החזיר.",
    "Find the free appointment times nearest to a date. Offer the caller only times that this \
     returned.",
);
const CREATE: Text = Text::new(
    "לקבוע פגישה ללקוח שבשיחה, במועד שהוא בחר. הפגישה נקבעה רק אם הכלי אישר.",
    "Book an appointment for the caller at the time they chose. It is booked only if this confirms \
     it.",
);
const RESCHEDULE: Text = Text::new(
    "להעביר פגישה קיימת של הלקוח שבשיחה למועד אחר, כשהוא מתחרט על המועד. לא לבטל ולא לקבוע פגישה נוספת. \
     אם המועד החדש לא פנוי, הפגישה נשארת במועד הקודם.",
    "Move an appointment of the caller's to another time, when they change their mind. Neither cancel \
     it nor book another one. If the new time is not free, the appointment stays where it is.",
);
const CANCEL: Text = Text::new(
    "לבטל פגישה של הלקוח שבשיחה, לפי המזהה שלה או לפי המועד שלה.",
    "Cancel an appointment of the caller's, by its id or by its start.",
);

/// `date_iso` of `find_available_slots`.
pub(super) const DATE: Text = Text::new(
    "תאריך מלא עם שנה, YYYY-MM-DD, ואפשר גם שעה: YYYY-MM-DDTHH:MM.",
    "A full date with its year, YYYY-MM-DD, or with a time of day to look around: YYYY-MM-DDTHH:MM.",
);
/// `slot_start` of `create_appointment` and `reschedule_appointment`.
pub(super) const START: Text = Text::new(
    "תחילת הפגישה, בדיוק כפי שהתקבלה מ־find_available_slots.",
    "When the appointment begins, exactly as find_available_slots returned it.",
);
/// `slot_start` of `cancel_appointment`.
pub(super) const CANCEL_START: Text =
    Text::new("תחילת הפגישה שיש לבטל.", "When the appointment to be cancelled begins.");
/// `from_start` of `reschedule_appointment`.
pub(super) const FROM_START: Text = Text::new(
    "תחילת הפגישה שיש להעביר. אפשר להשמיט אם ללקוח יש רק פגישה אחת.",
    "When the appointment to be moved begins. Not needed if the caller has only one.",
);
/// `additional` of `create_appointment`.
pub(super) const ADDITIONAL: Text = Text::new(
    "true רק אם הלקוח ביקש במפורש פגישה נוספת על זו שכבר קבועה לו.",
    "true only if the caller has asked for one more appointment beside the one they hold.",
);
/// `duration_min`.
pub(super) const LENGTH: Text = Text::new(
    "אורך הפגישה בדקות, רק אם הלקוח ביקש אורך אחר מהרגיל.",
    "How many minutes it lasts, only if the caller asked for another length than usual.",
);
/// `notes` of `create_appointment`.
pub(super) const NOTES: Text =
    Text::new("מה שחשוב לדעת לקראת הפגישה.", "What is worth knowing for the appointment.");
/// `appointment_id`.
pub(super) const ID: Text = Text::new(
    "מזהה הפגישה, כפי שהתקבל כשנקבעה.",
    "The appointment's id, as it was returned when it was booked.",
);

/// The prompt's rule on the calendar's tools.
pub(super) const CALENDAR_RULE: Text = Text::new(
    "- תורים: להציע רק מועדים שהתקבלו מהכלי find_available_slots, לקבוע בעזרת create_appointment, להעביר תור קיים למועד אחר בעזרת reschedule_appointment ולבטל בעזרת cancel_appointment. תור נקבע, הועבר או בוטל רק אחרי שהכלי אישר.\n",
    "- Appointments: offer only times that came from the tool find_available_slots, book with create_appointment, move an appointment to another time with reschedule_appointment and cancel with cancel_appointment. Nothing is booked, moved or cancelled before the tool has confirmed it.\n",
);
const TRANSFER_RULE: Text = Text::new(
    "- אם מבקשים לדבר עם אדם, להשתמש בכלי transfer_call בלי לומר דבר: הודעת ההעברה נשמעת מעצמה. אם אף אחד לא ענה, לומר זאת ולהציע לקחת הודעה.\n",
    "- If the caller asks for a person, use the tool transfer_call and say nothing with it: the caller is told by itself. If nobody answered, say so and offer to take a message.\n",
);
