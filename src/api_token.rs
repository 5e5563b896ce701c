//! A token of the API: its text, and how it is recognised. The text is `fdt_`, the id of its row, and a
//! secret of which the row has the SHA-256 digest alone.

use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::secret_hash::secret_hash;

const PREFIX: &str = "fdt_";

/// A token as a request brings it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ApiToken {
    pub(crate) id: Uuid,
    secret: String,
}

impl ApiToken {
    /// `secret` must be as good as a key: nobody can guess it.
    pub(crate) fn new(id: Uuid, secret: String) -> Self {
        Self { id, secret }
    }

    /// `None` if the text is no such token.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        Some(Self { id: Uuid::try_parse(id).ok()?, secret: secret.to_owned() })
    }

    /// What its user sends. It is shown once.
    pub(crate) fn text(&self) -> String {
        format!("{PREFIX}{}_{}", self.id.simple(), self.secret)
    }

    /// What its row keeps.
    pub(crate) fn hash(&self) -> String {
        secret_hash(&self.secret)
    }

    /// Whether the row with this hash is its own. Compared in constant time.
    pub(crate) fn is(&self, hash: &str) -> bool {
        self.hash().as_bytes().ct_eq(hash.as_bytes()).into()
    }
}

/// Debug output does not show the secret.
impl std::fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiToken").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_14_a_token_is_recognised_by_its_secret_and_shows_it_to_nobody_else() {
        let token = ApiToken::new(Uuid::from_u128(7), "s3cret".to_owned());
        let read = ApiToken::parse(&token.text()).unwrap();
        assert_eq!(read, token);
        assert!(read.is(&token.hash()));
        let other = ApiToken::new(Uuid::from_u128(7), "s3cret2".to_owned());
        assert!(!other.is(&token.hash()) && !token.is(""));
        assert!(!format!("{token:?}").contains("s3cret") && !token.hash().contains("s3cret"));
        for text in ["", "fdt_", "fdt_7_x", "practice-world-admin-token", "fdt_x_y"] {
            assert_eq!(ApiToken::parse(text), None, "{text}");
        }
    }
}
