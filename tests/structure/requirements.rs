//! `docs/requirements.md` and the sources agree: each id that is cited is explained there, each id
//! there is cited by a test, unless it is marked as planned.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{self, Source};

const PAGE: &str = "docs/requirements.md";

/// How much of a requirement is built.
#[derive(Debug, PartialEq, Eq)]
enum Mark {
    Built,
    PartlyPlanned,
    Planned,
}

/// The page: requirement ids with their marks, and the names of traps.
struct Page {
    requirements: BTreeMap<String, Mark>,
    traps: BTreeSet<String>,
    /// The first halves of the ids, such as `PIPE`.
    topics: BTreeSet<String>,
}

impl Page {
    fn read() -> Self {
        let page = Self::parse(&sources::read(PAGE));
        assert!(page.requirements.len() > 50 && page.traps.len() > 10, "{PAGE} has lost its form");
        page
    }

    /// An entry begins with `- **ID**`; a mark follows in brackets.
    fn parse(text: &str) -> Self {
        let (mut requirements, mut traps) = (BTreeMap::new(), BTreeSet::new());
        for line in text.lines() {
            let Some((id, rest)) = line.strip_prefix("- **").and_then(|l| l.split_once("**"))
            else {
                continue;
            };
            if id.starts_with("trap_") {
                assert!(traps.insert(id.to_owned()), "{PAGE} explains {id} twice");
                continue;
            }
            let mark = match rest.trim_start() {
                rest if rest.starts_with("(planned)") => Mark::Planned,
                rest if rest.starts_with("(partly planned: ") => Mark::PartlyPlanned,
                rest => {
                    assert!(!rest.starts_with('('), "{PAGE}: {id} has an unknown mark");
                    Mark::Built
                }
            };
            let twice = requirements.insert(id.to_owned(), mark);
            assert!(twice.is_none(), "{PAGE} explains {id} twice");
        }
        let topic = |id: &String| id.split_once('-').map(|(topic, _)| topic.to_owned());
        let topics = requirements.keys().filter_map(topic).collect();
        Self { requirements, traps, topics }
    }

    /// The ids in a text, such as `PIPE-3`.
    fn ids_in(&self, text: &str) -> BTreeSet<String> {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        let words = text.split(|letter| !is_part(letter));
        let is_id = |word: &&str| {
            let Some((topic, number)) = word.split_once('-') else { return false };
            self.topics.contains(topic) && is_number(number)
        };
        words.filter(is_id).map(str::to_owned).collect()
    }

    /// What the names of a source's functions begin with: `pipe_3_trap_openai_1_invariant_1_…`.
    fn names_in(&self, source: &str) -> Cited {
        let mut cited = Cited::default();
        for name in source.split("fn ").skip(1) {
            let end = name.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            let parts: Vec<&str> = name[..end.unwrap_or(name.len())].split('_').collect();
            self.read_name(&parts, &mut cited);
        }
        cited
    }

    fn read_name(&self, parts: &[&str], cited: &mut Cited) {
        let rest = match parts {
            ["invariant", number, rest @ ..] if is_number(number) => {
                cited.invariants.insert(format!("invariant_{number}"));
                rest
            }
            ["trap", whose, number, rest @ ..] if is_number(number) => {
                cited.traps.insert(format!("trap_{whose}_{number}"));
                rest
            }
            [topic, number, rest @ ..] if is_number(number) => {
                let topic = topic.to_ascii_uppercase();
                if !self.topics.contains(&topic) {
                    return;
                }
                cited.requirements.insert(format!("{topic}-{number}"));
                rest
            }
            _ => return,
        };
        self.read_name(rest, cited);
    }

    /// What the tests of a file cite: in names, in comments, in the head of a scenario.
    fn cited_by_tests_of(&self, source: &Source) -> BTreeSet<String> {
        let code = source.test_code();
        let mut ids = self.ids_in(code);
        ids.extend(self.names_in(code).requirements);
        ids
    }

    fn cited_by_tests(&self) -> BTreeSet<String> {
        sources::all().iter().flat_map(|source| self.cited_by_tests_of(source)).collect()
    }
}

