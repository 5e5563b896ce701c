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
system-nodes = שרתים
node-url = כתובת
node-version = גרסה
node-calls = שיחות
node-seen = נראה לאחרונה
node-this = זה
node-draining = מתרוקן
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
figure-cost = עלות היום
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
