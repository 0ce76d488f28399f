//! Workbooks: good ones, broken ones, and small ones that would fill the machine.

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::*;

fn workbook(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet());
    workbook.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_reads_as_its_sheet_shows() {
    let bytes = workbook(|sheet| {
        let date = ExcelDateTime::from_ymd(1980, 2, 3).unwrap();
        let format = Format::new().set_num_format("yyyy-mm-dd");
        sheet
            .write(0, 0, "姓名")
            .unwrap()
            .write(0, 1, "出生日期")
            .unwrap();
        sheet
            .write(0, 2, "面积")
            .unwrap()
            .write(0, 3, "专任")
            .unwrap();
        sheet
            .write(1, 0, " 马晓华 ")
            .unwrap()
            .write_with_format(1, 1, &date, &format)
            .unwrap();
        sheet
            .write(1, 2, 0.1 + 0.2)
            .unwrap()
            .write(1, 3, true)
            .unwrap();
        sheet
            .write(4, 0, "王𠮷")
            .unwrap()
            .write(4, 2, 1200)
            .unwrap();
    });
    let found = lines(&sent("a.xlsx", &bytes));
    let expected = [
        (1, vec!["姓名", "出生日期", "面积", "专任"]),
        (2, vec!["马晓华", "1980-02-03", "0.3", "TRUE"]),
        (5, vec!["王𠮷", "", "1200", ""]),
    ];
    assert_eq!(rows(&found), expected);
}

#[test]
fn an_identity_number_kept_as_a_number_is_refused_because_digits_are_lost() {
    let bytes = workbook(|sheet| {
        sheet.write(0, 0, "身份证件号").unwrap();
        sheet.write(1, 0, 620_422_201_403_150_019_f64).unwrap();
        sheet.write(2, 0, "620422201403150019").unwrap();
    });
    let found = lines(&sent("a.xlsx", &bytes));
    assert_eq!(problems(&found)[0].reason, Reason::DigitsLost);
    assert_eq!(problems(&found)[0].row, Some(2));
    assert_eq!(rows(&found).last(), Some(&(3, vec!["620422201403150019"])));
}

#[test]
fn a_failed_formula_is_a_problem_of_its_row() {
    let bytes = workbook(|sheet| {
        sheet.write(0, 0, "a").unwrap();
        sheet
            .write(1, 0, Formula::new("=1/0").set_result("#DIV/0!"))
            .unwrap();
        sheet.write(2, 0, "b").unwrap();
    });
    let found = lines(&sent("a.xlsx", &bytes));
    assert_eq!(problems(&found)[0].reason, Reason::FormulaError);
    assert_eq!(rows(&found).last(), Some(&(3, vec!["b"])));
}

#[test]
fn a_small_workbook_that_claims_a_billion_cells_is_refused() {
    for (row, column, reason) in [
        (1_048_575, 16_383, Reason::TooManyColumns),
        (1_048_575, 0, Reason::TooManyRows),
    ] {
        let bytes = workbook(|sheet| {
            sheet
                .write(0, 0, "a")
                .unwrap()
                .write(row, column, "b")
                .unwrap();
        });
        assert!(bytes.len() < 10_000);
        let error = refusal(&sent("a.xlsx", &bytes));
        assert_eq!((error.reason, error.row), (reason, Some(1_048_576)));
    }
}

#[test]
fn a_cell_beyond_the_limit_of_columns_is_refused_in_any_format() {
    let bytes = workbook(|sheet| {
        sheet.write(0, 0, "a").unwrap().write(0, 200, "b").unwrap();
    });
    assert_eq!(
        refusal(&sent("a.xlsx", &bytes)).reason,
        Reason::TooManyColumns
    );
    let text = format!("a{}b\n", ",".repeat(200));
    assert_eq!(
        refusal(&sent("a.csv", text.as_bytes())).reason,
        Reason::TooManyColumns
    );
}

#[test]
fn broken_workbooks_are_refused_with_a_remedy() {
    let whole = workbook(|sheet| {
        sheet.write(0, 0, "a").unwrap();
    });
    let half = &whole[..whole.len() / 2];
    let cases: [(&[u8], Reason); 4] = [
        (b"not a zip at all", Reason::NotAWorkbook),
        (half, Reason::BrokenWorkbook),
        (b"PK\x03\x04", Reason::BrokenWorkbook),
        (
            b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            Reason::BrokenWorkbook,
        ),
    ];
    for (bytes, reason) in cases {
        assert_eq!(refusal(&sent("a.xlsx", bytes)).reason, reason);
    }
}

#[test]
fn a_damaged_byte_anywhere_in_a_workbook_never_takes_the_reader_down() {
    let whole = workbook(|sheet| {
        sheet.write(0, 0, "a").unwrap().write(1, 0, "b").unwrap();
    });
    for place in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x5a;
        let said = lines(&sent("a.xlsx", &bytes));
        assert!(
            matches!(said.last(), Some(Line::End { .. } | Line::Problem(_))),
            "byte {place}"
        );
    }
}

#[test]
fn a_workbook_without_a_header_is_refused() {
    let bytes = workbook(|sheet| {
        sheet.write(1, 0, "a").unwrap();
    });
    assert_eq!(refusal(&sent("a.xlsx", &bytes)).reason, Reason::NoHeader);
}
