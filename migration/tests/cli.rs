//! Runs the program as an operator does.

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Output};

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
        assert_eq!(String::from_utf8(up.stdout).unwrap().lines().count(), 7);

        let variables = [("FRONTDESK__DATABASE__URL", ours.as_str()), ("DATABASE_URL", &other)];
        let down = migration(&["down", "--steps", "2", "--yes"], &variables);
        let told = String::from_utf8(down.stdout).unwrap();
        assert!(told.starts_with("reverted  m20261128_000007_early_statuses\n"), "{told}");

        let status = migration(&["status", "--database-url", &ours], &[("DATABASE_URL", &other)]);
        let told = String::from_utf8(status.stdout).unwrap();
        assert_eq!(told.lines().filter(|line| line.starts_with("applied ")).count(), 5);
        assert_eq!(told.lines().filter(|line| line.starts_with("pending ")).count(), 2);
    }

    #[test]
    fn an_error_is_one_line_that_says_what_to_do_and_repeats_no_password() {
        let folder = tempfile::tempdir().unwrap();
        let file = url(folder.path(), "fresh.db");
        for (arguments, expected) in [
            (vec!["status"], "error: which database?"),
            (vec!["fresh", "--database-url", &file], "say --yes"),
            (vec!["down", "--all", "--database-url", &file], "say --yes"),
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
}
