//! The workbook of refused rows: each as the file had it, with why it was refused and what would be right. Mended, it can be
//! imported as it is: the columns that it adds are passed over.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context as _, bail};
use junheng_kernel::fault::reason_name;
use junheng_proto::bulk::v1::{ImportResult, MissingParent, RowVerdict};
use junheng_proto::error::v1::Reason;
use rust_xlsxwriter::{Format, Workbook};

use super::kind::Kind;
use crate::table::{self, Columns, Row, VERDICT_COLUMNS, write_csv};

/// Of the columns of a workbook, in characters.
const WIDTH: f64 = 18.0;

/// Which rows were refused, and why.
#[derive(Clone, Debug, Default)]
pub struct Refused {
    /// By row.
    verdicts: BTreeMap<i64, Vec<RowVerdict>>,
    /// Records that nobody has registered, with the verdict of the first row that waits for each.
    missing: Vec<(MissingParent, Option<RowVerdict>)>,
    /// Refused rows in all.
    count: i64,
}

/// What is written of one row.
type Line = Vec<String>;

// === impl Refused ===

impl Refused {
    /// From the service's verdicts and those of this side, about rows that were not even sent.
    pub fn of(result: &ImportResult, refused_here: &[RowVerdict]) -> Self {
        let mut verdicts: BTreeMap<i64, Vec<RowVerdict>> = BTreeMap::new();
        for verdict in refused_here.iter().chain(&result.verdicts) {
            verdicts
                .entry(verdict.row)
                .or_default()
                .push(verdict.clone());
        }
        let first = |parent: &MissingParent| {
            let told = verdicts.get(parent.rows.first()?)?;
            told.first().cloned()
        };
        let missing = result.missing_parents.iter();
        Self {
            missing: missing
                .map(|parent| (parent.clone(), first(parent)))
                .collect(),
            count: result.rejected_count + super::verdicts::rows_of(refused_here),
            verdicts,
        }
    }

    /// Why a row was refused; nothing when it was not, or nobody said so.
    fn why(&self, kind: Kind, columns: &Columns, row: &Row) -> Vec<RowVerdict> {
        let number = i64::try_from(row.number).unwrap_or(i64::MAX);
        if let Some(told) = self.verdicts.get(&number) {
            return told.clone();
        }
        let waits = |parent: &MissingParent| {
            parent.rows.contains(&number) || names(kind, columns, row, &parent.key)
        };
        let found = self.missing.iter().find(|(parent, _)| waits(parent));
        let verdict = found.map(|(parent, first)| RowVerdict {
            row: number,
            ..first.clone().unwrap_or_else(|| unregistered(&parent.key))
        });
        verdict.into_iter().collect()
    }
}

/// Whether a row names this record: a school by its code, a class as `code/stage/grade/number`.
fn names(kind: Kind, columns: &Columns, row: &Row, key: &str) -> bool {
    let cell = |field: &str| columns.get(row, field);
    match key.split('/').collect::<Vec<_>>().as_slice() {
        [code] => cell("school_code") == *code,
        [code, stage, grade, number] if kind == Kind::Students => {
            let stage_of = |text: &str| {
                let layout = kind.layout();
                let field = layout.fields.iter().find(|field| field.proto == "stage")?;
                let slot = layout.row().ok()?.get_field_by_name("stage")?;
                field.cell.read(&slot, text).ok().flatten()
            };
            cell("school_code") == *code
                && cell("grade") == *grade
                && cell("class_number") == *number
                && stage_of(cell("stage")) == stage_of(stage)
        }
        _ => false,
    }
}

fn unregistered(key: &str) -> RowVerdict {
    RowVerdict {
        row: 0,
        field: "school_code".into(),
        reason: Reason::SchoolUnknown as i32,
        message: format!("{key} is not registered; register it first or correct the row"),
        message_zh: format!("{key}尚未登记,请先登记或更正本行"),
    }
}

/// Refuses a file that stands already, before anything is sent.
///
/// # Errors
/// When there is such a file, or its name ends neither in .xlsx nor in .csv.
pub fn refuse_existing(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        bail!(
            "{} exists already; name a new file for the refused rows",
            path.display()
        );
    }
    match extension(path).as_str() {
        "xlsx" | "csv" => Ok(()),
        _ => bail!("{} should end in .xlsx or .csv", path.display()),
    }
}

