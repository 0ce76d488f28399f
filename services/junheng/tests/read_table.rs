//! The reading process of the real binary: its limits hold, and what it says is whole.

use std::path::Path;
use std::process::{Command, Output};

use rust_xlsxwriter::Workbook;

fn read(path: &Path, memory_mb: u64) -> Output {
    Command::new(env!("CARGO_BIN_EXE_junheng"))
        .args([
            "read-table",
            "--memory-mb",
            &memory_mb.to_string(),
            "--file",
        ])
        .arg(path)
        .output()
        .unwrap()
}

#[test]
fn a_csv_of_a_hundred_thousand_rows_is_read_within_64_mb() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(
        &path,
        "姓名,学科\n".to_owned() + &"马晓华,语文\n".repeat(100_000),
    )
    .unwrap();
    let output = read(&path, 64);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 100_002);
    assert_eq!(text.lines().last(), Some(r#"{"end":100000}"#));
}

#[test]
fn a_workbook_that_unpacks_beyond_the_limit_kills_only_the_reading_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.xlsx");
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for row in 0..1_200 {
        sheet
            .write(row, 0, format!("{row:05}{}", "a".repeat(30_000)))
            .unwrap();
    }
    workbook.save(&path).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 2_000_000);
    let output = read(&path, 24);
    assert_eq!(output.status.code(), None, "ended by a signal: {output:?}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("\"end\""));
    assert!(read(&path, 1024).status.success());
}

#[test]
fn a_small_workbook_that_claims_a_billion_cells_is_refused_within_64_mb() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    let mut workbook = Workbook::new();
    workbook
        .add_worksheet()
        .write(0, 0, "a")
        .unwrap()
        .write(1_048_575, 16_383, "b")
        .unwrap();
    workbook.save(&path).unwrap();
    let output = read(&path, 64);
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("TOO_MANY_COLUMNS")
    );
}
