//! The Hebrew sentences.

use super::SpokenReason;

/// Sunday first.
pub(super) const WEEKDAYS: [&str; 7] =
    ["יום ראשון", "יום שני", "יום שלישי", "יום רביעי", "יום חמישי", "יום שישי", "שבת"];

pub(super) const MONTHS: [&str; 12] = [
    "ינואר",
    "פברואר",
    "מרץ",
    "אפריל",
    "מאי",
    "יוני",
    "יולי",
    "אוגוסט",
    "ספטמבר",
    "אוקטובר",
    "נובמבר",
    "דצמבר",
];

pub(super) fn refused(reason: SpokenReason) -> &'static str {
    match reason {
        SpokenReason::DateAgain => "לא הבנתי את המועד. אפשר להגיד שוב באיזה תאריך ובאיזו שעה?",
        SpokenReason::OnceMore => "רגע אחד, אני מנסה שוב.",
        SpokenReason::LengthOff => "אי אפשר לקבוע פגישה באורך כזה.",
        SpokenReason::Past => "המועד הזה כבר עבר.",
        SpokenReason::TooSoon => "המועד הזה קרוב מדי, אי אפשר כבר לקבוע אותו.",
        SpokenReason::TooFar => "המועד הזה רחוק מדי, היומן עוד לא פתוח לתאריך הזה.",
        SpokenReason::Closed => "אנחנו סגורים ביום הזה.",
        SpokenReason::OutsideHours => "המועד הזה מחוץ לשעות הפעילות.",
        SpokenReason::NoSuchSlot => "אין פגישות שמתחילות בדיוק בשעה הזאת.",
        SpokenReason::WhichTime => "אני רוצה לוודא את השעה.",
        SpokenReason::SkippedTime => "בלילה הזה מזיזים את השעון קדימה, והשעה הזאת לא קיימת.",
        SpokenReason::DoubledTime => "בלילה הזה מזיזים את השעון אחורה, והשעה הזאת מופיעה פעמיים.",
        SpokenReason::AlreadyHolds => "להעביר אותה, או לקבוע פגישה נוספת?",
        SpokenReason::Taken => "המועד הזה נתפס ממש עכשיו.",
        SpokenReason::NothingFree => "אין כרגע שום מועד פנוי ביומן.",
        SpokenReason::Which => "לאיזו פגישה הכוונה?",
        SpokenReason::NoSuchAppointment => "לא מצאתי פגישה כזאת ביומן.",
        SpokenReason::Over => "הפגישה הזאת כבר עברה, אי אפשר לשנות אותה.",
        SpokenReason::Cancelled => "הפגישה הזאת בוטלה בינתיים.",
        SpokenReason::Busy => "סליחה, היומן לא זמין כרגע.",
        SpokenReason::TooLate => "סליחה, היומן לא ענה בזמן ואין לי אישור.",
    }
}
