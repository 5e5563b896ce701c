//! Tests of the test: small crates with and without a circle.

use std::collections::BTreeMap;

use super::file_graph::{circles, edges};

/// The circles of a crate, without the folder in front of each name.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let paths: Vec<String> = files.iter().map(|(file, _)| format!("src/{file}")).collect();
    let texts = files.iter().map(|(_, text)| *text);
    let sources: BTreeMap<&str, &str> = paths.iter().map(String::as_str).zip(texts).collect();
    let found = circles(&edges("src/lib.rs", &sources));
    found.into_iter().map(|line| line.replace("src/", "")).collect()
}

#[test]
fn two_files_that_name_each_others_items_are_a_circle() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "pub struct B; fn b() { crate::a::A::new() }"),
    ]);
    assert_eq!(found, ["a.rs -> b.rs: B", "b.rs -> a.rs: new"]);
}

#[test]
fn a_circle_may_have_three_files_and_go_through_renames_and_modules() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use super::b as other; fn a() { other::b() }"),
        ("b.rs", "use crate::{c::{self, C}}; fn b(c: C) { c::c() }"),
        ("c.rs", "use crate::a::{a as first}; fn c() { first() }"),
    ]);
    assert_eq!(found, ["a.rs -> b.rs: b", "b.rs -> c.rs: C, c", "c.rs -> a.rs: a"]);
}

#[test]
fn a_parent_that_calls_a_child_which_uses_its_types_is_a_circle() {
    let found = circles_of(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "mod b; pub(super) struct A; fn a() { b::b(&A) }"),
        ("a/b.rs", "use super::A; pub(super) fn b(_: &A) {}"),
    ]);
    assert_eq!(found, ["a.rs -> a/b.rs: b", "a/b.rs -> a.rs: A"]);
}

#[test]
fn a_parent_that_uses_what_it_re_exports_is_a_circle() {
    let found = circles_of(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "mod b; pub use b::B; pub struct A(B);"),
        ("a/b.rs", "use super::A; pub struct B; type C = A;"),
    ]);
    assert_eq!(found, ["a.rs -> a/b.rs: B", "a/b.rs -> a.rs: A"]);
}

#[test]
fn a_parent_that_only_re_exports_its_children_is_no_part_of_a_circle() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod c; pub use a::{B, b}; pub use c::*;"),
        ("a.rs", "mod b; pub use b::{B, b}; pub(super) struct A;"),
        ("a/b.rs", "use super::A; use crate::C; pub struct B(A, C); pub fn b() {}"),
        ("c.rs", "pub struct C;"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_re_export_leads_to_the_file_that_defines_the_item() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod c; pub use a::*; pub use c::C;"),
        ("a.rs", "mod b; pub use b::B;"),
        ("a/b.rs", "use crate::C; pub struct B(C);"),
        ("c.rs", "pub struct C(crate::B);"),
    ]);
    assert_eq!(found, ["a/b.rs -> c.rs: C", "c.rs -> a/b.rs: B"]);
}

#[test]
fn test_code_comments_strings_and_other_crates_do_not_count() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        (
            "b.rs",
            r#"
            //! crate::a::A
            pub struct B { #[cfg(test)] a: crate::a::A, b: u8 }
            #[cfg(test)] use crate::a::{A, B};
            #[cfg(test)] fn f(a: crate::a::A) -> Result<A, B> { a }
            const TEXT: &str = "crate::a::A";
            use ::a::A as Other; fn g() { ::a::a(); other::a::a() }
            #[cfg(test)] #[allow(unused)] mod tests { use crate::a::A; }
            #[cfg(test)] mod more;
            "#,
        ),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn inline_modules_belong_to_their_file() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "mod inner { use super::super::b::B; pub struct In(B); } pub use inner::In;"),
        ("b.rs", "pub struct B(crate::a::In);"),
    ]);
    assert_eq!(found, ["a.rs -> b.rs: B", "b.rs -> a.rs: In"]);
}
