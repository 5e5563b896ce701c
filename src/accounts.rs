//! Users of the console as commands and pages change them (CON-2): with the same rules, and an entry in the
//! audit log for each change.

mod error;
mod sign_in;

use actors::chance::Chance;
use actors::clock::Clock;
use entities::Database;
use entities::audit::{About, Author, NewEntry};
use entities::users::{self, NewLink, UserError, UserRecord, UserRole};
use jiff::SignedDuration;
use protocol::ids::BusinessId;
use protocol::text;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::password::{self, Passwords};
use crate::secret_hash::secret_hash;

pub use error::AccountError;
pub use sign_in::SignInRefused;

/// The longest name, in characters.
const LONGEST_NAME: usize = 60;
/// How long a one-time link can be used.
const LINK_LIMIT: SignedDuration = SignedDuration::from_hours(24);

/// A user that is to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub name: String,
    pub role: UserRole,
    pub businesses: Vec<BusinessId>,
    /// `None`: they choose one by a link.
    pub password: Option<String>,
}

/// The users of one daemon or command. Clones share the places in which passwords are hashed.
#[derive(Debug, Clone)]
pub struct Accounts {
    db: Database,
    clock: Clock,
    chance: Chance,
    passwords: Passwords,
}

impl Accounts {
    pub fn new(db: Database, clock: Clock, chance: Chance) -> Self {
        Self { db, clock, chance, passwords: Passwords::default() }
    }

