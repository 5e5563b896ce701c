//! The id of an event or a token, or its last characters as a list shows them.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Characters of an id that a list shows.
const SHOWN: usize = 8;

/// A part of an id, long enough to tell ids apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdPart(String);

impl FromStr for IdPart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let part = text.trim_start_matches('…').to_ascii_lowercase();
        let is_part = (4..=36).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if is_part {
            Ok(Self(part))
        } else {
            Err("expected an id, or its last characters".to_owned())
        }
    }
}

impl fmt::Display for IdPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl IdPart {
    /// The one of these ids that ends so; `None` if there is none, or more than one.
    pub(super) fn find(&self, ids: impl IntoIterator<Item = Uuid>) -> Option<Uuid> {
        let mut found: Vec<Uuid> =
            ids.into_iter().filter(|id| id.to_string().ends_with(&self.0)).collect();
        // An event has one id for all its receivers.
        found.dedup();
        if let [only] = found.as_slice() { Some(*only) } else { None }
    }
}

/// An id, shortened: an ellipsis and its last characters.
pub(super) fn end_of(id: Uuid) -> String {
    let id = id.to_string();
    format!("…{}", id.get(id.len() - SHOWN..).unwrap_or(&id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_14_an_id_is_named_by_its_end_if_that_is_of_one_alone() {
        let ids = [Uuid::from_u128(0xab12_3456), Uuid::from_u128(0xcd12_3456)];
        let find = |text: &str| text.parse::<IdPart>().unwrap().find(ids);
        assert_eq!(find("…ab123456"), Some(ids[0]));
        assert_eq!(find(&ids[1].to_string()), Some(ids[1]));
        assert_eq!(end_of(ids[0]), "…ab123456");
        assert_eq!((find("3456"), find("9999")), (None, None));
        for wrong in ["abc", "xyz1", "….."] {
            assert!(wrong.parse::<IdPart>().is_err(), "{wrong}");
        }
    }
}
