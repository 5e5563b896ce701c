//! Runs the program as an operator does.

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Output};

    use migration::presence::Presence;

    fn migration(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_migration"))
            .args(arguments)
            .env_remove("DATABASE_URL")
            .env_remove("FRONTDESK__DATABASE__URL")
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    fn url(folder: &Path, name: &str) -> String {
        format!("sqlite://{}?mode=rwc", folder.join(name).display())
    }

    #[test]
    fn the_database_comes_from_the_flag_or_from_either_variable() {
        let folder = tempfile::tempdir().unwrap();
        let ours = url(folder.path(), "ours.db");
        let other = url(folder.path(), "other.db");
        let up = migration(&["up"], &[("DATABASE_URL", &ours)]);
        assert!(up.status.success());
        assert_eq!(String::from_utf8(up.stdout).unwrap().lines().count(), 21);

        let variables = [("FRONTDESK__DATABASE__URL", ours.as_str()), ("DATABASE_URL", &other)];
        let down = migration(&["down", "--steps", "2", "--yes"], &variables);
        let told = String::from_utf8(down.stdout).unwrap();
        assert!(told.starts_with("reverted  m20261129_000021_audit_of_user\n"), "{told}");

        let status = migration(&["status", "--database-url", &ours], &[("DATABASE_URL", &other)]);
        let told = String::from_utf8(status.stdout).unwrap();
        assert_eq!(told.lines().filter(|line| line.starts_with("applied ")).count(), 19);
        assert_eq!(told.lines().filter(|line| line.starts_with("pending ")).count(), 2);
    }

    #[test]
    fn an_error_is_one_line_that_says_what_to_do_and_repeats_no_password() {
        let folder = tempfile::tempdir().unwrap();
        let (made, file) = (url(folder.path(), "made.db"), url(folder.path(), "fresh.db"));
        assert!(migration(&["up", "--database-url", &made], &[]).status.success());
        for (arguments, expected) in [
            (vec!["status"], "error: which database?"),
            (vec!["fresh", "--database-url", &made], "say --yes"),
            (vec!["down", "--all", "--database-url", &made], "say --yes"),
            (vec!["fresh", "--database-url", &file], "could not be opened"),
            (vec!["status", "--database-url", &file], "could not be opened"),
            (vec!["fresh", "--yes", "--database-url", &file], "could not be opened"),
            (vec!["status", "--database-url", "mysql://root:hunter2@db/x"], "expected sqlite://"),
            (vec!["status", "--database-url", "sqlite:///nowhere/x.db"], "could not be opened"),
        ] {
            let output = migration(&arguments, &[("RUST_BACKTRACE", "1")]);
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{told}");
            assert!(told.contains(expected) && told.lines().count() == 1, "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
        assert!(!folder.path().join("fresh.db").exists());
    }

    /// In its folder, where `sqlite:calls.db` lies.
    fn beside(folder: &Path, arguments: &[&str]) -> Output {
        let program = Command::new(env!("CARGO_BIN_EXE_migration"))
            .args(arguments)
            .current_dir(folder)
            .env("FRONTDESK__DATABASE__URL", "sqlite:calls.db")
            .output();
        program.unwrap()
    }

    #[tokio::test]
    async fn ops_11_what_was_written_to_a_file_that_is_away_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        let daemon = Presence::of_daemon(&url(folder.path(), "calls.db")).await.unwrap();
        std::fs::write(path("calls.db-wal"), "rows").unwrap();
        let refused = |expected: &str| {
            for command in [vec!["up"], vec!["status"], vec!["fresh", "--yes"]] {
                let output = beside(folder.path(), &command);
                let told = String::from_utf8(output.stderr).unwrap();
                assert_eq!(output.status.code(), Some(1), "{command:?}: {told}");
                assert!(told.contains(expected) && told.lines().count() == 1, "{told}");
                assert!(!path("calls.db").exists(), "{command:?}");
                assert_eq!(std::fs::read(path("calls.db-wal")).unwrap(), b"rows", "{command:?}");
            }
        };
        refused("stop it first");
        drop(daemon);
        refused("remove the log");
        std::fs::remove_file(path("calls.db-wal")).unwrap();
        assert!(beside(folder.path(), &["up"]).status.success());
    }
}