fn extension(path: &Path) -> String {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.unwrap_or_default().to_ascii_lowercase()
}

/// Reads the file `from` again and writes its refused rows to `to`; gives their number.
///
/// # Errors
/// A file that cannot be read any more or written.
pub fn write(kind: Kind, refused: &Refused, from: &Path, to: &Path) -> anyhow::Result<u64> {
    let unreadable = |error: table::TableError| anyhow::anyhow!("{}: {error}", from.display());
    let reader = table::open(from).map_err(unreadable)?;
    let columns = Columns::find(kind.columns(), reader.header()).map_err(unreadable)?;
    // Of a workbook that was refused before, what was wrong then is left out.
    let kept: Vec<usize> = (0..reader.header().len())
        .filter(|place| !VERDICT_COLUMNS.contains(&reader.header()[*place].as_str()))
        .collect();
    let mut header: Vec<String> = kept
        .iter()
        .map(|place| reader.header()[*place].clone())
        .collect();
    header.extend(VERDICT_COLUMNS.map(str::to_owned));
    let (told, failed) = (Cell::new(0), RefCell::new(None));
    let rows = reader.map_while(|row| match row {
        Ok(row) => Some(row),
        // The first problem of a row brings its cells; the others have none and are passed over below.
        Err(error) if !error.reason.ends() => Some(Row {
            number: error.row.unwrap_or_default(),
            cells: error.texts,
        }),
        Err(error) => {
            failed.replace(Some(unreadable(error)));
            None
        }
    });
    let lines = rows.filter(|row| !row.cells.is_empty()).filter_map(|row| {
        let why = refused.why(kind, &columns, &row);
        (!why.is_empty()).then(|| {
            told.set(told.get() + 1);
            line(kind, &kept, &row, &why)
        })
    });
    let note = std::iter::once_with(|| unlisted(refused.count - told.get(), kept.len())).flatten();
    let lines = lines.chain(note);
    match extension(to).as_str() {
        "csv" => write_as_csv(to, &header, lines),
        _ => write_as_workbook(to, &header, lines),
    }
    .with_context(|| format!("{} cannot be written", to.display()))?;
    match failed.into_inner() {
        Some(error) => Err(error),
        None => Ok(u64::try_from(told.get())?),
    }
}

/// The row's own cells, then why it was refused: several reasons each on a line of its cell.
fn line(kind: Kind, kept: &[usize], row: &Row, why: &[RowVerdict]) -> Line {
    let fields = kind.layout().fields;
    let told = |of: &dyn Fn(&RowVerdict) -> String| {
        let told: Vec<String> = why.iter().map(of).collect();
        told.join("\n")
    };
    let cells = kept
        .iter()
        .map(|place| row.cells.get(*place).cloned().unwrap_or_default());
    cells
        .chain([
            row.number.to_string(),
            told(&|verdict| {
                let known = fields.iter().find(|field| field.proto == verdict.field);
                known.map_or_else(|| verdict.field.clone(), |field| field.label())
            }),
            // The sentence stands beside it, filled in; the catalogue's has blanks.
            told(&|verdict| reason_name(verdict.reason()).to_owned()),
            told(&|verdict| verdict.message_zh.clone()),
            told(&|verdict| verdict.message.clone()),
        ])
        .collect()
}

/// The last line, when the service refused more rows than it named.
fn unlisted(count: i64, columns: usize) -> Option<Line> {
    let note = [
        String::new(),
        String::new(),
        String::new(),
        format!("另有{count}行被拒绝,未逐行列出;请更正以上各行后重新导入整个文件"),
        format!(
            "{count} more rows were refused and not named; mend these and import the whole file again"
        ),
    ];
    let blank = std::iter::repeat_n(String::new(), columns);
    (count > 0).then(|| blank.chain(note).collect())
}

fn write_as_csv(
    to: &Path,
    header: &[String],
    lines: impl Iterator<Item = Line>,
) -> anyhow::Result<()> {
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let file = BufWriter::new(File::create_new(to)?);
    write_csv(file, &header, lines)?;
    Ok(())
}

