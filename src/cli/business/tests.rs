//! Import, export and list against a database on disk.

use super::*;
use crate::cli::tests::{OnDisk, example};

async fn said(on_disk: &OnDisk, command: Command) -> Result<String, CliError> {
    let mut out = Vec::new();
    run(command, &on_disk.config(), &Platform::live(), &mut out).await?;
    Ok(String::from_utf8(out).unwrap())
}

fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

async fn import_text(on_disk: &OnDisk, text: &str) -> Result<String, CliError> {
    said(on_disk, Command::Import { file: on_disk.file("business.toml", text) }).await
}

#[tokio::test]
async fn ops_5_a_business_is_made_and_then_updated_and_only_a_new_text_is_a_new_prompt() {
    let on_disk = OnDisk::default();
    let text = std::fs::read_to_string(example("tel-aviv-locks")).unwrap();
    let made = import_text(&on_disk, &text).await.unwrap();
    assert_eq!(made, "created tel-aviv-locks, prompt version 1\n");
    let same = import_text(&on_disk, &text.replace("retention", "# retention")).await.unwrap();
    assert_eq!(same, "updated tel-aviv-locks, prompt version 1\n");
    let changed = text.replacen("prompt = \"\"\"\n", "prompt = \"\"\"\nשלום.\n", 1);
    assert_ne!(changed, text);
    let updated = import_text(&on_disk, &changed).await.unwrap();
    assert_eq!(updated, "updated tel-aviv-locks, prompt version 2\n");
}

#[tokio::test]
async fn ops_5_a_copy_of_the_file_has_what_was_imported() {
    let (on_disk, copy) = (OnDisk::default(), OnDisk::default());
    said(&on_disk, Command::Import { file: example("tel-aviv-locks") }).await.unwrap();
    let path = |of: &OnDisk| {
        let url = of.config().database.url.expose().to_owned();
        let path = url.strip_prefix("sqlite://").unwrap();
        path.split('?').next().unwrap().to_owned()
    };
    std::fs::copy(path(&on_disk), path(&copy)).unwrap();
    let list = said(&copy, Command::List { format: Format::default() }).await.unwrap();
    assert!(list.contains("tel-aviv-locks"), "{list}");
}

#[tokio::test]
async fn ops_5_an_exported_business_can_be_imported_unchanged() {
    for name in ["tel-aviv-locks", "harbour-clinic"] {
        let on_disk = OnDisk::default();
        said(&on_disk, Command::Import { file: example(name) }).await.unwrap();
        let exported = said(&on_disk, Command::Export { slug: slug(name) }).await.unwrap();
        let again = business_file::parse(Path::new("exported.toml"), &exported).unwrap();
        assert_eq!(again, business_file::read(&example(name)).unwrap().settings);
        let imported = import_text(&on_disk, &exported).await.unwrap();
        assert_eq!(imported, format!("updated {name}, prompt version 1\n"));
    }
}

#[tokio::test]
async fn ops_5_a_list_has_a_line_for_each_business() {
    let on_disk = OnDisk::default();
    let missing =
        said(&on_disk, Command::List { format: Format::default() }).await.unwrap_err().to_string();
    assert!(missing.contains("no database file") && missing.contains("business import"));
    let up = ::migration::cli::Command::Up { steps: None };
    crate::cli::migrate::run(up, &on_disk.config(), &mut Vec::new()).await.unwrap();
    let empty = said(&on_disk, Command::List { format: Format::default() }).await.unwrap();
    assert!(empty.contains("business import"));
    for name in ["tel-aviv-locks", "harbour-clinic"] {
        said(&on_disk, Command::Import { file: example(name) }).await.unwrap();
    }
    let list = said(&on_disk, Command::List { format: Format::default() }).await.unwrap();
    let first_words: Vec<_> =
        list.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(first_words, ["SLUG", "harbour-clinic", "tel-aviv-locks"]);
    assert!(list.contains("+97231234567") && list.ends_with("מנעולי תל אביב\n"));
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
}

#[tokio::test]
async fn a_number_of_another_business_is_refused_by_name_and_nothing_is_stored() {
    let on_disk = OnDisk::default();
    said(&on_disk, Command::Import { file: example("tel-aviv-locks") }).await.unwrap();
    let thief = "slug = \"thief\"\nname = \"T\"\nphone_numbers = [\"+97231234567\"]\n";
    let refused = import_text(&on_disk, thief).await.unwrap_err();
    assert!(refused.to_string().contains("tel-aviv-locks"), "{refused}");
    let export = said(&on_disk, Command::Export { slug: slug("thief") }).await.unwrap_err();
    assert!(export.to_string().contains("business list"));
}

