//! A story as it went: with the times of its scenes.

use super::scene::Scenes;
use super::{Moment, Story};

impl Story {
    /// The story with scenes replaced by their times. Troubles whose scene never came did not happen.
    #[must_use]
    pub fn as_it_went(&self, scenes: &Scenes) -> Self {
        let mut story = self.clone();
        story.troubles.retain_mut(|trouble| {
            let Moment::Scene { call, scene, plus } = trouble.at else { return true };
            let began = scenes.began.get(&(call, scene));
            began.map(|began| trouble.at = Moment::At(*began + plus)).is_some()
        });
        story
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::chaos::story::{Fault, Scene, Trouble};

    #[test]
    fn a_trouble_of_a_scene_happens_when_the_scene_began_or_not_at_all() {
        let of = |scene| {
            let at = Moment::Scene { call: 0, scene, plus: Duration::from_secs(2) };
            Trouble { at, what: Fault::SessionsExpire }
        };
        let story = Story {
            seed: 1,
            nodes: 1,
            callers: Vec::new(),
            writers: Vec::new(),
            troubles: vec![of(Scene::Booking), of(Scene::Closing)],
            model: practice::openai::Behaviour::default(),
            setting: Default::default(),
        };
        let began = BTreeMap::from([((0, Scene::Closing), Duration::from_secs(9))]);
        let went = story.as_it_went(&Scenes { began, are_over: true });
        let times: Vec<_> = went.troubles.iter().map(|trouble| trouble.at).collect();
        assert_eq!(times, [Moment::At(Duration::from_secs(11))]);
    }
}
