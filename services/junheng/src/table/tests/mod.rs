//! Files good, bad and hostile. What the reading process writes is read here from memory; its death and its
//! limits are played by small shell scripts in its place.

mod hostile;
mod process;
mod text;

use std::path::PathBuf;

use tempfile::TempDir;

use super::lines::Line;
use super::{Column, Columns, Reason, Row, TableError, child};

/// A folder with one file in it.
struct Sent {
    _folder: TempDir,
    path: PathBuf,
}

fn sent(name: &str, bytes: &[u8]) -> Sent {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    Sent {
        _folder: folder,
        path,
    }
}

/// Everything that the reading process says about the file.
fn lines(file: &Sent) -> Vec<Line> {
    let mut output = Vec::new();
    child::read(&file.path, &mut output).unwrap();
    let text = String::from_utf8(output).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn rows(lines: &[Line]) -> Vec<(u64, Vec<&str>)> {
    let mut rows = Vec::new();
    for line in lines {
        if let Line::Row(Row { number, cells }) = line {
            rows.push((*number, cells.iter().map(String::as_str).collect()));
        }
    }
    rows
}

fn problems(lines: &[Line]) -> Vec<&TableError> {
    let mut problems = Vec::new();
    for line in lines {
        if let Line::Problem(problem) = line {
            problems.push(problem);
        }
    }
    problems
}

/// The refusal of the file, which must say in both languages what to do.
fn refusal(file: &Sent) -> TableError {
    let lines = lines(file);
    let Some(Line::Problem(problem)) = lines.last() else {
        panic!("not refused: {lines:?}")
    };
    assert!(problem.reason.ends());
    assert!(
        problem.en.contains(';') && problem.zh.contains('请'),
        "no remedy: {problem:?}"
    );
    problem.clone()
}

const TEACHERS: &[Column] = &[
    Column {
        field: "display_name",
        zh: "姓名",
        required: true,
    },
    Column {
        field: "birth_date",
        zh: "出生日期",
        required: true,
    },
    Column {
        field: "subject",
        zh: "任教学科",
        required: false,
    },
];

fn header(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn columns_are_found_by_either_name_in_any_order() {
    let columns = Columns::find(TEACHERS, &header(&["出生日期", "Display_Name"])).unwrap();
    let row = Row {
        number: 2,
        cells: header(&["1980-02-03", "马晓华"]),
    };
    assert_eq!(columns.get(&row, "display_name"), "马晓华");
    assert_eq!(columns.get(&row, "birth_date"), "1980-02-03");
    assert_eq!(columns.get(&row, "subject"), "");
}

#[test]
fn an_unknown_column_is_named_with_those_accepted() {
    let error = Columns::find(TEACHERS, &header(&["姓名", "生日"])).unwrap_err();
    assert_eq!((error.reason, error.row), (Reason::UnknownColumn, Some(1)));
    assert_eq!(error.column.as_deref(), Some("B (生日)"));
    assert!(error.zh.contains("出生日期 (birth_date)"), "{}", error.zh);
}

#[test]
fn a_missing_or_repeated_column_is_named() {
    let missing = Columns::find(TEACHERS, &header(&["姓名", "任教学科"])).unwrap_err();
    assert_eq!(missing.reason, Reason::MissingColumn);
    assert!(missing.en.contains("birth_date"));
    let repeated = Columns::find(TEACHERS, &header(&["姓名", "display_name"])).unwrap_err();
    assert_eq!(repeated.reason, Reason::RepeatedColumn);
}

#[test]
fn every_reason_has_a_sentence_with_a_remedy() {
    // A file reason and a row reason stand for the table; `refusal` checks the others as they occur.
    for reason in [
        Reason::OutOfMemory,
        Reason::OutOfTime,
        Reason::DigitsLost,
        Reason::CellWithoutHeader,
    ] {
        let error = TableError::new(reason, "1");
        assert!(
            !error.en.is_empty() && error.zh.contains('请'),
            "{reason:?}"
        );
        assert!(!error.en.contains("{}"));
    }
}
