//! What systemd is told by `frontdesk serve`, as a program.

use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn res_6_systemd_is_told_when_calls_are_taken_that_the_daemon_lives_and_when_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let systemd = UnixDatagram::bind(&socket).unwrap();
    systemd.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command.arg("serve").current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("FRONTDESK__SERVER__LISTEN", "127.0.0.1:0");
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "200000");
    let mut daemon = command.spawn().unwrap();
    let told = || {
        let mut message = [0; 512];
        let length = systemd.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length]).into_owned()
    };
    let ready = told();
    assert!(ready.starts_with("READY=1\nSTATUS=takes calls at 127.0.0.1:"), "{ready}");
    assert_eq!((told().as_str(), told().as_str()), ("WATCHDOG=1\n", "WATCHDOG=1\n"));

    let id = daemon.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let last = std::iter::repeat_with(told).find(|told| told != "WATCHDOG=1\n");
    assert_eq!(last.as_deref(), Some("STOPPING=1\nSTATUS=waits for running calls\n"));
    assert!(daemon.wait().unwrap().success());
}
