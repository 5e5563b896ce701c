//! Sign-in and sessions.

use std::net::IpAddr;
use std::time::Duration;

use entities::audit::{About, Author, NewEntry};
use entities::sessions::{self, NewSession, SessionRecord};
use entities::users::{self, UserRecord};
use entities::{RecordsError, sign_ins};

use super::{AccountError, Accounts};
use crate::password;
use crate::secret_hash::secret_hash;

/// Why somebody is not signed in.
#[derive(Debug)]
pub enum SignInRefused {
    /// The name or the password is wrong; nobody is told which.
    Wrong,
    /// Too many wrong passwords: the time to wait. The right one is refused, too.
    Wait(Duration),
    Failed(AccountError),
}

impl<E: Into<AccountError>> From<E> for SignInRefused {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Accounts {
    /// Signs somebody in. Returns the secret of their session.
    ///
    /// # Errors
    /// [`SignInRefused`]. Neither the error nor the time that it takes tells whether the user exists.
    pub async fn sign_in(
        &self,
        name: &str,
        password: String,
        address: Option<IpAddr>,
    ) -> Result<String, SignInRefused> {
        let user = self.prove(name, password, address).await?;
        Ok(self.begin_session(&user, address.map(|address| address.to_string())).await?)
    }

    /// Changes the password of somebody who shows the one that they have. Their sessions end.
    ///
    /// # Errors
    /// [`SignInRefused`]; what is wrong with the new password is a [`SignInRefused::Failed`].
    pub async fn change_password(
        &self,
        user: &UserRecord,
        current: String,
        new: String,
        address: Option<IpAddr>,
    ) -> Result<(), SignInRefused> {
        password::check(&new, &user.name).map_err(AccountError::from)?;
        let user = self.prove(&user.name, current, address).await?;
        let address = address.map(|address| address.to_string());
        let by = Author { user: Some(user.id), name: user.name.clone(), address };
        Ok(self.set_password(&user, new, by).await?)
    }

    /// The user with this name and password. A wrong one is counted.
    async fn prove(
        &self,
        name: &str,
        password: String,
        address: Option<IpAddr>,
    ) -> Result<UserRecord, SignInRefused> {
        let (by_name, by_address) = (of_name(name), address.map(of_address));
        let subjects = std::iter::once(by_name.clone()).chain(by_address.clone()).collect();
        let now = self.clock.wall();
        if let Some(until) = sign_ins::begin(&self.db, subjects, now).await? {
            let left = Duration::try_from(until.duration_since(now)).unwrap_or_default();
            return Err(SignInRefused::Wait(left));
        }
        let found = users::find_by_name(&self.db, name).await?;
        let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
        let is_right = self.passwords.is(password, hash).await?;
        let Some(user) = user.filter(|_| is_right) else {
            return Err(SignInRefused::Wrong);
        };
        sign_ins::succeeded(&self.db, by_name, by_address).await?;
        Ok(user)
    }

    /// Begins a session of a user who has shown that it is them. Returns its secret.
    ///
    /// # Errors
    /// [`RecordsError::NotFound`] if the user was removed meanwhile.
    pub async fn begin_session(
        &self,
        user: &UserRecord,
        address: Option<String>,
    ) -> Result<String, RecordsError> {
        let secret = self.chance.next_secret();
        let session = NewSession {
            hash: secret_hash(&secret),
            user: user.id,
            csrf: self.chance.next_secret(),
            now: self.clock.wall(),
        };
        let entry = self.own_entry("sign_in", user, address);
        sessions::begin(&self.db, session, entry).await?;
        Ok(secret)
    }

    /// The session with this secret, if it goes on; it is used by this.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn session(&self, secret: &str) -> Result<Option<SessionRecord>, RecordsError> {
        let (hash, now) = (secret_hash(secret), self.clock.wall());
        let found = sessions::find(&self.db, &hash, now).await?;
        if let Some(session) = &found {
            sessions::touch(&self.db, &hash, session, now).await?;
        }
        Ok(found)
    }

    /// Ends the session with this secret.
    ///
    /// # Errors
    /// [`RecordsError`].
    pub async fn sign_out(
        &self,
        secret: &str,
        user: &UserRecord,
        address: Option<String>,
    ) -> Result<(), RecordsError> {
        let entry = self.own_entry("sign_out", user, address);
        sessions::end(&self.db, &secret_hash(secret), entry).await
    }

    pub(super) async fn forget_failures(&self, name: &str) -> Result<(), RecordsError> {
        sign_ins::forget(&self.db, of_name(name)).await
    }

    fn own_entry(
        &self,
        action: &'static str,
        user: &UserRecord,
        address: Option<String>,
    ) -> NewEntry {
        let at = self.clock.wall();
        let by = Author { user: Some(user.id), name: user.name.clone(), address };
        let (business, object, detail, about) = (None, None, None, About::default());
        NewEntry { id: self.chance.new_id(at), at, by, action, business, object, detail, about }
    }
}

/// What stands for a name among failed sign-ins.
fn of_name(name: &str) -> String {
    secret_hash(&format!("name {}", name.trim().to_lowercase()))
}

/// What stands for an address. Of IPv6 the network counts: a house has as many addresses as it likes.
fn of_address(address: IpAddr) -> String {
    let network = match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    };
    secret_hash(&format!("address {network}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn con_2_a_network_of_ipv6_is_one_address() {
        let of = |text: &str| of_address(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("192.0.2.7"), of("::ffff:192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
        assert_eq!(of_name(" Dana"), of_name("dana"));
    }
}
