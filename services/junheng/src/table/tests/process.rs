//! The parent's half: what it makes of a reading process that answers, refuses, dies or never ends.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::super::{TableReader, open_with};
use super::*;

/// A program that stands in for the reading process.
fn program(script: &str) -> Sent {
    let file = sent("reader", format!("#!/bin/sh\n{script}\n").as_bytes());
    std::fs::set_permissions(&file.path, PermissionsExt::from_mode(0o700)).unwrap();
    file
}

/// One at a time: a process started while another's script is still open for writing keeps that script
/// from running ("text file busy").
static STARTING: Mutex<()> = Mutex::new(());

fn start(script: &str) -> Result<TableReader, TableError> {
    let _turn = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    open_with(Path::new("table.xlsx"), &program(script).path, 64)
}

const HEADER: &str = r#"echo '{"row":1,"cells":["a","b"]}'"#;
const ROW: &str = r#"echo '{"row":2,"cells":["1","2"]}'"#;

#[test]
fn rows_and_row_problems_come_in_order_until_the_end() {
    let problem = r#"echo '{"row":3,"column":"a","reason":"DIGITS_LOST","zh":"z","en":"e"}'"#;
    let last = r#"echo '{"row":4,"cells":["3",""]}'; echo '{"end":3}'"#;
    let reader = start(&[HEADER, ROW, problem, last].join("\n")).unwrap();
    assert_eq!(reader.header(), ["a", "b"]);
    let items: Vec<_> = reader.collect();
    assert_eq!(items.len(), 3);
    assert_eq!(
        items[1].as_ref().unwrap_err().to_string(),
        "row 3, column a: e"
    );
    assert_eq!(items[2].as_ref().unwrap().number, 4);
}

#[test]
fn the_file_and_the_limit_are_passed_on() {
    let script = r#"echo "{\"row\":1,\"cells\":[\"$1\",\"$3\",\"$5\"]}"; echo '{"end":0}'"#;
    let reader = start(script).unwrap();
    assert_eq!(reader.header(), ["read-table", "table.xlsx", "64"]);
}

#[test]
fn a_process_that_dies_of_its_limits_is_a_refusal_and_not_the_end_of_the_rows() {
    let cases = [
        ("ABRT", Reason::OutOfMemory),
        ("SEGV", Reason::OutOfMemory),
        ("KILL", Reason::OutOfMemory),
        ("XCPU", Reason::OutOfTime),
    ];
    for (signal, reason) in cases {
        let mut reader = start(&format!("{HEADER}\n{ROW}\nkill -{signal} $$")).unwrap();
        assert!(reader.next().unwrap().is_ok());
        assert_eq!(
            reader.next().unwrap().unwrap_err().reason,
            reason,
            "{signal}"
        );
        assert!(reader.next().is_none());
        assert_eq!(
            start(&format!("kill -{signal} $$")).unwrap_err().reason,
            reason
        );
    }
}

#[test]
fn a_process_that_stops_short_is_a_refusal() {
    for script in [
        format!("{HEADER}\nexit 0"),
        format!("{HEADER}\nprintf '{{\"end\"'"),
        format!("{HEADER}\nexit 101"),
    ] {
        let items: Vec<_> = start(&script).unwrap().collect();
        assert_eq!(items.len(), 1, "{script}");
        assert_eq!(items[0].as_ref().unwrap_err().reason, Reason::ReaderFailed);
    }
}

#[test]
fn dropping_the_reader_ends_a_process_that_never_would() {
    let reader = start(&format!("{HEADER}\nwhile :; do {ROW}; done")).unwrap();
    // The drop waits for the process: a process that stays would keep the test from ending.
    drop(reader);
}
