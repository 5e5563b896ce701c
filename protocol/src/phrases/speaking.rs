//! The words of `grammar`, in Hebrew and English. They are normalised: no niqqud, upper case or
//! punctuation, so "don't" is "dont".

/// Verbs of speech, in every form that reports or orders.
pub(super) const SAYS: &str = "say says said saying tell tells told telling wrote written writes texted texts \
    messaged yelled yells shouted shouts screamed whispered mumbled muttered replied answered \
    spelled pronounced reads goes meant mean heard hear sang \
    אמרתי אמרת אמר אמרה אמרנו אמרתם אמרתן אמרו אומר אומרת אומרים אומרות לומר אומרו תאמר תאמרי תאמרו \
    יאמר נאמר יאמרו אמור אמרי אמרו הגיד הגידה הגידו אגיד תגיד תגידי תגידו יגיד נגיד יגידו להגיד \
    כתבתי כתבת כתב כתבה כתבנו כתבתם כתבו כתוב כתובה כותב כותבת כותבים כותבות לכתוב תכתוב תכתבי \
    תכתבו יכתוב מסרתי מסרת מסר מסרה מסרו מוסר מוסרת למסור תמסור תמסרי תמסרו ימסור תמסרו \
    שלח שלחה שלחו סימס סימסה סימסתי צעק צעקה צעקו צועק צועקת לצעוק לחש לחשה ענה ענתה ענו \
    השיב השיבה קוראים קראו קורא קראה מקריא הקריא התכוונתי מתכוון מתכוונת שמעתי שמעת שמע שמעה \
    נפרד נפרדה";

/// Verbs that make their object a goodbye whatever it is: "kiss my deposit goodbye".
pub(super) const SAYS_ANYTHING: &str = "kiss kissed kissing wave waved waving waves bid";

/// Verbs of speech only right before the goodbye: "the guy goes bye".
pub(super) const TAKES_OBJECT: &str = "goes mean meant hear heard reads שמעתי שמעת שמע שמעה";

/// Forms that say it now, if the caller wants or has to.
pub(super) const SAYS_NOW: &str = "say tell אומר אומרת להגיד לומר אומרים אומרות";

/// Forms that say it now by themselves.
pub(super) const SAYS_ALWAYS: &str = "אגיד נגיד";

/// Words with which the caller says something now: "I'll", "let me", "I want to".
pub(super) const WANTS: &str = "ill well lets let want wanted wanna need have must gotta gonna going id like should \
    אני אנחנו רוצה רוצים רציתי רצינו צריך צריכה חייב חייבת חייבים בוא בואי בואו באתי נשאר";

/// The agent, as the one who is addressed.
pub(super) const YOU: &str = "you to everyone everybody all לך לכם לכן אליך אלייך אליכם לכולם";

/// Small words that change nothing of who says what.
pub(super) const ADVERBS: &str = "just now then finally really actually even yet still always ever already also only \
    so much as once again today tomorrow later simply please quickly properly \
    פשוט עכשיו אז כבר גם רק אפילו עוד עדיין תמיד שוב היום מחר באמת בבקשה סתם פעם אחת";

/// Words that negate what follows.
pub(super) const NEGATIONS: &str = "not dont didnt doesnt never cant couldnt wont wouldnt isnt wasnt arent arenot \
    havent hasnt hadnt shouldnt aint cannot without nobody neither nor no לא אל בלי ללא אין מעולם \
    אף אסור אינני איני אינו אינה אינם";

/// Words that answer "no" as the first word of a clause, and negate elsewhere.
pub(super) const WEAK_NEGATIONS: &str = "no not לא אין";

/// Words before a noun.
pub(super) const ARTICLES: &str = "a an the my your his her our their this that another any some first second last \
    real long sad proper final";

/// Words that say what something is.
pub(super) const COPULAS: &str =
    "is was isnt wasnt be been being means equals named called titled like";

/// The same in Hebrew, unless it is an object: "את זה".
pub(super) const IS: &str = "זה זאת זו הוא היא הם הן";

/// Words after which a goodbye is a name or a title.
pub(super) const MENTIONS: &str = "called named word words title titled song sign name play movie film show book card \
    password code בשם נקרא נקראת נקראים שנקרא שנקראת מילה מילים מילת שיר לשיר סרט הצגה ספר סיסמה קוד \
    שלט כותרת פתק כרטיס";

/// Hebrew nouns to which another is joined: "מסיבת להתראות".
pub(super) const NOUNS: &str = "מסיבת ברכת נשיקת שיחת הודעת חגיגת ארוחת מכתב מתנת טקס נאום חיבוק נשיקה ברכה \
    בברכה";

/// First words of shops that end in "Buy" or "Bay", as they are heard.
pub(super) const BRANDS: &str = "best ebay e אי באי מאי לאי בסט מבסט בבסט לבסט";

/// Objects with which a verb of speech has all it needs, and what can't be an addressee.
pub(super) const OTHER_OBJECTS: &str = "hi hello no yes yeah it nothing anything something everything what why sorry \
    regards את על עם כל בשביל כמו אם למה שלום דש כן כלום משהו הכל הכול";

/// Words that begin another clause without a comma.
pub(super) const CLAUSE_BEGINS: &str =
    "so but because and cause cuz anyway anyways אבל כי ואז לכן בכל";

/// Subjects: after a verb of speech they begin what was said.
pub(super) const SUBJECTS: &str = "i im ill ive id he hes she shes we were well theyre they youre thats its \
    אני אתה אנחנו הוא היא הם הן";

/// Hebrew datives before a verb: "קשה לנו להתראות".
pub(super) const DATIVES: &str = "לי לך לו לה לנו לכם לכן להם להן";

/// First words of phrases that can be verbs too, and the words after which they are.
pub(super) const VERBS_TOO: &[(&str, &str)] = &[
    (
        "see",
        "to can could cant couldnt not dont didnt never did would might must may didn come and \
         wanna gotta hed shed theyd he she they i",
    ),
    (
        "talk",
        "to can could cant not dont lets hed shed theyd hell shell theyll he she they wed wont",
    ),
    (
        "להתראות",
        "רוצה רוצים אפשר נשמח אשמח יכול יכולה יכולים נוכל אוכל תוכל תוכלו צריך צריכה צריכים כדי \
         קבענו נקבע מתי איפה לא חייב חייבת חייבים קשה קל נעים כיף מקווה מקווים",
    ),
    ("סיימנו", "לא עוד עדיין מתי כש אם טרם"),
];
