//! CSV: encodings, row numbers, and the way out.

use super::super::write_csv;
use super::*;

#[test]
fn utf8_is_read_with_and_without_a_mark() {
    for mark in ["", "\u{feff}"] {
        let file = sent(
            "a.csv",
            format!("{mark}姓名,学科\r\n马晓华,语文\r\n").as_bytes(),
        );
        assert_eq!(
            rows(&lines(&file)),
            [(1, vec!["姓名", "学科"]), (2, vec!["马晓华", "语文"])]
        );
    }
}

#[test]
fn gb18030_is_recognised_and_decoded() {
    let text = "姓名,学科\n马晓华,语文\n王𠮷,数学\n联通,历史\n";
    let (bytes, _, _) = encoding_rs::GB18030.encode(text);
    let found = lines(&sent("a.csv", &bytes));
    assert_eq!(rows(&found)[2], (3, vec!["王𠮷", "数学"]));
    assert_eq!(rows(&found)[3], (4, vec!["联通", "历史"]));
    assert!(problems(&found).is_empty());
}

#[test]
fn a_cell_that_does_not_decode_is_named_and_the_other_rows_are_read() {
    let (mut bytes, text) = (Vec::new(), "姓名,学科\n马晓华,语文\n李明,");
    bytes.extend_from_slice(&encoding_rs::GB18030.encode(text).0);
    bytes.extend_from_slice(b"\xff\xff\n");
    bytes.extend_from_slice(&encoding_rs::GB18030.encode("冶海燕,数学\n").0);
    let found = lines(&sent("a.csv", &bytes));
    let [problem] = problems(&found)[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        (problem.reason, problem.row),
        (Reason::UndecodableBytes, Some(3))
    );
    assert_eq!(problem.column.as_deref(), Some("学科"));
    assert_eq!(rows(&found).last(), Some(&(4, vec!["冶海燕", "数学"])));
}

#[test]
fn a_utf8_cell_in_a_gb18030_file_is_not_guessed_at() {
    let mut bytes = encoding_rs::GB18030
        .encode("姓名,学科\n马晓华,语文\n")
        .0
        .into_owned();
    bytes.extend_from_slice("才让卓玛,".as_bytes());
    bytes.extend_from_slice(&encoding_rs::GB18030.encode("数学\n").0);
    let found = lines(&sent("a.csv", &bytes));
    assert_eq!(problems(&found)[0].reason, Reason::MixedEncodings);
    assert_eq!(problems(&found)[0].row, Some(3));
}

#[test]
fn one_broken_cell_does_not_make_a_utf8_file_gb18030() {
    let mut bytes = "姓名,学科\n马晓华,语文\n".as_bytes().to_vec();
    bytes.extend_from_slice(b"\xe9\xa9\n");
    let found = lines(&sent("a.csv", &bytes));
    assert_eq!(problems(&found)[0].reason, Reason::UndecodableBytes);
    assert!(problems(&found)[0].en.contains("UTF-8"));
    assert_eq!(rows(&found)[1], (2, vec!["马晓华", "语文"]));
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_shows_them() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "1,\"two", "lines\"", "", "3,4", ",", "5"].join(end);
        let found = lines(&sent("a.csv", text.as_bytes()));
        let quoted = format!("two{end}lines");
        let expected = [
            (1, vec!["a", "b"]),
            (2, vec!["1", &quoted]),
            (4, vec!["3", "4"]),
            (6, vec!["5", ""]),
        ];
        assert_eq!(rows(&found), expected, "{end:?}");
        assert!(matches!(found.last(), Some(Line::End { end: 3 })));
    }
}

#[test]
fn a_quotation_mark_that_is_not_closed_is_named_and_takes_no_row_in() {
    for (text, place) in [
        ("a,b\n1,\"two\n3,four\n", Some((2, "B"))),
        ("a,b\n1,\"two\n3,\"four\"\n", Some((2, "B"))),
        ("a,b\n\"1,two", Some((2, "A"))),
        ("a,b\n1,\"two \"\"2\"\"\"\n\"3\",5\" wide\n", None),
    ] {
        let found = lines(&sent("a.csv", text.as_bytes()));
        let told = problems(&found).into_iter().find_map(|one| {
            let is_quote = one.reason == Reason::UnclosedQuote;
            is_quote.then(|| (one.row.unwrap(), one.column.clone().unwrap()))
        });
        let told = told.as_ref().map(|(row, column)| (*row, column.as_str()));
        assert_eq!(told, place, "{text:?}");
    }
}

#[test]
fn a_value_without_a_column_name_is_a_problem_of_its_row() {
    let found = lines(&sent("a.csv", b"a,b\n1,2,3\n4,5,\n"));
    assert_eq!(problems(&found)[0].reason, Reason::CellWithoutHeader);
    assert_eq!(problems(&found)[0].column.as_deref(), Some("C"));
    assert_eq!(rows(&found).last(), Some(&(3, vec!["4", "5"])));
}

#[test]
fn what_is_no_csv_is_refused_with_its_reason() {
    let utf16: Vec<u8> = "\u{feff}a,b"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let cases: [(&str, &[u8], Reason); 6] = [
        ("a.csv", b"", Reason::NoHeader),
        ("a.csv", b"\n\na,b\n", Reason::NoHeader),
        ("a.csv", &utf16, Reason::Utf16),
        ("a.csv", b"\x7fELF\x02\x00\x00", Reason::NotATable),
        ("a.csv", "姓名;学科\n".as_bytes(), Reason::NotCommaSeparated),
        (
            "a.xls",
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
            Reason::OldOrLockedWorkbook,
        ),
    ];
    for (name, bytes, reason) in cases {
        assert_eq!(
            refusal(&sent(name, bytes)).reason,
            reason,
            "{name} {bytes:?}"
        );
    }
}

#[test]
fn a_quotation_mark_never_closed_does_not_swallow_the_file() {
    let mut text = "a,b\n1,\"open\n".to_owned();
    text.push_str(&"x,y\n".repeat(100_000));
    let error = refusal(&sent("a.csv", text.as_bytes()));
    assert_eq!((error.reason, error.row), (Reason::CellTooLong, Some(2)));
    assert_eq!(error.column.as_deref(), Some("B"));
}

#[test]
fn an_exported_cell_never_starts_a_formula_and_reads_back_as_it_was() {
    let cells = [
        "=1+1",
        "+86 971",
        "-5",
        "@SUM(A1)",
        "'=1",
        "'ok",
        "马,\"晓\"",
        "",
    ];
    let names: Vec<String> = (0..cells.len()).map(|i| format!("c{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut output = Vec::new();
    assert_eq!(write_csv(&mut output, &names, [cells, cells]).unwrap(), 2);
    let text = String::from_utf8(output.clone()).unwrap();
    for start in ["=", "+", "-", "@", "\"=", "\"+"] {
        assert!(
            !text.contains(&format!(",{start}")) && !text.contains(&format!("\n{start}")),
            "{text}"
        );
    }
    let found = lines(&sent("a.csv", &output));
    assert_eq!(rows(&found)[1], (2, cells.to_vec()));
}

#[test]
fn tabs_and_line_breaks_before_a_formula_are_guarded_too() {
    let mut output = Vec::new();
    write_csv(&mut output, &["a", "b", "c"], [["\t=1", "\r=1", "\n=1"]]).unwrap();
    let text = String::from_utf8(output).unwrap();
    assert_eq!(text.matches('\'').count(), 3, "{text:?}");
}
