//! The web console over its own listener (CON-1, CON-2).

mod doors;
