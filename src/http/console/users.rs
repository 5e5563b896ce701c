//! Who may sign in (CON-2): administrators make users, give them new passwords and remove them.

use console::assets::ROOT;
use console::error::Problem;
use console::shell::{Place, Role};
use console::users::{UserForm, UserRow, UserWrong, UsersPage};
use entities::businesses::BusinessName;
use entities::users::{self, UserRecord, UserRole};

use super::answer;
use super::form::Form;
use super::refused::{Answer, Refused};
use super::session::role;
use super::sign_in::refused;
use super::visit::Visit;
use crate::accounts::{AccountError, NewUser};

/// The page.
pub(super) async fn show(visit: Visit<'_>) -> Answer {
    let mut page = page(&visit).await?;
    let removing = visit.query.get("remove").and_then(|id| id.parse().ok());
    page.removing = page
        .users
        .iter()
        .find(|user| Some(user.id) == removing && !user.is_self)
        .map(|user| (user.id, user.name.clone()));
    if let Some(id) = visit.query.get("rights") {
        let id = id.parse().map_err(|_| Refused(Problem::NotFound))?;
        let user = users::get(visit.db(), id).await?.ok_or(Refused(Problem::NotFound))?;
        page.form = rights_of(&user, &visit.businesses().await?);
    }
    visit.page(Place::Users, &page).await
}

/// Sets a user's role and businesses.
pub(super) async fn set_rights(visit: Visit<'_>) -> Answer {
    let (user, t) = (user(&visit).await?, visit.texts());
    let businesses = visit.businesses().await?;
    let chosen = chosen(&visit.form, &businesses);
    let wanted = of_word(visit.form.get("role").unwrap_or_default())?;
    let ids = chosen.iter().map(|business| business.id).collect();
    let wrong = match visit.state.accounts.set_access(&user, wanted, ids, visit.author()).await {
        Ok(()) => return Ok(answer::redirect(&format!("{ROOT}/users"))),
        Err(error) => wrong(error)?,
    };
    let mut page = page(&visit).await?;
    let is_of_businesses = matches!(wrong, UserWrong::NoBusiness | UserWrong::AdminOfOne);
    page.form = UserForm {
        role: role(wanted),
        businesses: checkboxes(&businesses, &chosen),
        wrong_businesses: is_of_businesses.then(|| t.say(wrong.key())),
        ..rights_of(&user, &businesses)
    };
    page.refused = (!is_of_businesses).then_some(wrong);
    visit.wrong(Place::Users, &page).await
}

fn rights_of(user: &UserRecord, businesses: &[BusinessName]) -> UserForm {
    let theirs: Vec<_> =
        businesses.iter().filter(|business| user.businesses.contains(&business.id)).collect();
    UserForm {
        name: user.name.clone(),
        role: role(user.role),
        businesses: checkboxes(businesses, &theirs),
        wrong_name: None,
        wrong_businesses: None,
        of: Some(user.id),
    }
}

/// Makes a user. They choose a password by a link, which is shown once.
pub(super) async fn add(visit: Visit<'_>) -> Answer {
    let (form, t) = (&visit.form, visit.texts());
    let businesses = visit.businesses().await?;
    let chosen = chosen(form, &businesses);
    let new = NewUser {
        name: form.get("name").unwrap_or_default().to_owned(),
        role: of_word(form.get("role").unwrap_or_default())?,
        businesses: chosen.iter().map(|business| business.id).collect(),
        password: None,
    };
    let (name, role_wanted) = (new.name.clone(), new.role);
    let made = visit.state.accounts.add(new, visit.author()).await;
    let wrong = match made {
        Ok(id) => {
            let user = users::get(visit.db(), id).await?.ok_or(Refused(Problem::NotFound))?;
            return with_link(&visit, &user).await;
        }
        Err(error) => wrong(error)?,
    };
    let mut page = page(&visit).await?;
    page.form = UserForm {
        name,
        role: role(role_wanted),
        businesses: checkboxes(&businesses, &chosen),
        wrong_name: matches!(wrong, UserWrong::NameTaken | UserWrong::NameWrong)
            .then(|| t.say(wrong.key())),
        wrong_businesses: matches!(wrong, UserWrong::NoBusiness | UserWrong::AdminOfOne)
            .then(|| t.say(wrong.key())),
        of: None,
    };
    page.refused = matches!(wrong, UserWrong::TooMany).then_some(wrong);
    visit.wrong(Place::Users, &page).await
}

