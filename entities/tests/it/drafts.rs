//! Versions of settings, and drafts of the next one.

use entities::audit::{About, Author, NewEntry};
use entities::businesses::{ImportBusiness, ImportError, Publication, import, publish, remove};
use entities::drafts::{self, NewDraft};
use entities::{RecordsError, settings_versions};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{file, new_id, noon, on_each, two_businesses};

fn entry(at: Timestamp) -> NewEntry {
    NewEntry {
        id: new_id(),
        at,
        by: Author { user: None, name: "noam".to_owned(), address: None },
        action: "settings.save",
        business: None,
        object: None,
        detail: None,
        about: About::default(),
    }
}

fn draft(settings: Value, made_from: Option<i64>) -> NewDraft {
    NewDraft { base: 1, settings, made_from, by: "noam".to_owned(), now: noon() }
}

fn with(settings: Value) -> ImportBusiness {
    ImportBusiness { settings, ..file("locks", "+97231111111") }
}

#[tokio::test]
async fn con_3_each_import_that_changes_something_is_a_version() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let same = import(db, file("locks", "+97231111111"), noon()).await.unwrap();
        assert_eq!(same.settings_version, 1);
        for number in 2..=204 {
            let changed = import(db, with(json!({ "number": number })), noon()).await.unwrap();
            assert_eq!(changed.settings_version, number);
        }
        let current = settings_versions::current(db, locks).await.unwrap();
        assert_eq!((current.number, current.published_by.as_str()), (204, "import"));
        assert_eq!(current.settings, json!({ "number": 204 }));
        assert_eq!(settings_versions::get(db, locks, 4).await.unwrap(), None, "too old");
        assert!(settings_versions::get(db, locks, 5).await.unwrap().is_some());
        let page = settings_versions::list(db, locks, None, 2).await.unwrap();
        let numbers: Vec<i32> = page.items.iter().map(|version| version.number).collect();
        assert_eq!((numbers, page.next), (vec![204, 203], Some(203)));
        assert_eq!(settings_versions::current(db, clinic).await.unwrap().number, 1);
    })
    .await;
}

#[tokio::test]
async fn con_3_a_draft_that_somebody_else_has_changed_is_not_overwritten() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let save = async |settings, made_from| {
            drafts::save(db, locks, draft(settings, made_from), entry(noon())).await.unwrap()
        };
        assert!(save(json!(1), None).await);
        assert!(!save(json!(2), None).await, "there is one by now");
        let first = drafts::get(db, locks).await.unwrap().unwrap();
        assert_eq!((first.settings.clone(), first.changed_by.as_str()), (json!(1), "noam"));
        assert!(save(json!(3), Some(first.revision)).await);
        assert!(!save(json!(4), Some(first.revision)).await);
        let second = drafts::get(db, locks).await.unwrap().unwrap();
        assert!(second.revision > first.revision && second.settings == json!(3));
        assert_eq!(drafts::get(db, clinic).await.unwrap(), None);
        assert!(!drafts::discard(db, locks, first.revision, entry(noon())).await.unwrap());
        assert!(!drafts::discard(db, clinic, second.revision, entry(noon())).await.unwrap());
        assert!(drafts::discard(db, locks, second.revision, entry(noon())).await.unwrap());
        assert_eq!(drafts::get(db, locks).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn con_3_a_draft_is_published_once_and_only_as_it_was_seen() {
    on_each(async |db| {
        let [locks, _] = two_businesses(db).await;
        drafts::save(db, locks, draft(json!(1), None), entry(noon())).await.unwrap();
        let seen = drafts::get(db, locks).await.unwrap().unwrap().revision;
        let later = noon() + SignedDuration::from_secs(1);
        let publishes = async |base, draft| {
            let publication = Publication { base, draft, entry: entry(later) };
            publish(db, with(json!(1)), publication, later).await
        };
        for (base, draft) in [(2, seen), (1, seen + 1)] {
            let refused = publishes(base, draft).await;
            assert!(matches!(refused, Err(ImportError::Moved)), "{refused:?}");
        }
        assert_eq!(settings_versions::current(db, locks).await.unwrap().number, 1);
        assert_eq!(publishes(1, seen).await.unwrap().settings_version, 2);
        let current = settings_versions::current(db, locks).await.unwrap();
        assert_eq!((current.published_by.as_str(), current.published_at), ("noam", later));
        let again = publishes(1, seen).await;
        assert!(matches!(again, Err(ImportError::Moved)), "{again:?}");
        assert_eq!(drafts::get(db, locks).await.unwrap(), None);
        // A business that was removed comes back by an import alone.
        drafts::save(db, locks, draft(json!(2), None), entry(noon())).await.unwrap();
        let seen = drafts::get(db, locks).await.unwrap().unwrap().revision;
        remove(db, locks, later).await.unwrap();
        let refused = publishes(2, seen).await;
        assert!(
            matches!(refused, Err(ImportError::Records(RecordsError::NotFound))),
            "{refused:?}"
        );
    })
    .await;
}
