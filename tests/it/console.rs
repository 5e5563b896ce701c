//! The web console over its own listener (CON-1, CON-2).

pub(crate) mod browser;
mod doors;
mod live;
mod roles;
mod settings;
mod sign_in;
mod test_call;
mod users;
mod work;
