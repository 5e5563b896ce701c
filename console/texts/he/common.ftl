# מה שכל עמוד צריך: ניווט, מילים לזמנים ולמספרים, רכיבים, כניסה ושגיאות.

skip-to-content = דילוג לתוכן
menu = תפריט
nav-label = ראשי
nav-today = היום
nav-calls = שיחות
nav-calendar = יומן
nav-leads = לקוחות
nav-messages = הודעות
nav-settings = הגדרות
nav-test-call = שיחת ניסיון
nav-system = מערכת
nav-users = משתמשים
nav-audit = יומן פעולות
nav-style-guide = מדריך עיצוב
nav-waiting = { $count ->
    [one] אחד ממתין
    [two] שניים ממתינים
   *[other] { $count } ממתינים
}
business-switch = עסק:
business-choose = בחירת עסק
sign-out = יציאה
theme-device = צבעים: לפי המכשיר
theme-light = צבעים: בהיר
theme-dark = צבעים: כהה
practice-banner = מצב תרגול: אין כאן אנשים אמיתיים.
live-lost = החיבור נותק. ייתכן שהמידע אינו עדכני; מנסים להתחבר שוב.

role-admin = מנהל מערכת
role-business = עסק
role-viewer = צפייה בלבד

yes = כן
no = לא
save = שמירה
close = סגירה
search = חיפוש
call = חיוג
call-back = להתקשר חזרה
call-person = חיוג אל { $name }
hang-up = ניתוק
send = שליחה
phone-withheld = מספר חסוי

weekday-sunday = יום ראשון
weekday-monday = יום שני
weekday-tuesday = יום שלישי
weekday-wednesday = יום רביעי
weekday-thursday = יום חמישי
weekday-friday = יום שישי
weekday-saturday = שבת
month-1 = ינואר
month-2 = פברואר
month-3 = מרץ
month-4 = אפריל
month-5 = מאי
month-6 = יוני
month-7 = יולי
month-8 = אוגוסט
month-9 = ספטמבר
month-10 = אוקטובר
month-11 = נובמבר
month-12 = דצמבר
day-today = היום
day-yesterday = אתמול
day-tomorrow = מחר
day-and-month = { $first } ב{ $second }
day-and-time = { $first }, { $second }
date-with-weekday = { $first }, { $second }
date-with-year = { $first } { $second }

ago-now = ממש עכשיו
ago-minutes = { $count ->
    [one] לפני דקה
    [two] לפני שתי דקות
   *[other] לפני { $count } דקות
}
ago-hours = { $count ->
    [one] לפני שעה
    [two] לפני שעתיים
   *[other] לפני { $count } שעות
}
ago-days = { $count ->
    [one] לפני יום
    [two] לפני יומיים
   *[other] לפני { $count } ימים
}
length-seconds = { $count ->
    [one] שנייה
    [two] שתי שניות
   *[other] { $count } שניות
}
length-minutes = { $count ->
    [one] דקה
    [two] שתי דקות
   *[other] { $count } דקות
}
length-hours = { $count ->
    [one] שעה
    [two] שעתיים
   *[other] { $count } שעות
}
length-days = { $count ->
    [one] יום
    [two] יומיים
   *[other] { $count } ימים
}
seconds = { $name } שנ׳

field-default = אם השדה ריק: { $name }
field-phone = מספר טלפון
field-name = שם
field-email = דוא״ל
field-notes = הערות
field-start = יום ושעה
field-user = שם משתמש
field-password = סיסמה
field-role = תפקיד

pager-label = עמודים
pager-newer = החדשים ביותר
pager-older = ישנים יותר
filter-search = חיפוש
filter-show = הצגה
filter-since = מתאריך
filter-until = עד תאריך
filter-more = תאריכים וסוגים
filter-clear = ניקוי החיפוש
nothing-found = לא נמצא דבר
nothing-found-text = כדאי לנסות פחות מילים, או תקופה ארוכה יותר.
form-wrong = דבר לא נשמר. יש לתקן את השדות המסומנים באדום.
locked-admin = רק מנהל מערכת יכול לשנות את זה: זה עולה כסף או דורש אמון.
locked-nobody = זה השם הקבוע של העסק, והוא לא משתנה.
viewer-reads = אפשר לקרוא, ואי אפשר לשנות.

sign-in = כניסה
sign-in-wrong = שם המשתמש או הסיסמה שגויים.
sign-in-wait = יותר מדי סיסמאות שגויות. יש להמתין { $name } ולנסות שוב.
sign-in-expired = החיבור נסגר, כי עבר זמן בלי פעילות. יש להיכנס שוב.
sign-in-stale = הקישור כבר נוצל, או ישן מדי. יש ליצור קישור חדש.
sign-in-nobody = אין עדיין משתמשים. מי שמפעיל את המערכת יוצר משתמש בפקודה הזאת:
sign-in-forgotten = שכחת את הסיסמה? מי שמפעיל את המערכת ייתן סיסמה חדשה.

error-forbidden = אין לך גישה לעמוד הזה
error-forbidden-text = התפקיד שלך לא מאפשר את העמוד הזה. אם צריך, אפשר לפנות למנהל המערכת.
error-stale-form = הטופס הזה ישן מדי
error-stale-form-text = דבר לא השתנה. יש לחזור, לטעון את העמוד מחדש ולשלוח שוב.
error-not-found = אין עמוד כזה
error-not-found-text = אולי הוא נמחק, ואולי הכתובת שגויה.
error-too-many = יותר מדי בקשות
error-too-many-text = דבר לא השתנה. יש להמתין רגע ולנסות שוב.
error-internal = משהו השתבש
error-internal-text = זו תקלה שלנו, והסיבה רשומה ביומן המערכת. שיחות ממשיכות להיענות.
error-busy = מסד הנתונים עסוק
error-busy-text = דבר לא השתנה. שיחות ממשיכות להיענות. כדאי לנסות שוב עוד רגע.
try-again = לנסות שוב
to-start = להתחלה

# מדריך העיצוב.
guide-text = כל רכיב בכל מצב. אפשר להחליף שפה וצבעים למעלה.
guide-buttons = כפתורים
guide-notices = הודעות מערכת
guide-fields = שדות
guide-lists = רשימות
guide-dialog = חלון
guide-dialog-text = היומן פותח אחד כזה: קביעת ביקור.
guide-icons = סמלים
guide-words = כמה מילים
guide-sentence = משפט ארוך מספיק כדי שיצטרך שורה שנייה במסך הצר של טלפון.
guide-plain = כמו שהוא
guide-wrong = עם שגיאה
guide-locked = נעול
guide-help = מה משמעות השדה, במשפט אחד.
guide-error = מה לא תקין, ואיך מתקנים.
