# The pages of administrators: system, users, audit log.

system-check = Check the wiring
checks-good = All checks pass
checks-bad = { $count ->
    [one] One check fails
   *[other] { $count } checks fail
}
check-good = Good
check-bad = Wrong
check-calls = Calls
check-database = Database
check-records = Records
check-model = Model
ready-calls = New calls are taken.
ready-database = It can be read and written.
ready-records = What calls leave is written.
ready-model = The last sessions were opened.
unready-draining = The daemon is being stopped: new calls are refused.
unready-database-unreachable = It can't be reached, or answers too slowly. Look at the server and at database.url.
unready-database-busy = A write has waited for too long. Look for a program that holds a lock.
unready-database-file = Its file was deleted, replaced or emptied. Put it back.
unready-database-read-only = It takes no writes. Look at the file's rights, or at the server's mode.
unready-database-full = Its disk is full. Make room.
unready-database-schema = Its schema is not this program's. Run frontdesk migrate up.
unready-journal-full = Neither the database nor the disk takes records. Calls get the apology.
unready-provider-bad-key = OpenAI refuses the key. Look at openai.api_key.
unready-provider-quota = The account at OpenAI has no money left.
unready-provider-account-closed = OpenAI has closed the account.
unready-provider = OpenAI refuses the model, the voice or the session. The log says which.
system-nodes = Daemons
node-url = Address
node-state = State
node-calls = Calls
node-limit = At most
node-this = This one
node-open = Takes calls
node-draining = Being stopped
node-gone = Does not answer
system-actors = Actors
actor-restarts = { $count ->
    [one] restarted once
   *[other] restarted { $count } times
}
actor-waiting = { $count ->
    [one] one message waits
   *[other] { $count } messages wait
}
actor-handled = { $count ->
    [one] one message
   *[other] { $count } messages
}
figure-hour = The last hour, minute by minute
figure-live = Calls now
figure-total = Calls since the start
figure-failed = Calls that failed
figure-answer = Wait for an answer, usual
figure-greeting = Wait for the greeting, usual
figure-cost = Cost since the start
system-webhooks = Events for other systems
webhooks-empty = Nothing was sent
webhooks-empty-text = Give a business a webhook, and its events appear here.
webhook-event = Event
webhook-business = Business
webhook-at = When
webhook-state = State
webhook-waiting = Waits
webhook-delivered = Delivered
webhook-dead = Given up
webhook-tries = { $count ->
    [one] one try
   *[other] { $count } tries
}
webhook-resend = Send again

user-add = Add a user
user-self = you
user-seen = Seen
user-never = Has never signed in
user-rights = Rights
user-rights-of = What { $name } may do
user-reset = New password
user-remove = Remove
user-remove-sure = Remove { $name }?
user-remove-text = They are signed out at once. What they have done stays in the audit log.
user-businesses = Businesses
user-businesses-help = Administrators see all.
user-link = Give { $name } this link. It sets a password, once, within a day.
field-role-help = A business user manages their businesses. A viewer reads. An administrator does everything.

audit-search = Search the audit log
audit-search-help = A user, an action, or a business.
audit-empty = Nothing was found
audit-empty-text = Every change that somebody makes is written here.
audit-at = When
audit-by = Who
audit-action = What
audit-object = To what
audit-address = From where

password-choose = Choose a password
password-choose-text = For the user { $name }. With it you sign in from now on.
password-new = New password
password-new-help = 12 characters or more. A few words that do not belong together are easy to keep in mind.
password-again = The same once more
password-choose-button = Save and sign in
password-too-short = Give 12 characters or more.
password-too-long = Give 256 characters or fewer.
password-like-name = Leave the user name out of it.
password-monotonous = Give more different characters.
password-differs = The two are not the same.
password-own = Change my password
password-own-text = You stay signed in here, and are signed out everywhere else.
password-current = The password that you have
password-current-wrong = This is not the password that you have.

user-name-taken = This name is taken.
user-name-wrong = Give a name of one line, with 60 characters or fewer.
user-no-business = Choose at least one.
user-admin-of-one = An administrator sees all: choose none, or another role.
user-too-many = There are too many users. Remove some first.
user-last-admin = This is the last administrator. Make another one first.
user-oneself = Nobody can remove themselves.
