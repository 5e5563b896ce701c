//! Chaos with real processes on PostgreSQL: one small seed of `simulate --chaos --processes 2`.

use std::process::{Command, Stdio};

use crate::booking::setting;

/// Its call is a short one.
const SEED: &str = "2";

#[test]
fn prac_6_res_9_two_daemons_as_processes_keep_every_invariant() {
    let Some(url) = setting("FRONTDESK_TEST_POSTGRES") else { return };
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command.args(["simulate", "--chaos", "--processes", "2", "--calls", "1", "--seed", SEED]);
    command.env("FRONTDESK__DATABASE__URL", url).stdin(Stdio::null());
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    assert!(told.starts_with("all hold: 1 seeds, 1 calls"), "{told}");
}
