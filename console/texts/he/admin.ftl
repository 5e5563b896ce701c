# העמודים של מנהלי המערכת: מערכת, משתמשים, יומן פעולות.

system-check = בדיקת החיבורים
checks-good = כל הבדיקות תקינות
checks-bad = { $count ->
    [one] בדיקה אחת נכשלת
    [two] שתי בדיקות נכשלות
   *[other] { $count } בדיקות נכשלות
}
check-good = תקין
check-bad = לא תקין
check-calls = שיחות
check-database = מסד הנתונים
check-records = רישום
check-model = המודל
ready-calls = שיחות חדשות מתקבלות.
ready-database = אפשר לקרוא ולכתוב.
ready-records = מה שהשיחות משאירות נרשם.
ready-model = החיבורים האחרונים נפתחו.
unready-draining = השרת בתהליך כיבוי ולא מקבל שיחות חדשות.
unready-database-unreachable = אין אליו גישה, או שהוא עונה לאט מדי. יש לבדוק את השרת ואת database.url.
unready-database-busy = כתיבה ממתינה יותר מדי זמן. יש לחפש תוכנה שמחזיקה נעילה.
unready-database-file = הקובץ נמחק, הוחלף או רוקן. יש להחזיר אותו.
unready-database-read-only = אי אפשר לכתוב. יש לבדוק את הרשאות הקובץ או את מצב השרת.
unready-database-full = הדיסק מלא. יש לפנות מקום.
unready-database-schema = המבנה שלו אינו של הגרסה הזו. יש להריץ frontdesk migrate up.
unready-journal-full = לא המסד ולא הדיסק מקבלים רישומים. המתקשרים שומעים התנצלות.
unready-provider-bad-key = OpenAI דוחה את המפתח. יש לבדוק את openai.api_key.
unready-provider-quota = לא נשאר כסף בחשבון ב־OpenAI.
unready-provider-account-closed = החשבון ב־OpenAI נסגר.
unready-provider = OpenAI דוחה את המודל, את הקול או את החיבור. הפרטים ביומן של השרת.
system-nodes = שרתים
node-url = כתובת
node-state = מצב
node-calls = שיחות
node-limit = לכל היותר
node-this = זה
node-open = מקבל שיחות
node-draining = בתהליך כיבוי
node-gone = לא עונה
system-actors = תהליכים
actor-restarts = { $count ->
    [one] הופעל מחדש פעם אחת
    [two] הופעל מחדש פעמיים
   *[other] הופעל מחדש { $count } פעמים
}
actor-waiting = { $count ->
    [one] הודעה אחת ממתינה
    [two] שתי הודעות ממתינות
   *[other] { $count } הודעות ממתינות
}
actor-handled = { $count ->
    [one] הודעה אחת
    [two] שתי הודעות
   *[other] { $count } הודעות
}
figure-hour = השעה האחרונה, דקה אחר דקה
figure-live = שיחות עכשיו
figure-total = שיחות מאז ההפעלה
figure-failed = שיחות שנכשלו
figure-answer = המתנה רגילה לתשובה
figure-greeting = המתנה רגילה לברכה
figure-cost = עלות מאז ההפעלה
system-webhooks = אירועים למערכות אחרות
webhooks-empty = לא נשלח דבר
webhooks-empty-text = אפשר להגדיר לעסק כתובת webhook, והאירועים יופיעו כאן.
webhook-event = אירוע
webhook-business = עסק
webhook-at = מתי
webhook-state = מצב
webhook-waiting = ממתין
webhook-delivered = נמסר
webhook-dead = נכשל סופית
webhook-tries = { $count ->
    [one] ניסיון אחד
    [two] שני ניסיונות
   *[other] { $count } ניסיונות
}
webhook-resend = לשלוח שוב

user-add = הוספת משתמש
user-self = זה את/ה
user-seen = נראה
user-never = עוד לא נכנס
user-rights = הרשאות
user-rights-of = מה מותר ל־{ $name }
user-reset = סיסמה חדשה
user-remove = הסרה
user-remove-sure = להסיר את { $name }?
user-remove-text = החיבור שלהם ייסגר מיד. מה שעשו נשאר ביומן הפעולות.
user-businesses = עסקים
user-businesses-help = מנהלי מערכת רואים את כולם.
user-link = יש למסור ל־{ $name } את הקישור הזה. הוא קובע סיסמה, פעם אחת, בתוך יממה.
field-role-help = משתמש עסק מנהל את העסקים שלו. צפייה בלבד: קורא ולא משנה. מנהל מערכת עושה הכול.

audit-search = חיפוש ביומן הפעולות
audit-search-help = משתמש, פעולה או עסק.
audit-empty = לא נמצא דבר
audit-empty-text = כל שינוי שמישהו עושה נרשם כאן.
audit-at = מתי
audit-by = מי
audit-action = מה
audit-object = על מה
audit-address = מאיפה

password-choose = בחירת סיסמה
password-choose-text = למשתמש { $name }. בעזרתה נכנסים מעכשיו.
password-new = סיסמה חדשה
password-new-help = 12 תווים או יותר. כמה מילים שאינן קשורות זו לזו קל לזכור.
password-again = אותה סיסמה שוב
password-choose-button = שמירה וכניסה
password-too-short = יש לתת 12 תווים או יותר.
password-too-long = יש לתת 256 תווים או פחות.
password-like-name = שם המשתמש לא יכול להיות בתוך הסיסמה.
password-monotonous = יש לתת יותר תווים שונים.
password-differs = שתי הסיסמאות אינן זהות.
password-own = שינוי הסיסמה שלי
password-own-text = כאן החיבור יישאר פתוח, ובכל מכשיר אחר הוא ייסגר.
password-current = הסיסמה הנוכחית
password-current-wrong = זו אינה הסיסמה הנוכחית.

user-name-taken = השם הזה תפוס.
user-name-wrong = יש לתת שם בשורה אחת, עד 60 תווים.
user-no-business = יש לבחור לפחות אחד.
user-admin-of-one = מנהל מערכת רואה את כולם: אין לבחור עסק, או לבחור תפקיד אחר.
user-too-many = יש יותר מדי משתמשים. יש להסיר כמה מהם קודם.
user-last-admin = זה מנהל המערכת האחרון. יש להוסיף אחר קודם.
user-oneself = אי אפשר להסיר את עצמך.