/// Cells of text: a spreadsheet never takes one for a formula, whatever it begins with, nor a long number for a number.
fn write_as_workbook(
    to: &Path,
    header: &[String],
    lines: impl Iterator<Item = Line>,
) -> anyhow::Result<()> {
    let text = Format::new().set_num_format("@").set_text_wrap();
    let bold = Format::new().set_bold();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("退回 refused")?;
    for (column, name) in (0..).zip(header) {
        sheet.set_column_width(column, WIDTH)?;
        sheet.write_string_with_format(0, column, name, &bold)?;
    }
    for (row, line) in (1..).zip(lines) {
        for (column, cell) in (0..).zip(&line) {
            sheet.write_string_with_format(row, column, cell, &text)?;
        }
    }
    let file = BufWriter::new(File::create_new(to)?);
    book.save_to_writer(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(header: &[&str]) -> Columns {
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        Columns::find(Kind::Students.columns(), &header).unwrap()
    }

    const HEADER: [&str; 9] = [
        "学校标识码",
        "学段",
        "年级",
        "班号",
        "姓名",
        "身份证件类型",
        "身份证件号",
        "性别",
        "出生日期",
    ];

    fn row(number: u64, code: &str, class: &str) -> Row {
        let cells = [code, "小学", "3", class, "甲", "", "", "男", "2016-01-02"];
        Row {
            number,
            cells: cells.map(str::to_owned).to_vec(),
        }
    }

    #[test]
    fn rows_that_wait_for_a_missing_parent_are_all_found_though_few_are_listed() {
        let waiting = |key: &str, rows: &[i64]| MissingParent {
            key: key.into(),
            row_count: 400,
            rows: rows.to_vec(),
        };
        let result = ImportResult {
            rejected_count: 800,
            missing_parents: vec![
                waiting("2163990009", &[2]),
                waiting("2163990001/primary/3/7", &[3]),
            ],
            verdicts: vec![RowVerdict {
                row: 3,
                field: "class_number".into(),
                reason: Reason::ClassUnknown as i32,
                message: "register it".into(),
                message_zh: "请先登记".into(),
            }],
            ..ImportResult::default()
        };
        let refused = Refused::of(&result, &[]);
        let columns = columns(&HEADER);
        let why = |row: &Row| refused.why(Kind::Students, &columns, row);
        assert_eq!(
            why(&row(300, "2163990009", "1"))[0].reason(),
            Reason::SchoolUnknown
        );
        let waits = why(&row(301, "2163990001", "7"));
        assert_eq!(
            (waits[0].reason(), waits[0].row),
            (Reason::ClassUnknown, 301)
        );
        assert_eq!(why(&row(302, "2163990001", "8")), []);
    }

    #[test]
    fn a_row_keeps_its_cells_and_says_each_reason_in_both_languages() {
        let verdict = |field: &str, zh: &str| RowVerdict {
            row: 7,
            field: field.into(),
            reason: Reason::CheckDigitWrong as i32,
            message: "should be 4".into(),
            message_zh: zh.into(),
        };
        let why = [
            verdict("identity_number", "末位应为4"),
            verdict("sex", "应为女"),
        ];
        let written = line(Kind::Students, &[0, 3], &row(7, "2163990001", "2"), &why);
        assert_eq!(written[..3], ["2163990001", "2", "7"]);
        assert!(written[3].contains("身份证件号") && written[3].contains("性别"));
        assert_eq!(written[4], "CHECK_DIGIT_WRONG\nCHECK_DIGIT_WRONG");
        assert_eq!(written[5], "末位应为4\n应为女");
        assert_eq!(written.len(), 2 + VERDICT_COLUMNS.len());
    }

    #[test]
    fn rows_that_nobody_named_are_counted() {
        assert_eq!(unlisted(0, 3), None);
        let note = unlisted(7, 3).unwrap();
        assert_eq!(note.len(), 3 + VERDICT_COLUMNS.len());
        assert!(note[6].contains("另有7行") && note[7].contains("7 more"));
    }

    #[test]
    fn a_mended_workbook_is_read_again_as_it_is() {
        let header: Vec<&str> = HEADER.into_iter().chain(VERDICT_COLUMNS).collect();
        let columns = columns(&header);
        let mut note = vec![String::new(); HEADER.len()];
        note.extend(["", "", "", "另有7行", "7 more"].map(str::to_owned));
        assert!(columns.is_blank(&Row {
            number: 9,
            cells: note
        }));
        assert!(!columns.is_blank(&row(2, "2163990001", "1")));
    }
}
