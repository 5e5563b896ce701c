//! The words around a goodbye and a "no thanks", in Hebrew and English. They are normalised: no
//! niqqud, upper case or punctuation.

/// Words that are a courtesy by themselves.
pub(super) const COURTESIES: &str = "thanks thank ok okay alright cheers great perfect wonderful bye goodbye fine \
    pleasure appreciate תודה אוקיי אוקי סבבה בסדר מעולה מצוין נהדר יופי אחלה יאללה \
    ביי בשמחה מעריך מעריכה";

/// The other words of good wishes. None says anything alone.
pub(super) const WISHES: &str = "a very so much you your too have nice good lovely day evening night afternoon \
    morning weekend week one rest of the and for now then take care all best later \
    soon again sir maam madam dear friend my everyone everybody guys help everything \
    lot enjoy רבה המון לך לכם לכן גם על הכל הכול העזרה מאוד מאד ערב לילה יום שבת \
    שבוע חג סוף המשך טוב טובה נעים נעימה מקסים נפלא שמח שלום שיהיה כל בינתיים נשמה \
    מותק אחי אחותי חבר חברה חביבי חמוד חמודה אדוני גברתי מתוק מתוקה בקרוב נתראה";

/// Words that do not change a "no thanks" they stand around.
pub(super) const FILLERS: &str = "im i am its it thats that is really just we were are well oh ah um uh sorry please אני אנחנו \
    זה זהו אז ממש פשוט כבר אה טוב באמת סליחה בבקשה";

/// Words of refusal.
pub(super) const NO: &str = "no nope nah לא";

/// A clause that begins with one of these is a question, even without a question mark.
pub(super) const QUESTION_WORDS: &str = "what when where who why how which can could would is are do does did מה מתי איפה \
    מי למה איך כמה האם איזה";

/// Words that are no names, though they stand where a name could.
pub(super) const NOT_NAMES: &str = "monday tuesday wednesday thursday friday saturday sunday january february march \
    april june july august september october november december no yes wait but hello \
    hi actually hold what when where who why how i at in on if not tomorrow today \
    tonight there לא כן רגע שנייה שניה חכה חכי חכו אבל עוד מה מתי איפה מי למה איך \
    כמה האם בעצם הלו אולי אם כי או אל יש אין צריך צריכה רוצה אפשר";

/// What an agent answers to a "no thanks" when it ends the call.
pub(super) const AGENT_DECLINES: &[&str] = &[
    "if you change your mind",
    "no problem",
    "thats all right",
    "thats alright",
    "thats fine",
    "thats okay",
    "thats ok",
    "thank you for calling",
    "thanks for calling",
    "אין בעיה",
    "הכול טוב",
    "הכל טוב",
    "בסדר גמור",
    "אם תתחרט",
    "אם תתחרטי",
    "תמיד אפשר לפנות",
    "תודה שפנית",
    "תודה שדיברת",
];