/// Gives a user a link for a new password.
pub(super) async fn reset(visit: Visit<'_>) -> Answer {
    let user = user(&visit).await?;
    with_link(&visit, &user).await
}

async fn with_link(visit: &Visit<'_>, user: &UserRecord) -> Answer {
    let secret = visit.state.accounts.give_link(user, visit.author()).await.map_err(refused)?;
    let mut page = page(visit).await?;
    let link = format!("{}{ROOT}/sign-in?link={secret}", visit.origin());
    page.link = Some((user.name.clone(), link));
    visit.page(Place::Users, &page).await
}

/// Removes a user, and signs them out.
pub(super) async fn remove(visit: Visit<'_>) -> Answer {
    let user = user(&visit).await?;
    let wrong = match visit.state.accounts.remove(&user, visit.author()).await {
        Ok(()) => return Ok(answer::redirect(&format!("{ROOT}/users"))),
        Err(error) => wrong(error)?,
    };
    let mut page = page(&visit).await?;
    page.refused = Some(wrong);
    visit.wrong(Place::Users, &page).await
}

async fn user(visit: &Visit<'_>) -> Result<UserRecord, Refused> {
    users::get(visit.db(), visit.id()?).await?.ok_or(Refused(Problem::NotFound))
}

async fn page(visit: &Visit<'_>) -> Result<UsersPage, Refused> {
    let businesses = visit.businesses().await?;
    let row = |user: UserRecord| UserRow {
        is_self: user.id == visit.session.user.id,
        businesses: businesses
            .iter()
            .filter(|business| user.businesses.contains(&business.id))
            .map(|business| business.name.clone())
            .collect(),
        role: role(user.role),
        last_seen: user.signed_in_at,
        id: user.id,
        name: user.name,
    };
    Ok(UsersPage {
        users: users::list(visit.db()).await?.into_iter().map(row).collect(),
        form: UserForm {
            name: String::new(),
            role: Role::Business,
            businesses: checkboxes(&businesses, &[]),
            wrong_name: None,
            wrong_businesses: None,
            of: None,
        },
        link: None,
        removing: None,
        refused: None,
    })
}

fn checkboxes(
    businesses: &[BusinessName],
    chosen: &[&BusinessName],
) -> Vec<(String, String, bool)> {
    let is_chosen = |id| chosen.iter().any(|business| business.id == id);
    let boxes = businesses
        .iter()
        .map(|business| (business.slug.to_string(), business.name.clone(), is_chosen(business.id)));
    boxes.collect()
}

fn chosen<'a>(form: &Form, businesses: &'a [BusinessName]) -> Vec<&'a BusinessName> {
    let slugs: Vec<&str> = form.all("business").collect();
    businesses.iter().filter(|business| slugs.contains(&business.slug.as_str())).collect()
}

fn of_word(word: &str) -> Result<UserRole, Refused> {
    match word {
        "admin" => Ok(UserRole::Admin),
        "business" => Ok(UserRole::Business),
        "viewer" => Ok(UserRole::Viewer),
        // No choice of the form.
        _ => Err(Problem::StaleForm.into()),
    }
}

/// What the page says of it; an error that is nobody's mistake is a page of its own.
fn wrong(error: AccountError) -> Result<UserWrong, Refused> {
    match error {
        AccountError::NameTaken(_) => Ok(UserWrong::NameTaken),
        AccountError::Name(_) => Ok(UserWrong::NameWrong),
        AccountError::NoBusiness(_) => Ok(UserWrong::NoBusiness),
        AccountError::AdminOfOne => Ok(UserWrong::AdminOfOne),
        AccountError::TooMany => Ok(UserWrong::TooMany),
        AccountError::LastAdmin(_) => Ok(UserWrong::LastAdmin),
        AccountError::Oneself => Ok(UserWrong::Oneself),
        AccountError::Unknown(_)
        | AccountError::Password(_)
        | AccountError::StaleLink
        | AccountError::Hashing(_)
        | AccountError::Records(_) => Err(refused(error)),
    }
}
