//! Reads what a file declares and names: its modules, `use` declarations, definitions and paths.
//! Code under `#[cfg(test)]` is skipped.

use std::collections::BTreeSet;

use super::cursor::Cursor;
use super::tokens::{Token, tokens};
use super::use_tree::{Use, use_declaration};

/// One module as its source declares it. A file is a module, and may contain inline ones.
#[derive(Debug, Default)]
pub(super) struct Module {
    pub(super) name: String,
    /// Children in files of their own.
    pub(super) files: Vec<String>,
    pub(super) inline: Vec<Module>,
    pub(super) uses: Vec<Use>,
    /// The names of the module's own items.
    pub(super) items: BTreeSet<String>,
    /// Paths of two segments or more.
    pub(super) paths: Vec<Vec<String>>,
    /// Single words that may name an imported item.
    pub(super) words: BTreeSet<String>,
}

pub(super) fn read(name: &str, source: &str) -> Module {
    let tokens = tokens(source);
    let mut reader = Reader { cursor: Cursor::new(&tokens), with_tests: false };
    reader.module(name)
}

/// All paths that a file names, in `use` declarations and elsewhere; test code included.
pub(super) fn paths(source: &str) -> Vec<Vec<String>> {
    let tokens = tokens(source);
    let mut reader = Reader { cursor: Cursor::new(&tokens), with_tests: true };
    let module = reader.module("");
    let mut modules = vec![module];
    let mut paths = Vec::new();
    while let Some(module) = modules.pop() {
        paths.extend(module.uses.into_iter().map(|used| used.path));
        paths.extend(module.paths);
        modules.extend(module.inline);
    }
    paths
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    with_tests: bool,
}

impl Reader<'_> {
    /// Reads up to the brace that closes the module, or to the end of the file.
    fn module(&mut self, name: &str) -> Module {
        let mut module = Module { name: name.to_owned(), ..Module::default() };
        let (mut depth, mut public) = (0_usize, false);
        while let Some(token) = self.cursor.peek(0) {
            match token {
                Token::Symbol('#') => self.attribute(),
                Token::Symbol('{') => {
                    depth += 1;
                    self.cursor.at += 1;
                }
                Token::Symbol('}') if depth == 0 => break,
                Token::Symbol('}') => {
                    depth -= 1;
                    self.cursor.at += 1;
                }
                Token::Word(word) => match word.as_str() {
                    "pub" => {
                        self.visibility();
                        public = true;
                        continue;
                    }
                    // Not the `use<'a>` of a type.
                    "use" if !self.cursor.is(1, '<') => {
                        use_declaration(&mut self.cursor, public, &mut module.uses)
                    }
                    "mod" => self.child(&mut module),
                    "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union" => {
                        self.definition(depth, &mut module.items);
                    }
                    _ => self.path(&mut module),
                },
                Token::PathSeparator => self.external_path(),
                Token::Symbol(_) => self.cursor.at += 1,
            }
            public = false;
        }
        module
    }

    /// Skips `pub`, `pub(super)` and `pub(in …)`.
    fn visibility(&mut self) {
        self.cursor.at += 1;
        if self.cursor.is(0, '(')
            && matches!(self.cursor.word(1), Some("crate" | "super" | "self" | "in"))
        {
            self.cursor.group();
        }
    }

    /// Skips an attribute; after `#[cfg(test)]` also what it applies to.
    fn attribute(&mut self) {
        let start = self.cursor.at;
        self.cursor.at += if self.cursor.is(1, '!') { 2 } else { 1 };
        if !self.cursor.is(0, '[') {
            return;
        }
        self.cursor.group();
        let words: Vec<_> =
            self.cursor.tokens[start..self.cursor.at].iter().filter_map(Token::word).collect();
        let is_test_code =
            words.first() == Some(&"cfg") && words.contains(&"test") && !words.contains(&"not");
        if is_test_code && !self.with_tests {
            self.skip_item();
        }
    }

    /// Skips an item with its other attributes, or a field, variant, arm or statement.
    fn skip_item(&mut self) {
        while self.cursor.is(0, '#') {
            self.attribute();
        }
        if self.cursor.word(0) == Some("pub") {
            self.visibility();
        }
        let is_item = matches!(
            self.cursor.word(0),
            Some(
                "async"
                    | "const"
                    | "enum"
                    | "extern"
                    | "fn"
                    | "impl"
                    | "mod"
                    | "static"
                    | "struct"
                    | "trait"
                    | "type"
                    | "unsafe"
                    | "use"
            )
        );
        let is_use = self.cursor.word(0) == Some("use");
        while let Some(token) = self.cursor.peek(0) {
            match token {
                Token::Symbol('(' | '[') => self.cursor.group(),
                Token::Symbol('{') => {
                    self.cursor.group();
                    if !is_use {
                        return;
                    }
                }
                Token::Symbol('}') => return,
                Token::Symbol(';') => return self.cursor.at += 1,
                Token::Symbol(',') if !is_item => return self.cursor.at += 1,
                Token::Symbol(_) | Token::Word(_) | Token::PathSeparator => self.cursor.at += 1,
            }
        }
    }

    fn child(&mut self, module: &mut Module) {
        let name = self.cursor.word(1).unwrap_or_default().to_owned();
        self.cursor.at += 3;
        let before = self.cursor.tokens.get(self.cursor.at - 1);
        match before {
            Some(Token::Symbol(';')) => module.files.push(name),
            Some(Token::Symbol('{')) => {
                module.inline.push(self.module(&name));
                self.cursor.at += 1;
            }
            Some(Token::Symbol(_) | Token::Word(_) | Token::PathSeparator) | None => {}
        }
    }

    fn definition(&mut self, depth: usize, items: &mut BTreeSet<String>) {
        if depth == 0
            && let Some(name) = self.cursor.word(1)
            && !matches!(name, "fn" | "unsafe" | "async" | "extern")
        {
            items.insert(name.to_owned());
            self.cursor.at += 1;
        }
        self.cursor.at += 1;
    }

    /// A path that begins with `::`, or that continues `<T as Trait>`: neither starts in our crate.
    fn external_path(&mut self) {
        while self.cursor.peek(0) == Some(&Token::PathSeparator) && self.cursor.word(1).is_some() {
            self.cursor.at += 2;
        }
        if self.cursor.peek(0) == Some(&Token::PathSeparator) {
            self.cursor.at += 1;
        }
    }

    fn path(&mut self, module: &mut Module) {
        let start = self.cursor.at;
        let mut path = vec![self.cursor.word(0).unwrap_or_default().to_owned()];
        self.cursor.at += 1;
        while self.cursor.peek(0) == Some(&Token::PathSeparator)
            && let Some(next) = self.cursor.word(1)
        {
            path.push(next.to_owned());
            self.cursor.at += 2;
        }
        let before = start.checked_sub(1).and_then(|before| self.cursor.tokens.get(before));
        if before.is_some_and(|token| token.is('.')) {
            return;
        }
        if path.len() > 1 {
            module.paths.push(path);
        } else if let [word] = path.as_slice() {
            let named = word.starts_with(char::is_uppercase);
            let used = self.cursor.is(0, '(')
                || self.cursor.is(0, '!')
                || self.cursor.peek(0) == Some(&Token::PathSeparator);
            if named || used {
                module.words.insert(word.clone());
            }
        }
    }
}
