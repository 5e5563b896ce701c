//! Users of the console, their sessions, and the audit log.

mod limits;
mod sign_ins;

use entities::audit::{self, About, Author, EntryFilter, NewEntry};
use entities::sessions::{self, IDLE_LIMIT, LIMIT, NewSession};
use entities::users::{
    self, NewLink, UserError, UserRecord, UserRole, add, by_link, find_by_name, give_link, remove,
    set_access, set_password, set_password_by_link,
};
use entities::{Database, RecordsError};
use jiff::{SignedDuration, Timestamp};
use protocol::ids::BusinessId;
use uuid::Uuid;

use crate::support::{new_id, noon, on_each, two_businesses};

fn entry(action: &'static str, business: Option<BusinessId>, at: Timestamp) -> NewEntry {
    NewEntry {
        id: new_id(),
        at,
        by: Author {
            user: Some(Uuid::from_u128(1)),
            name: "Dana".to_owned(),
            address: Some("192.0.2.7".to_owned()),
        },
        action,
        business,
        object: Some("100% נועם".to_owned()),
        detail: Some(serde_json::json!({ "role": "viewer" })),
        about: About::default(),
    }
}

async fn user(db: &Database, name: &str, role: UserRole, sees: &[BusinessId]) -> Uuid {
    let id = new_id();
    let record = UserRecord {
        id,
        name: name.to_owned(),
        role,
        businesses: sees.to_vec(),
        has_password: true,
        created_at: noon(),
        signed_in_at: None,
    };
    add(db, record, Some("$phc$".to_owned()), entry("user.add", None, noon())).await.unwrap();
    id
}

async fn signed_in(db: &Database, user: Uuid, hash: &str) {
    let (hash, csrf) = (hash.to_owned(), "form".to_owned());
    let session = NewSession { hash, user, csrf, now: noon() };
    sessions::begin(db, session, entry("sign_in", None, noon())).await.unwrap();
}

async fn actions(db: &Database, filter: EntryFilter) -> Vec<String> {
    let page = audit::list(db, filter, None, 50).await.unwrap();
    page.items.into_iter().map(|entry| entry.action).collect()
}

