//! Parts of a story that are not played.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{Fault, Moment, Story, WhichNode};

/// A part of a story, by its place in the whole one, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Call(usize),
    Trouble(usize),
    Writer(usize),
}

/// The parts of a story that are not played: `c2,t1,w1` leaves out the second call, the first trouble and the
/// first person who writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaveOut(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?}: expected parts of a story such as c2,t1 (the second call and the first trouble)")]
pub struct NotAPart(String);

impl LeaveOut {
    #[must_use]
    pub fn and(&self, part: Part) -> Self {
        let mut parts = self.0.clone();
        parts.push(part);
        parts.sort_unstable();
        parts.dedup();
        Self(parts)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A part that the story does not have.
    #[must_use]
    pub fn beyond(&self, story: &Story) -> Option<Part> {
        let is_beyond = |part: &Part| match part {
            Part::Call(place) => *place > story.callers.len(),
            Part::Trouble(place) => *place > story.troubles.len(),
            Part::Writer(place) => *place > story.writers.len(),
        };
        self.0.iter().copied().find(is_beyond)
    }

    fn has(&self, part: Part) -> bool {
        self.0.contains(&part)
    }

    /// The parts that are played.
    #[must_use]
    pub fn rest(&self, story: &Story) -> Vec<Part> {
        let calls = (1..=story.callers.len()).map(Part::Call);
        let troubles = (1..=story.troubles.len()).map(Part::Trouble);
        let writers = (1..=story.writers.len()).map(Part::Writer);
        calls.chain(troubles).chain(writers).filter(|part| !self.has(*part)).collect()
    }

    /// The rest of the story. A trouble of a call that is left out is left out too.
    #[must_use]
    pub fn from(&self, story: &Story) -> Story {
        let mut places = Vec::new();
        let mut callers = Vec::new();
        for (index, caller) in story.callers.iter().enumerate() {
            let is_played = !self.has(Part::Call(index + 1));
            places.push(is_played.then_some(callers.len()));
            if is_played {
                callers.push(caller.clone());
            }
        }
        let mut troubles = Vec::new();
        for (index, trouble) in story.troubles.iter().enumerate() {
            let mut trouble = trouble.clone();
            let moved = [at_call(&mut trouble.at), of_call(&mut trouble.what)]
                .into_iter()
                .flatten()
                .all(|call| places[*call].map(|place| *call = place).is_some());
            if moved && !self.has(Part::Trouble(index + 1)) {
                troubles.push(trouble);
            }
        }
        let writers = story.writers.iter().zip(1..);
        let writers = writers.filter(|(_, place)| !self.has(Part::Writer(*place)));
        let writers = writers.map(|(writer, _)| writer.clone()).collect();
        let Story { seed, nodes, setting, .. } = *story;
        Story { seed, nodes, callers, writers, troubles, model: story.model.clone(), setting }
    }
}

fn at_call(moment: &mut Moment) -> Option<&mut usize> {
    match moment {
        Moment::At(_) => None,
        Moment::TracePoint { call, .. }
        | Moment::Published { call, .. }
        | Moment::Ordered { call, .. }
        | Moment::Scene { call, .. } => Some(call),
    }
}

fn of_call(fault: &mut Fault) -> Option<&mut usize> {
    match fault {
        Fault::MediaSocketCut { call }
        | Fault::MediaSocketStalls { call, .. }
        | Fault::WebhookAgain { call, .. }
        | Fault::OperatorHangsUp { call, .. }
        | Fault::NodeDies { node: WhichNode::Of { call }, .. }
        | Fault::NodeCutOff { node: WhichNode::Of { call }, .. }
        | Fault::NodeDrains { node: WhichNode::Of { call }, .. } => Some(call),
        Fault::Crash
        | Fault::Network { .. }
        | Fault::Sessions(_)
        | Fault::Refused { .. }
        | Fault::NextResponse(_)
        | Fault::SessionsExpire
        | Fault::Rest { .. }
        | Fault::Text(_)
        | Fault::Undelivered(_)
        | Fault::Callbacks(_)
        | Fault::CutOff { .. }
        | Fault::Database { .. }
        | Fault::NodeDies { node: WhichNode::Nth(_), .. }
        | Fault::NodeCutOff { node: WhichNode::Nth(_), .. }
        | Fault::NodeDrains { node: WhichNode::Nth(_), .. } => None,
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(place) => write!(f, "c{place}"),
            Self::Trouble(place) => write!(f, "t{place}"),
            Self::Writer(place) => write!(f, "w{place}"),
        }
    }
}

impl fmt::Display for LeaveOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{part}")?;
        }
        Ok(())
    }
}

impl FromStr for LeaveOut {
    type Err = NotAPart;

    fn from_str(text: &str) -> Result<Self, NotAPart> {
        let part = |text: &str| {
            let place = |digits: &str| digits.parse().ok().filter(|place| *place > 0);
            let (kind, digits) = text.split_at_checked(1)?;
            match kind {
                "c" => place(digits).map(Part::Call),
                "t" => place(digits).map(Part::Trouble),
                "w" => place(digits).map(Part::Writer),
                _ => None,
            }
        };
        let parts = text.split(',').map(|text| part(text).ok_or_else(|| NotAPart(text.to_owned())));
        parts.collect::<Result<Vec<_>, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actors::introspection::ActorKind;

    use super::*;
    use crate::chaos::draw;
    use crate::chaos::story::Trouble;

    #[test]
    fn parts_are_read_as_they_are_written_and_anything_else_is_refused() {
        let written = "c2,c11,t1,w2";
        assert_eq!(written.parse::<LeaveOut>().unwrap().to_string(), written);
        for wrong in ["", "2", "c", "c0", "x1", "c1;t1", "ת1"] {
            let error = wrong.parse::<LeaveOut>().unwrap_err();
            assert!(error.to_string().contains("such as c2,t1"), "{error}");
        }
    }

    #[test]
    fn prac_6_what_is_left_out_takes_its_troubles_along_and_the_rest_keeps_its_own() {
        let called = [draw::Called { speaks_hebrew: true, ..Default::default() }];
        let mut whole = draw::story(1, 3, &called);
        let cut =
            |call| Trouble { at: Moment::At(Duration::ZERO), what: Fault::MediaSocketCut { call } };
        let at = Moment::TracePoint { call: 2, kind: ActorKind::Lead, nth: 1 };
        whole.troubles = vec![cut(0), cut(1), Trouble { at, what: Fault::Crash }, cut(2)];
        let rest = "c2,t4".parse::<LeaveOut>().unwrap().from(&whole);
        let dials = |story: &Story| story.callers.iter().map(|it| it.dials_at).collect::<Vec<_>>();
        assert_eq!(dials(&rest), [dials(&whole)[0], dials(&whole)[2]]);
        let [first, crash] = rest.troubles.as_slice() else { panic!("{:?}", rest.troubles) };
        assert!(matches!(first.what, Fault::MediaSocketCut { call: 0 }));
        assert!(matches!(crash.at, Moment::TracePoint { call: 1, .. }), "its caller moved up");
    }

    #[test]
    fn parts_beyond_the_story_are_found() {
        let called = [draw::Called { speaks_hebrew: true, ..Default::default() }];
        let mut story = draw::story(1, 3, &called);
        story.troubles.clear();
        let beyond = |text: &str| text.parse::<LeaveOut>().unwrap().beyond(&story);
        assert_eq!(beyond("c1,c3"), None);
        assert_eq!(beyond("c1,c4"), Some(Part::Call(4)));
        assert_eq!(beyond("c1,t1"), Some(Part::Trouble(1)));
    }
}
