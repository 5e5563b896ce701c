//! The names that a `use` declaration brings into its module.

use super::cursor::Cursor;
use super::tokens::Token;

/// One name that a `use` declaration brings into a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) path: Vec<String>,
    /// `*` for a glob.
    pub(super) name: String,
    /// A re-export: `pub use`, with any visibility.
    pub(super) public: bool,
}

pub(super) fn use_declaration(cursor: &mut Cursor<'_>, public: bool, uses: &mut Vec<Use>) {
    cursor.at += 1;
    let external = cursor.peek(0) == Some(&Token::PathSeparator);
    let from = uses.len();
    use_tree(cursor, &[], public, uses);
    if external {
        uses.truncate(from);
    }
    while cursor.peek(0).is_some_and(|token| !token.is(';')) {
        cursor.at += 1;
    }
}

fn use_tree(cursor: &mut Cursor<'_>, prefix: &[String], public: bool, uses: &mut Vec<Use>) {
    let mut path = prefix.to_vec();
    loop {
        if cursor.peek(0) == Some(&Token::PathSeparator) {
            cursor.at += 1;
        } else if let Some(word) = cursor.word(0) {
            if word != "self" || path.is_empty() {
                path.push(word.to_owned());
            }
            cursor.at += 1;
            if cursor.word(0) == Some("as") {
                let name = cursor.word(1).unwrap_or_default().to_owned();
                cursor.at += 2;
                return uses.push(Use { path, name, public });
            }
            if cursor.peek(0) != Some(&Token::PathSeparator) {
                let name = path.last().cloned().unwrap_or_default();
                return uses.push(Use { path, name, public });
            }
        } else if cursor.is(0, '*') {
            cursor.at += 1;
            return uses.push(Use { path, name: "*".to_owned(), public });
        } else if cursor.is(0, '{') {
            cursor.at += 1;
            while cursor.peek(0).is_some_and(|token| !token.is('}')) {
                let before = cursor.at;
                use_tree(cursor, &path, public, uses);
                if cursor.is(0, ',') || cursor.at == before {
                    cursor.at += 1;
                }
            }
            cursor.at += 1;
            return;
        } else {
            return;
        }
    }
}
