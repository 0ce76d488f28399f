//! The real binary as an administrator uses it: it starts on an empty folder, ends when told to, and its journals tell
//! when somebody altered them.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sea_orm::{ConnectionTrait as _, Database};

fn junheng() -> Command {
    Command::new(env!("CARGO_BIN_EXE_junheng"))
}

fn run(arguments: &[&str]) -> Output {
    junheng().args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// A process that serves everything, and where.
struct Serving {
    process: Child,
    endpoint: String,
}

impl Serving {
    fn on(folder: &Path) -> Self {
        let mut process = junheng()
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = lines
            .map(Result::unwrap)
            .find_map(|line| line.strip_prefix("junheng is ready: ").map(str::to_owned));
        Self {
            endpoint: ready.expect("the process ended before it was ready"),
            process,
        }
    }

    fn tell(&mut self, signal: Signal) -> Option<i32> {
        kill(Pid::from_raw(self.process.id().cast_signed()), signal).unwrap();
        self.process.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Both fail only when the process is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_empty_folder_gets_three_administrators_one_process_and_journals_that_tell() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("data");
    let data_dir = folder.to_str().unwrap();
    let mut serving = Serving::on(&folder);

    let passwords = std::fs::read_to_string(folder.join("first-sign-in.txt")).unwrap();
    let names: Vec<&str> = passwords
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(names, ["system.63", "security.63", "audit.63"]);

    let second = run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data_dir]);
    assert!(!second.status.success());
    assert!(
        said(&second).contains("another junheng process"),
        "{}",
        said(&second)
    );

    let password = passwords
        .lines()
        .next()
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap();
    let whoever = |password: &str| {
        junheng()
            .args([
                "call",
                "GetSession",
                "--sign-in",
                "system.63",
                "--endpoint",
                &serving.endpoint,
            ])
            .env("JUNHENG_CLIENT__PASSWORD", password)
            .output()
            .unwrap()
    };
    let session = whoever(password);
    assert!(said(&session).contains("系统管理员"), "{}", said(&session));
    let refused = whoever("not the password");
    assert!(!refused.status.success());
    assert!(
        said(&refused).contains("SIGN_IN_REFUSED"),
        "{}",
        said(&refused)
    );

    assert_eq!(serving.tell(Signal::SIGTERM), Some(0));
    let sound = run(&["audit", "verify", "--data-dir", data_dir]);
    assert!(sound.status.success(), "{}", said(&sound));
    assert!(said(&sound).contains("accounts: sound") && said(&sound).contains(" 0 not sealed yet"));

    alter(&folder.join("accounts.db"));
    let broken = run(&["audit", "verify", "--data-dir", data_dir]);
    assert!(!broken.status.success());
    assert!(
        said(&broken).contains("row 1 (block 1, position 0) was altered"),
        "{}",
        said(&broken)
    );
}

#[test]
fn a_process_that_was_killed_starts_again_and_seals_what_it_had_written() {
    let place = tempfile::tempdir().unwrap();
    let mut first = Serving::on(place.path());
    assert_eq!(first.tell(Signal::SIGKILL), None);
    let mut again = Serving::on(place.path());
    // No second set of administrators.
    assert_eq!(again.tell(Signal::SIGINT), Some(0));
    let sound = run(&[
        "audit",
        "verify",
        "--service",
        "accounts",
        "--data-dir",
        place.path().to_str().unwrap(),
    ]);
    assert!(
        said(&sound).contains("accounts: sound, 1 blocks, 1 rows, 0 not sealed yet"),
        "{}",
        said(&sound)
    );
}

#[test]
fn a_setting_that_does_not_exist_keeps_the_process_from_starting() {
    let output = junheng()
        .arg("serve")
        .env("JUNHENG_SERVE__LISTNE", "x")
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(
        said(&output).contains("JUNHENG_SERVE__LISTNE"),
        "{}",
        said(&output)
    );
}

/// What somebody with access to the file could do.
fn alter(file: &Path) {
    let url = format!("sqlite://{}", file.display());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let database = Database::connect(url).await.unwrap();
        for statement in [
            "DROP TRIGGER journal_no_UPDATE",
            "UPDATE journal SET note = note || '.' WHERE seq = 1",
        ] {
            database.execute_unprepared(statement).await.unwrap();
        }
        database.close().await.unwrap();
    });
}
