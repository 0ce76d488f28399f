//! What became of an import, for the person at the screen.

use junheng_kernel::fault::reason_name;
use junheng_proto::bulk::v1::{ImportResult, RowVerdict};

use super::kind::Kind;
use crate::text::{Align, Grid};

/// Prints the counts and why rows were refused. `refused_here` are rows that were not even sent.
pub fn print(kind: Kind, result: &ImportResult, refused_here: &[RowVerdict]) {
    let refused = result.rejected_count + rows_of(refused_here);
    println!(
        "{}: {} rows: {} created, {} changed, {} unchanged, {refused} refused{}",
        kind.name(),
        result.row_count + rows_of(refused_here),
        result.created_count,
        result.updated_count,
        result.unchanged_count,
        if result.validated_only {
            " (checked only, nothing was written)"
        } else if result.refused_whole {
            " (all or nothing: nothing was written)"
        } else {
            ""
        },
    );
    let mut all: Vec<&RowVerdict> = refused_here.iter().chain(&result.verdicts).collect();
    all.sort_by_key(|verdict| verdict.row);
    if !all.is_empty() {
        println!("{}", table(kind, &all));
    }
    for parent in &result.missing_parents {
        let rows: Vec<String> = parent.rows.iter().map(i64::to_string).collect();
        println!(
            "not registered / 尚未登记: {} ({} rows wait for it, the first: {})",
            parent.key,
            parent.row_count,
            rows.join(", ")
        );
    }
    if result.quarantined_count > 0 {
        println!(
            "kept until then, and in by themselves / 暂存,登记后自动导入: {} rows",
            result.quarantined_count
        );
    }
    let listed = i64::try_from(result.missing_parents.len()).unwrap_or(i64::MAX);
    if result.missing_parent_count > listed {
        println!(
            "not registered / 尚未登记: {} more",
            result.missing_parent_count - listed
        );
    }
}

/// How many rows the verdicts are about; a row may have several.
pub fn rows_of(verdicts: &[RowVerdict]) -> i64 {
    let mut rows: Vec<i64> = verdicts.iter().map(|verdict| verdict.row).collect();
    rows.sort_unstable();
    rows.dedup();
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

fn table(kind: Kind, verdicts: &[&RowVerdict]) -> Grid {
    let fields = kind.layout().fields;
    let mut grid = Grid::new([
        ("行 row", Align::Right),
        ("列 column", Align::Left),
        ("原因 reason", Align::Left),
        ("应当如何 what would be right", Align::Left),
    ]);
    for verdict in verdicts {
        let known = fields.iter().find(|field| field.proto == verdict.field);
        let column = known.map_or_else(|| verdict.field.clone(), |field| field.label());
        let reason = reason_name(verdict.reason());
        grid.row([
            verdict.row.to_string(),
            column,
            reason.to_owned(),
            verdict.message_zh.clone(),
        ]);
        grid.row([
            String::new(),
            String::new(),
            String::new(),
            verdict.message.clone(),
        ]);
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_shown_with_the_columns_of_the_file_in_both_languages() {
        let verdict = RowVerdict {
            row: 7,
            field: "identity_number".into(),
            reason: junheng_proto::error::v1::Reason::CheckDigitWrong as i32,
            message: "the last digit should be 4".into(),
            message_zh: "末位应为4".into(),
        };
        let text = table(Kind::Students, &[&verdict]).to_string();
        for part in [
            "身份证件号 (identity_number)",
            "CHECK_DIGIT_WRONG",
            "末位应为4",
            "should be 4",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(rows_of(&[verdict.clone(), verdict]), 1);
    }
}