#[tokio::test]
async fn con_2_a_name_is_one_user_whatever_its_case() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let dana = user(db, " Dana ", UserRole::Business, &[locks]).await;
        let (found, password) = find_by_name(db, "DANA").await.unwrap().unwrap();
        assert_eq!((found.id, found.name.as_str()), (dana, "Dana"));
        assert_eq!(password.as_deref(), Some("$phc$"));
        assert!(found.sees(locks) && !found.sees(clinic));
        let again = UserRecord { id: new_id(), name: "dana".to_owned(), ..found };
        let again = add(db, again, None, entry("user.add", None, noon())).await;
        assert!(matches!(again, Err(UserError::NameTaken)), "{again:?}");
        assert_eq!(actions(db, EntryFilter::default()).await, ["user.add"], "not done, not noted");
        let unknown = UserRecord {
            id: new_id(),
            name: "ori".to_owned(),
            role: UserRole::Viewer,
            businesses: vec![BusinessId(new_id())],
            has_password: false,
            created_at: noon(),
            signed_in_at: None,
        };
        let refused = add(db, unknown, None, entry("user.add", None, noon())).await;
        assert!(matches!(refused, Err(UserError::Records(RecordsError::NotFound))), "{refused:?}");
        assert_eq!(users::list(db).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn con_2_the_last_admin_stays() {
    on_each(async |db| {
        let dana = user(db, "dana", UserRole::Admin, &[]).await;
        for refused in [
            remove(db, dana, entry("user.remove", None, noon())).await,
            set_access(db, dana, UserRole::Viewer, Vec::new(), entry("user.edit", None, noon()))
                .await,
        ] {
            assert!(matches!(refused, Err(UserError::LastAdmin)), "{refused:?}");
        }
        let noam = user(db, "noam", UserRole::Admin, &[]).await;
        remove(db, dana, entry("user.remove", None, noon())).await.unwrap();
        let again = remove(db, dana, entry("user.remove", None, noon())).await;
        assert!(matches!(again, Err(UserError::Unknown)), "{again:?}");
        let left: Vec<_> = users::list(db).await.unwrap().iter().map(|user| user.id).collect();
        assert_eq!(left, [noam]);
        assert_eq!(
            actions(db, EntryFilter::default()).await,
            ["user.remove", "user.add", "user.add"]
        );
    })
    .await;
}

#[tokio::test]
async fn con_2_a_session_ends_by_itself_by_a_new_password_and_with_its_user() {
    on_each(async |db| {
        let [locks, _] = two_businesses(db).await;
        user(db, "root", UserRole::Admin, &[]).await;
        let dana = user(db, "dana", UserRole::Business, &[locks]).await;
        signed_in(db, dana, "aa").await;
        let session = sessions::find(db, "aa", noon()).await.unwrap().unwrap();
        assert_eq!((session.user.id, session.csrf.as_str()), (dana, "form"));
        assert_eq!(session.user.signed_in_at, Some(noon()));
        assert_eq!(sessions::find(db, "ab", noon()).await.unwrap(), None);

        let idle = noon() + IDLE_LIMIT;
        assert_eq!(sessions::find(db, "aa", idle).await.unwrap(), None);
        let mut now = noon();
        while now < noon() + LIMIT - SignedDuration::from_hours(48) {
            now += SignedDuration::from_hours(48);
            sessions::touch(db, "aa", &session, now).await.unwrap();
            assert!(sessions::find(db, "aa", now).await.unwrap().is_some(), "{now}");
        }
        assert_eq!(sessions::find(db, "aa", noon() + LIMIT).await.unwrap(), None);
        assert_eq!(sessions::delete_old(db, noon()).await.unwrap(), 0);
        assert_eq!(sessions::delete_old(db, noon() + LIMIT).await.unwrap(), 1);

        for hash in ["ba", "bb"] {
            signed_in(db, dana, hash).await;
        }
        sessions::end(db, "ba", entry("sign_out", None, noon())).await.unwrap();
        assert_eq!(sessions::find(db, "ba", noon()).await.unwrap(), None);
        set_password(db, dana, "$new$".to_owned(), entry("user.password", None, noon()))
            .await
            .unwrap();
        assert_eq!(sessions::find(db, "bb", noon()).await.unwrap(), None);
        let (_, password) = find_by_name(db, "dana").await.unwrap().unwrap();
        assert_eq!(password.as_deref(), Some("$new$"));

        signed_in(db, dana, "ca").await;
        remove(db, dana, entry("user.remove", None, noon())).await.unwrap();
        assert_eq!(sessions::find(db, "ca", noon()).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn con_2_the_oldest_session_ends_when_a_user_has_too_many() {
    on_each(async |db| {
        let root = user(db, "root", UserRole::Admin, &[]).await;
        for number in 0..25 {
            let now = noon() + SignedDuration::from_secs(number);
            let (hash, csrf) = (format!("{number:02}"), String::new());
            let session = NewSession { hash, user: root, csrf, now };
            sessions::begin(db, session, entry("sign_in", None, now)).await.unwrap();
        }
        let mut left = Vec::new();
        for number in 0..25 {
            if sessions::find(db, &format!("{number:02}"), noon()).await.unwrap().is_some() {
                left.push(number);
            }
        }
        assert_eq!(left, (5..25).collect::<Vec<_>>());
        assert_eq!(sessions::end_of_user(db, root).await.unwrap(), 20);
    })
    .await;
}

#[tokio::test]
async fn con_2_a_one_time_link_sets_a_password_once() {
    on_each(async |db| {
        let dana = user(db, "dana", UserRole::Admin, &[]).await;
        let link = |hash: &str| NewLink {
            hash: hash.to_owned(),
            user: dana,
            expires_at: noon() + SignedDuration::from_hours(1),
        };
        let told = || entry("user.link", None, noon());
        give_link(db, link("old"), told()).await.unwrap();
        give_link(db, link("new"), told()).await.unwrap();
        assert_eq!(by_link(db, "old", noon()).await.unwrap(), None, "the newest holds");
        assert_eq!(by_link(db, "new", noon()).await.unwrap().unwrap().id, dana);
        let late = noon() + SignedDuration::from_hours(1);
        assert_eq!(by_link(db, "new", late).await.unwrap(), None);
        signed_in(db, dana, "aa").await;
        let set = async |at| {
            set_password_by_link(db, "new", "$linked$".to_owned(), entry("user.password", None, at))
                .await
        };
        assert!(matches!(set(late).await, Err(UserError::Unknown)));
        set(noon()).await.unwrap();
        assert!(matches!(set(noon()).await, Err(UserError::Unknown)), "once");
        assert_eq!(sessions::find(db, "aa", noon()).await.unwrap(), None);
        let (_, password) = find_by_name(db, "dana").await.unwrap().unwrap();
        assert_eq!(password.as_deref(), Some("$linked$"));
        let nobody = NewLink { user: new_id(), ..link("x") };
        assert!(matches!(give_link(db, nobody, told()).await, Err(UserError::Unknown)));
    })
    .await;
}

#[tokio::test]
async fn con_2_the_audit_log_is_listed_by_pages_and_searched() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        for (action, business) in
            [("settings.publish", Some(locks)), ("lead.edit", Some(clinic)), ("user.add", None)]
        {
            audit::write(db, entry(action, business, noon())).await.unwrap();
        }
        let all = ["user.add", "lead.edit", "settings.publish"];
        assert_eq!(actions(db, EntryFilter::default()).await, all);
        let first = audit::list(db, EntryFilter::default(), None, 2).await.unwrap();
        assert_eq!(first.items.len(), 2);
        assert_eq!(first.items[0].by.name, "Dana");
        assert_eq!(first.items[0].object.as_deref(), Some("100% נועם"));
        let second = audit::list(db, EntryFilter::default(), first.next, 2).await.unwrap();
        assert_eq!((second.items[0].action.as_str(), second.next), (all[2], None));

        let of = EntryFilter { business: Some(clinic), ..EntryFilter::default() };
        assert_eq!(actions(db, of).await, ["lead.edit"]);
        let since = EntryFilter {
            since: Some(noon() + SignedDuration::from_secs(1)),
            ..EntryFilter::default()
        };
        assert_eq!(actions(db, since).await, [""; 0]);
        for (search, found) in [
            ("dana PUBLISH", 1),
            ("נועם", 3),
            ("192.0.2", 3),
            ("100%", 3),
            ("1%0", 0),
            ("CLINIC", 1),
            ("תל אביב", 2),
            ("nobody", 0),
        ] {
            let search = Some(search.to_owned());
            let by = actions(db, EntryFilter { search, ..EntryFilter::default() }).await;
            assert_eq!(by.len(), found, "{by:?}");
        }
        let years = SignedDuration::from_hours(3 * 365 * 24);
        assert_eq!(audit::delete_old(db, noon(), 9).await.unwrap(), 0);
        assert_eq!(audit::delete_old(db, noon() + years, 9).await.unwrap(), 3);
    })
    .await;
}
