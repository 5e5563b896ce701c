//! One value for each label of a set that never changes.

use super::histogram::Counter;

/// The label of everything that is not in the set.
pub const OTHER: &str = "other";

/// One value for each label.
#[derive(Debug)]
pub struct ByLabel<T>(Vec<(&'static str, T)>);

impl<T> ByLabel<T> {
    /// These labels, and nothing else can come.
    pub(super) fn closed(labels: impl IntoIterator<Item = &'static str>) -> Self
    where
        T: Default,
    {
        Self(labels.into_iter().map(|label| (label, T::default())).collect())
    }

    /// These labels, and [`OTHER`].
    pub(super) fn open(
        labels: impl IntoIterator<Item = &'static str>,
        value: impl Fn() -> T,
    ) -> Self {
        Self(labels.into_iter().chain([OTHER]).map(|label| (label, value())).collect())
    }

    /// The value of the label, or else of [`OTHER`].
    #[must_use]
    pub fn of(&self, label: &str) -> Option<&T> {
        let find = |wanted: &str| self.0.iter().find(|(known, _)| *known == wanted);
        find(label).or_else(|| find(OTHER)).map(|(_, value)| value)
    }

    /// All labels with their values, always in the same order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &T)> {
        self.0.iter().map(|(label, value)| (*label, value))
    }
}

impl ByLabel<Counter> {
    pub(super) fn count(&self, label: &str) {
        if let Some(counter) = self.of(label) {
            counter.add(1);
        }
    }
}
