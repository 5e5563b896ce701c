//! What a trace point says, as far as the watcher needs it.

/// A step of a call's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// An actor takes an event from its inbox.
    Takes {
        number: u64,
        attempt: u32,
        event: &'a str,
    },
    /// CallActor has published what came of its events up to this one.
    Published(u64),
    /// The effects of an event are published. It is acknowledged next.
    Done(u64),
    Starts,
    /// An actor's state is dropped.
    Gone,
    TaskBegins(&'a str),
    TaskEnds(&'a str),
    /// `response.create`.
    AsksForResponse,
    SendsAudio,
    SendsClear,
    /// A supervisor reports a crash.
    Crashed {
        error: &'a str,
    },
}

impl<'a> Step<'a> {
    /// `None` if the point is none of these.
    pub(super) fn read(actor: &str, message: &'a str) -> Option<Self> {
        match actor {
            "call" | "twilio_io" | "realtime" | "lead" => of_actor(message),
            "call_supervisor" if message == "gone" => Some(Self::Gone),
            "call_supervisor" => of_task(message),
            "stream" => of_stream(message),
            "introspection" => {
                message.starts_with("ActorCrashed").then_some(Self::Crashed { error: message })
            }
            _ => None,
        }
    }

    #[cfg(test)]
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Takes { .. } => "takes",
            Self::Published(_) => "published",
            Self::Done(_) => "done",
            Self::Starts => "starts",
            Self::Gone => "gone",
            Self::TaskBegins(_) => "task begins",
            Self::TaskEnds(_) => "task ends",
            Self::AsksForResponse => "asks for response",
            Self::SendsAudio => "sends audio",
            Self::SendsClear => "sends clear",
            Self::Crashed { .. } => "crashed",
        }
    }
}

fn of_actor(message: &str) -> Option<Step<'_>> {
    if let Some(rest) = message.strip_prefix("takes ") {
        let (number, rest) = rest.split_once(", attempt ")?;
        let (attempt, event) = rest.split_once(": ")?;
        let (number, attempt) = (number.parse().ok()?, attempt.parse().ok()?);
        return Some(Step::Takes { number, attempt, event });
    }
    if let Some(rest) = message.strip_prefix("published ") {
        // The commands that are not delivered yet follow.
        return Some(Step::Published(rest.split(',').next()?.parse().ok()?));
    }
    if let Some(number) = message.strip_prefix("done ") {
        return Some(Step::Done(number.parse().ok()?));
    }
    if let Some(event) = message.strip_prefix("to OpenAI: ") {
        return (first_word(event) == "response.create").then_some(Step::AsksForResponse);
    }
    match message {
        "starts" => Some(Step::Starts),
        "gone" => Some(Step::Gone),
        _ => of_task(message),
    }
}

fn of_stream(message: &str) -> Option<Step<'_>> {
    match message.strip_prefix("to Twilio: ") {
        Some(sent) if first_word(sent) == "media" => Some(Step::SendsAudio),
        Some(sent) if sent.contains("clear") => Some(Step::SendsClear),
        Some(_) => None,
        None => of_task(message),
    }
}

fn of_task(message: &str) -> Option<Step<'_>> {
    let task = message.strip_prefix("task ")?;
    let began = task.strip_suffix(" began").map(Step::TaskBegins);
    began.or_else(|| task.strip_suffix(" ended").map(Step::TaskEnds))
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}
