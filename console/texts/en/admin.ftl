# The pages of administrators: system, users, audit log.

system-check = Check the wiring
checks-good = All checks pass
checks-bad = { $count ->
    [one] One check fails
   *[other] { $count } checks fail
}
check-good = Good
check-bad = Wrong
system-nodes = Daemons
node-url = Address
node-version = Version
node-calls = Calls
node-seen = Last seen
node-this = This one
node-draining = Draining
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
figure-cost = Cost today
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
