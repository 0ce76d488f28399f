//! What an export may ask for, and who may download it: pure.

use chrono::NaiveDate;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::workflow::{Unmet, check_reason};
use junheng_proto::registration::v1::{Export, ExportFilter};

use super::columns::{COLUMNS, Column};
use super::workflow::{Guard, State, state_name, state_of};
use crate::approval::error::ApprovalError;
use crate::approval::{self, Held};
use crate::entity::export::Model;

/// Everything that is wrong with an export as it is asked for.
pub(crate) fn check(export: &Export) -> Vec<Violation> {
    let name = |short: &str| format!("junheng.registration.v1.Export.{short}");
    let mut wrong = check_reason("export.purpose", &export.purpose);
    wrong.extend(label::check("export.kind", &name("Kind"), export.kind));
    if export.encoding != 0 {
        wrong.extend(label::check(
            "export.encoding",
            &name("Encoding"),
            export.encoding,
        ));
    }
    for (index, column) in export.columns.iter().enumerate() {
        let twice = export.columns[..index].contains(column);
        if twice || Column::named(column).is_none() {
            let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
            let names = names.join(", ");
            wrong.push(Violation::invalid(
                &format!("export.columns[{index}]"),
                format!("must be one of {names}, each once"),
                format!("应为以下各项之一且不重复:{names}"),
            ));
        }
    }
    wrong.extend(approval::check_fields(
        "export.clear_fields",
        &export.clear_fields,
    ));
    let filter = export.filter.unwrap_or_default();
    wrong.extend(check_filter(&filter));
    wrong
}

fn check_filter(filter: &ExportFilter) -> Vec<Violation> {
    let mut wrong = Vec::new();
    if filter.stage != 0 {
        let full_name = "junheng.education.v1.Stage";
        wrong.extend(label::check("export.filter.stage", full_name, filter.stage));
    }
    if filter.state != 0 {
        let full_name = "junheng.registration.v1.Student.State";
        wrong.extend(label::check("export.filter.state", full_name, filter.state));
    }
    if !(0..=12).contains(&filter.grade) {
        wrong.push(Violation::invalid(
            "export.filter.grade",
            "must be a grade, or 0 for all",
            "应为年级,0 表示全部",
        ));
    }
    wrong
}

/// Whether a guard lets a step pass. `evidence` counts the pieces beside the step.
pub(crate) fn judge(guard: Guard, note: &str, evidence: usize) -> Result<(), Unmet> {
    match guard {
        Guard::ReasonGiven => approval::reason_given(note),
        Guard::WrittenApproval if evidence > 0 => Ok(()),
        Guard::WrittenApproval => Err(Unmet::Missing(
            "the written approval of the education department must be among the evidence (教基一〔2013〕7号)".into(),
            "须附主管部门书面批准材料(教基一〔2013〕7号)".into(),
        )),
    }
}

/// Whether somebody may download an export.
pub(crate) fn check_use(
    name: &str,
    export: &Model,
    account: &str,
    post: &str,
    today: NaiveDate,
) -> Result<(), ApprovalError> {
    let state: State = state_of(export.state);
    let held = Held {
        name,
        holder: &export.holder,
        holder_post: &export.holder_post,
        in_force: state == State::Approved,
        state: (label::of(state), state_name(state)),
        until: &export.expire_date,
    };
    approval::check_use(&held, account, post, today)
}

/// What the last column of every row and the last line of the file say.
pub(crate) fn watermark(
    display_name: &str,
    account: &str,
    minute: &str,
    download: &str,
    export: &str,
) -> String {
    format!("{display_name} {account} {minute} {export} {download}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_proto::registration::v1::export::Kind;

    fn wrong(change: impl FnOnce(&mut Export)) -> Vec<String> {
        let mut export = Export {
            purpose: "毕业班资格核对".into(),
            kind: Kind::Students as i32,
            columns: vec!["display_name".into(), "grade".into()],
            ..Export::default()
        };
        change(&mut export);
        check(&export)
            .into_iter()
            .map(|wrong| wrong.field)
            .collect()
    }

    #[test]
    fn an_export_says_what_for_and_names_columns_that_exist() {
        assert!(wrong(|_| {}).is_empty());
        assert!(wrong(|export| export.columns.clear()).is_empty());
        assert_eq!(wrong(|export| export.purpose.clear()), ["export.purpose"]);
        assert_eq!(wrong(|export| export.kind = 0), ["export.kind"]);
        assert_eq!(
            wrong(|export| export.columns[1] = "personal".into()),
            ["export.columns[1]"]
        );
        assert_eq!(
            wrong(|export| export.columns[1] = "display_name".into()),
            ["export.columns[1]"]
        );
        assert_eq!(
            wrong(|export| export.clear_fields = vec![9]),
            ["export.clear_fields"]
        );
        let filter = ExportFilter {
            stage: 9,
            grade: -1,
            state: 99,
        };
        assert_eq!(wrong(|export| export.filter = Some(filter)).len(), 3);
    }

    #[test]
    fn an_approval_is_in_writing() {
        assert!(judge(Guard::WrittenApproval, "", 1).is_ok());
        assert!(judge(Guard::WrittenApproval, "同意", 0).is_err());
        assert!(judge(Guard::ReasonGiven, "", 1).is_err());
    }
}