    /// Checks name, role and businesses.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn check(new: &NewUser) -> Result<(), AccountError> {
        let name = new.name.trim();
        if name.is_empty() {
            return Err(AccountError::Name("is empty".to_owned()));
        }
        text::check_name(name, LONGEST_NAME)
            .map_err(|flaw| AccountError::Name(flaw.to_string()))?;
        refuse_misfit(new.role, &new.businesses)
    }

    /// Makes a user.
    ///
    /// # Errors
    /// [`AccountError`]: nothing was stored.
    pub async fn add(&self, new: NewUser, by: Author) -> Result<Uuid, AccountError> {
        Self::check(&new)?;
        let name = new.name.trim().to_owned();
        let password = match new.password {
            Some(password) => Some(self.hashed(password, &name).await?),
            None => None,
        };
        let now = self.clock.wall();
        let id = self.chance.new_id(now);
        let detail = json!({ "role": new.role, "businesses": ids(&new.businesses) });
        let entry = self.entry("user.add", by, &name, Some(detail));
        let user = UserRecord {
            id,
            name: name.clone(),
            role: new.role,
            businesses: new.businesses,
            has_password: password.is_some(),
            created_at: now,
            signed_in_at: None,
        };
        let added = users::add(&self.db, user, password, entry).await;
        added.map_err(|error| AccountError::of(&name, error))?;
        Ok(id)
    }

    /// Sets what a user may; nobody does for themselves. Their sessions go on with the new rights.
    ///
    /// # Errors
    /// [`AccountError`]: nothing has changed.
    pub async fn set_access(
        &self,
        user: &UserRecord,
        role: UserRole,
        businesses: Vec<BusinessId>,
        by: Author,
    ) -> Result<(), AccountError> {
        if by.user == Some(user.id) {
            return Err(AccountError::Oneself);
        }
        refuse_misfit(role, &businesses)?;
        let shown = |role: UserRole, businesses: &[BusinessId]| json!({ "role": role, "businesses": ids(businesses) });
        let detail = json!({
            "before": shown(user.role, &user.businesses), "after": shown(role, &businesses),
        });
        let entry = self.entry("user.edit", by, &user.name, Some(detail));
        let set = users::set_access(&self.db, user.id, role, businesses, entry).await;
        set.map_err(|error| AccountError::of(&user.name, error))
    }

    /// Sets a user's password. Their sessions end, and whoever tried too often may try again.
    ///
    /// # Errors
    /// [`AccountError`]: nothing has changed.
    pub async fn set_password(
        &self,
        user: &UserRecord,
        password: String,
        by: Author,
    ) -> Result<(), AccountError> {
        let password = self.hashed(password, &user.name).await?;
        let entry = self.entry("user.password", by, &user.name, None);
        let set = users::set_password(&self.db, user.id, password, entry).await;
        set.map_err(|error| AccountError::of(&user.name, error))?;
        self.forget_failures(&user.name).await?;
        Ok(())
    }

    /// Makes a link by which the user chooses a password, once. Returns its secret.
    ///
    /// # Errors
    /// [`AccountError::Unknown`].
    pub async fn give_link(&self, user: &UserRecord, by: Author) -> Result<String, AccountError> {
        let secret = self.chance.next_secret();
        let expires_at = self.clock.wall() + LINK_LIMIT;
        let link = NewLink { hash: secret_hash(&secret), user: user.id, expires_at };
        let entry = self.entry("user.link", by, &user.name, None);
        let given = users::give_link(&self.db, link, entry).await;
        given.map_err(|error| AccountError::of(&user.name, error))?;
        Ok(secret)
    }

    /// Whose link it is; `None` if it was used, or is too old.
    pub async fn by_link(&self, secret: &str) -> Result<Option<UserRecord>, AccountError> {
        Ok(users::by_link(&self.db, &secret_hash(secret), self.clock.wall()).await?)
    }

    /// Uses a link: its user has this password. Returns them.
    ///
    /// # Errors
    /// [`AccountError::StaleLink`], or what is wrong with the password.
    pub async fn choose_password(
        &self,
        secret: &str,
        password: String,
        address: Option<String>,
    ) -> Result<UserRecord, AccountError> {
        let user = self.by_link(secret).await?.ok_or(AccountError::StaleLink)?;
        let password = self.hashed(password, &user.name).await?;
        let by = Author { user: Some(user.id), name: user.name.clone(), address };
        let entry = self.entry("user.password", by, &user.name, None);
        let set =
            users::set_password_by_link(&self.db, &secret_hash(secret), password, entry).await;
        set.map_err(|error| match error {
            UserError::Unknown => AccountError::StaleLink,
            UserError::NameTaken
            | UserError::LastAdmin
            | UserError::TooMany
            | UserError::Records(_) => AccountError::of(&user.name, error),
        })?;
        self.forget_failures(&user.name).await?;
        Ok(user)
    }

    /// Removes a user, and signs them out.
    ///
    /// # Errors
    /// [`AccountError::LastAdmin`], [`AccountError::Oneself`].
    pub async fn remove(&self, user: &UserRecord, by: Author) -> Result<(), AccountError> {
        if by.user == Some(user.id) {
            return Err(AccountError::Oneself);
        }
        let entry = self.entry("user.remove", by, &user.name, None);
        let removed = users::remove(&self.db, user.id, entry).await;
        removed.map_err(|error| AccountError::of(&user.name, error))
    }

    async fn hashed(&self, password: String, user: &str) -> Result<String, AccountError> {
        password::check(&password, user)?;
        Ok(self.passwords.hash(password, &self.chance).await?)
    }

    /// An entry of the audit log about a user.
    fn entry(
        &self,
        action: &'static str,
        by: Author,
        user: &str,
        detail: Option<Value>,
    ) -> NewEntry {
        let at = self.clock.wall();
        let object = Some(user.to_owned());
        let about = About::default();
        NewEntry {
            id: self.chance.new_id(at),
            at,
            by,
            action,
            business: None,
            object,
            detail,
            about,
        }
    }
}

fn ids(businesses: &[BusinessId]) -> Vec<Uuid> {
    businesses.iter().map(|business| business.0).collect()
}

fn refuse_misfit(role: UserRole, businesses: &[BusinessId]) -> Result<(), AccountError> {
    match (role, businesses) {
        (UserRole::Admin, []) => Ok(()),
        (UserRole::Admin, _) => Err(AccountError::AdminOfOne),
        (UserRole::Business, []) => Err(AccountError::NoBusiness("business")),
        (UserRole::Viewer, []) => Err(AccountError::NoBusiness("viewer")),
        (UserRole::Business | UserRole::Viewer, _) => Ok(()),
    }
}
