# What every page needs: navigation, words for times and numbers, components, sign-in and errors.

skip-to-content = Skip to the content
menu = Menu
nav-label = Main
nav-today = Today
nav-calls = Calls
nav-calendar = Calendar
nav-leads = Leads
nav-messages = Messages
nav-settings = Settings
nav-test-call = Test call
nav-system = System
nav-users = Users
nav-audit = Audit log
nav-style-guide = Style guide
nav-waiting = { $count ->
    [one] one waits
   *[other] { $count } wait
}
business-switch = Business:
business-choose = Choose a business
sign-out = Sign out
theme-device = Colours: as the device
theme-light = Colours: light
theme-dark = Colours: dark
practice-banner = Practice mode: no real person calls or is called.
live-lost = The connection was lost. What you see may be old; it is tried again.

role-admin = Administrator
role-business = Business
role-viewer = Viewer

yes = yes
no = no
save = Save
close = Close
search = Search
call = Call
call-back = Call back
call-person = Call { $name }
hang-up = Hang up
send = Send
phone-withheld = Withheld number

weekday-sunday = Sunday
weekday-monday = Monday
weekday-tuesday = Tuesday
weekday-wednesday = Wednesday
weekday-thursday = Thursday
weekday-friday = Friday
weekday-saturday = Saturday
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
day-today = today
day-yesterday = yesterday
day-tomorrow = tomorrow
day-and-month = { $first } { $second }
day-and-time = { $first }, { $second }
date-with-weekday = { $first }, { $second }
date-with-year = { $first } { $second }

ago-now = just now
ago-minutes = { $count ->
    [one] a minute ago
   *[other] { $count } minutes ago
}
ago-hours = { $count ->
    [one] an hour ago
   *[other] { $count } hours ago
}
ago-days = { $count ->
    [one] a day ago
   *[other] { $count } days ago
}
length-seconds = { $count ->
    [one] one second
   *[other] { $count } seconds
}
length-minutes = { $count ->
    [one] one minute
   *[other] { $count } minutes
}
length-hours = { $count ->
    [one] one hour
   *[other] { $count } hours
}
length-days = { $count ->
    [one] one day
   *[other] { $count } days
}
seconds = { $name } s

field-default = If left empty: { $name }
field-phone = Telephone number
field-name = Name
field-email = Email
field-notes = Notes
field-start = Day and time
field-user = User name
field-password = Password
field-role = Role

pager-label = Pages
pager-newer = Newest
pager-older = Older
filter-search = Search
filter-show = Show
filter-since = From
filter-until = Until
filter-more = Dates and kinds
filter-clear = Clear the search
nothing-found = Nothing was found
nothing-found-text = Try fewer words, or a longer time.
form-wrong = Nothing was saved. Correct the fields in red.
locked-admin = Only an administrator can change this: it costs money or trust.
locked-nobody = This names the business and stays.
viewer-reads = You may read, and change nothing.

sign-in = Sign in
sign-in-wrong = The user name or the password is wrong.
sign-in-wait = Too many wrong passwords. Wait { $name }, then try again.
sign-in-expired = You were signed out, because nothing was done for a while. Sign in again.
sign-in-stale = This link was used before, or is too old. Make a new one.
sign-in-nobody = There is no user yet. Whoever runs the daemon makes one with this command:
sign-in-forgotten = Forgotten your password? Whoever runs the daemon gives you a new one.

error-forbidden = This is not for you to see
error-forbidden-text = Your role does not allow this page. If it should, ask an administrator.
error-stale-form = This form is too old
error-stale-form-text = Nothing was changed. Go back, load the page again, and send the form once more.
error-not-found = There is no such page
error-not-found-text = It may have been deleted, or the address is wrong.
error-too-many = Too many requests
error-too-many-text = Nothing was changed. Wait a moment, then try again.
error-internal = Something has gone wrong
error-internal-text = It is our fault, and the log says why. Calls are answered all the same.
error-busy = The database is busy
error-busy-text = Nothing was changed. Calls are answered all the same. Try again in a moment.
try-again = Try again
to-start = To the start

# The style guide.
guide-text = Every component in every state. Switch the language and the colours above.
guide-buttons = Buttons
guide-notices = Notices
guide-fields = Fields
guide-lists = Lists
guide-dialog = Dialog
guide-dialog-text = The calendar opens one: book a visit.
guide-icons = Icons
guide-words = Some words
guide-sentence = A sentence that is long enough to need a second line on the narrow screen of a telephone.
guide-plain = As it is
guide-wrong = With an error
guide-locked = Locked
guide-help = What the field means, in a sentence.
guide-error = What is wrong, and how to correct it.