#[derive(Default)]
struct Cited {
    requirements: BTreeSet<String>,
    traps: BTreeSet<String>,
    invariants: BTreeSet<String>,
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `invariant_N` for each item of the numbered list under "Invariants" in ARCHITECTURE.md.
fn invariants() -> BTreeSet<String> {
    let architecture = sources::read("ARCHITECTURE.md");
    let sections = architecture.split("\n## ");
    let list = sections.filter(|section| section.lines().next().unwrap().ends_with("Invariants"));
    let number = |line: &str| line.split_once(". ").map(|(number, _)| number.trim().to_owned());
    list.flat_map(str::lines)
        .filter_map(number)
        .filter(|number| is_number(number))
        .map(|number| format!("invariant_{number}"))
        .collect()
}

#[test]
fn every_requirement_that_is_cited_is_explained() {
    let page = Page::read();
    let mut unknown = Vec::new();
    for source in sources::all().iter().filter(|source| source.path != PAGE) {
        if source.path.starts_with("tests/structure/") {
            continue;
        }
        let mut cited = page.ids_in(&source.text);
        if source.is_rust() {
            cited.extend(page.names_in(&source.text).requirements);
        }
        let missing = cited.into_iter().filter(|id| !page.requirements.contains_key(id));
        unknown.extend(missing.map(|id| format!("{}: {id}", source.path)));
    }
    assert!(unknown.is_empty(), "not in {PAGE}:\n{}", unknown.join("\n"));
}

#[test]
fn every_requirement_is_cited_by_a_test_or_marked_as_planned() {
    let page = Page::read();
    let cited = page.cited_by_tests();
    let built = page.requirements.iter().filter(|(_, mark)| **mark != Mark::Planned);
    let untested: Vec<_> = built.filter(|(id, _)| !cited.contains(*id)).collect();
    assert!(untested.is_empty(), "cited by no test, and not marked (planned): {untested:?}");
}

#[test]
fn no_requirement_that_a_test_cites_is_marked_as_planned() {
    let page = Page::read();
    let is_planned = |id: &String| page.requirements.get(id) == Some(&Mark::Planned);
    let mut wrong = Vec::new();
    for source in sources::all() {
        let cited = page.cited_by_tests_of(source);
        wrong.extend(cited.into_iter().filter(is_planned).map(|id| (id, source.path.clone())));
    }
    assert!(wrong.is_empty(), "marked (planned) in {PAGE}, and cited by tests: {wrong:?}");
}

#[test]
fn every_trap_and_invariant_that_a_test_names_is_explained() {
    let (page, invariants) = (Page::read(), invariants());
    let mut unknown = Vec::new();
    let mut named = BTreeSet::new();
    for source in sources::all().iter().filter(|source| source.is_rust()) {
        let cited = page.names_in(source.test_code());
        let traps = cited.traps.difference(&page.traps);
        let numbers = cited.invariants.difference(&invariants);
        unknown.extend(traps.chain(numbers).map(|name| format!("{}: {name}", source.path)));
        named.extend(cited.traps.clone());
    }
    assert!(unknown.is_empty(), "not explained:\n{}", unknown.join("\n"));
    let untested: Vec<_> = page.traps.difference(&named).collect();
    assert!(untested.is_empty(), "explained in {PAGE}, and named by no test: {untested:?}");
}

#[test]
fn ids_and_marks_are_read_where_they_stand() {
    let page = Page::parse(
        "- **PIPE-3** One.\n- **CAL-6** (planned) Two.\n- **RES-4** (partly planned: it) Three.\n\
         - **trap_openai_1** Four.\n- `(planned)`: no entry\n",
    );
    assert_eq!(page.requirements["PIPE-3"], Mark::Built);
    assert_eq!(page.requirements["CAL-6"], Mark::Planned);
    assert_eq!(page.requirements["RES-4"], Mark::PartlyPlanned);
    let ids = page.ids_in("(PIPE-3) RES-4, UTF-8 LOCAL-1 PIPE-x A-PIPE-3 CAL-61.");
    assert_eq!(Vec::from_iter(&ids), ["CAL-61", "PIPE-3", "RES-4"]);
    let cited = page.names_in(
        "async fn pipe_3_res_4_trap_openai_1_invariant_2_of_7_it_works() {} fn cal_x() {}
         fn after_cal_6_nothing() {}",
    );
    assert_eq!(Vec::from_iter(&cited.requirements), ["PIPE-3", "RES-4"]);
    assert_eq!(Vec::from_iter(&cited.traps), ["trap_openai_1"]);
    assert_eq!(Vec::from_iter(&cited.invariants), ["invariant_2"]);
}