#[tokio::test]
async fn an_error_in_a_file_names_its_place() {
    let on_disk = OnDisk::default();
    let wrong = "slug = \"a\"\nname = \"A\"\nphone_number = [\"+97231234567\"]\n";
    let refused = import_text(&on_disk, wrong).await.unwrap_err();
    assert!(refused.to_string().contains("business.toml:3:1"), "{refused}");
}

#[tokio::test]
async fn ops_14_a_folder_of_files_is_imported_but_for_those_that_are_wrong() {
    let on_disk = OnDisk::default();
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put("a.toml", "slug = \"a\"\nname = \"A\"\nphone_numbers = [\"+97231234567\"]\n");
    put("b.toml", "slug = \"b\"\nname = \"B\"\n");
    put("c.toml", "slug = \"c\"\nname = \"C\"\nphone_numbers = [\"+97231234568\"]\n");
    put("notes.txt", "not a business");
    let mut out = Vec::new();
    let import = Command::Import { file: folder.path().to_owned() };
    let exit = run(import, &on_disk.config(), &Platform::live(), &mut out).await.unwrap();
    let said = String::from_utf8(out).unwrap();
    assert_eq!(exit, Exit::Failed);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        (lines[0], lines[2]),
        ("created a, prompt version 1", "created c, prompt version 1")
    );
    assert!(lines[1].starts_with("error: ") && lines[1].contains("b.toml"), "{said}");
    let nothing = tempfile::tempdir().unwrap();
    let empty = Command::Import { file: nothing.path().to_owned() };
    let refused = run(empty, &on_disk.config(), &Platform::live(), &mut Vec::new()).await;
    assert!(refused.unwrap_err().to_string().contains("no file whose name ends in .toml"));
}

#[tokio::test]
async fn ops_14_a_business_is_paused_resumed_and_removed_by_commands() {
    let on_disk = OnDisk::default();
    let text = std::fs::read_to_string(example("tel-aviv-locks")).unwrap();
    import_text(&on_disk, &text).await.unwrap();
    let locks = || slug("tel-aviv-locks");
    let pause = || said(&on_disk, Command::Pause { slug: locks() });
    let resume = || said(&on_disk, Command::Resume { slug: locks() });
    let list = || said(&on_disk, Command::List { format: Format::default() });
    assert!(list().await.unwrap().contains(" answering "));
    assert!(pause().await.unwrap().contains("from the next call on"));
    assert!(pause().await.unwrap().contains("was paused already"));
    assert!(list().await.unwrap().contains(" paused "));
    let mut checked = Vec::new();
    crate::cli::check::run(&on_disk.config(), &mut checked).await.unwrap();
    let checked = String::from_utf8(checked).unwrap();
    assert!(checked.contains("tel-aviv-locks is paused"), "{checked}");
    // An import is no reason to answer again.
    import_text(&on_disk, &text).await.unwrap();
    assert!(list().await.unwrap().contains(" paused "));
    assert!(resume().await.unwrap().contains("answers again"));
    assert!(resume().await.unwrap().contains("was not paused"));

    let remove = |yes| said(&on_disk, Command::Remove { slug: locks(), yes });
    let refused = remove(false).await.unwrap_err().to_string();
    assert!(refused.contains("--yes"), "{refused}");
    let told = remove(true).await.unwrap();
    assert!(told.starts_with("removed tel-aviv-locks, with its numbers (1)"), "{told}");
    assert!(told.contains("kept: leads (0)"), "{told}");
    assert!(list().await.unwrap().contains(" removed "));
    for refused in [remove(true).await, pause().await, resume().await] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("`frontdesk business import FILE` brings it back"), "{refused}");
    }
    // Another business can have its number.
    let other = text.replace("tel-aviv-locks", "other").replace("מנעולי תל אביב", "אחר");
    import_text(&on_disk, &other).await.unwrap();
    let unknown = said(&on_disk, Command::Pause { slug: slug("nobody") }).await.unwrap_err();
    assert!(unknown.to_string().contains("business list"), "{unknown}");
}

#[tokio::test]
async fn ops_14_a_file_that_is_refused_makes_no_database() {
    let on_disk = OnDisk::default();
    import_text(&on_disk, "slug = \"a\"\n").await.unwrap_err();
    let missing = said(&on_disk, Command::List { format: Format::default() }).await.unwrap_err();
    assert!(missing.to_string().contains("there is no database file"), "{missing}");
}
