//! What a teacher's entry must look like.

use chrono::NaiveDate;
use junheng_kernel::fault::Violation;
use junheng_kernel::text::check_text;
use junheng_kernel::{identity_number, label};

/// A teacher as a call or a row gives it, decoded. Codes are the contract's numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The name.
    pub display_name: String,
    /// The resident identity number, normalised.
    pub identity_number: String,
    /// The sex.
    pub sex: i32,
    /// What may change.
    pub employment: Employment,
}

/// What a teacher does at the school; all of it may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Employment {
    /// The stage actually taught.
    pub stage: i32,
    /// The kind of position (岗位类别).
    pub position: i32,
    /// The subject taught most.
    pub subject: i32,
    /// The highest education (学历).
    pub education: i32,
    /// The professional title (专业技术职务).
    pub title: i32,
    /// The backbone level (骨干教师级别).
    pub backbone: i32,
    /// Holds the certificate for the stage.
    pub certified: bool,
}

/// A field that holds a code: its name, its enum in the contract, and the way to it.
type CodeField = (&'static str, &'static str, fn(&Employment) -> i32);

#[rustfmt::skip]
const CODES: &[CodeField] = &[
    ("stage",     "junheng.education.v1.Stage",            |given| given.stage),
    ("position",  "junheng.staffing.v1.Teacher.Position",  |given| given.position),
    ("subject",   "junheng.staffing.v1.Teacher.Subject",   |given| given.subject),
    ("education", "junheng.staffing.v1.Teacher.Education", |given| given.education),
    ("title",     "junheng.staffing.v1.Teacher.Title",     |given| given.title),
    ("backbone",  "junheng.staffing.v1.Teacher.Backbone",  |given| given.backbone),
];

/// Everything that is wrong with a draft on the day `today`.
pub fn check(draft: &Draft, today: NaiveDate) -> Vec<Violation> {
    let mut wrong = Vec::new();
    if !(1..=50).contains(&draft.display_name.chars().count()) {
        wrong.push(Violation::invalid(
            "display_name",
            "must have 1 to 50 characters",
            "应为1至50个字",
        ));
    }
    wrong.extend(check_text("display_name", &draft.display_name));
    check_identity(draft, today, &mut wrong);
    wrong.extend(check_employment(&draft.employment));
    wrong
}

/// Everything that is wrong with what may change.
pub fn check_employment(employment: &Employment) -> Vec<Violation> {
    CODES
        .iter()
        .filter_map(|(field, full_name, code)| label::check(field, full_name, code(employment)))
        .collect()
}

fn check_identity(draft: &Draft, today: NaiveDate, wrong: &mut Vec<Violation>) {
    let unknown_sex = label::check("sex", "junheng.education.v1.Sex", draft.sex);
    let sex_is_known = unknown_sex.is_none();
    wrong.extend(unknown_sex);
    if draft.identity_number.is_empty() {
        return wrong.push(Violation::required("identity_number"));
    }
    match identity_number::read("identity_number", &draft.identity_number, today) {
        Err(violation) => wrong.push(violation),
        Ok(holder) if sex_is_known && holder.sex != draft.sex => wrong.push(Violation::invalid(
            "sex",
            "does not agree with the identity number",
            "与身份证件号不符",
        )),
        Ok(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use junheng_kernel::label;
    use junheng_proto::error::v1::Reason;

    use super::*;

    fn draft() -> Draft {
        Draft {
            display_name: "王小明".into(),
            identity_number: "620422201403150019".into(),
            sex: 1,
            employment: Employment {
                stage: 1,
                position: 1,
                subject: 11,
                education: 3,
                title: 4,
                backbone: 3,
                certified: true,
            },
        }
    }

    fn wrong(draft: &Draft) -> Vec<(String, Reason)> {
        check(draft, NaiveDate::from_ymd_opt(2026, 11, 21).unwrap())
            .into_iter()
            .map(|violation| (violation.field, violation.reason))
            .collect()
    }

    #[test]
    fn a_whole_entry_passes() {
        assert_eq!(wrong(&draft()), []);
    }

    #[test]
    fn a_name_with_a_control_character_is_refused() {
        let expected = ("display_name".to_owned(), Reason::FieldInvalid);
        let display_name = "王\u{0}明".to_owned();
        let draft = Draft {
            display_name,
            ..draft()
        };
        assert_eq!(wrong(&draft), [expected]);
    }

    #[test]
    fn every_code_must_be_set_and_known() {
        let employment = Employment {
            subject: 98,
            ..Employment::default()
        };
        let found = wrong(&Draft {
            employment,
            ..draft()
        });
        let expected = CODES.iter().map(|(field, _, _)| {
            let reason = match *field {
                "subject" => Reason::FieldInvalid,
                _ => Reason::FieldRequired,
            };
            ((*field).to_owned(), reason)
        });
        assert_eq!(found, expected.collect::<Vec<_>>());
    }

    #[test]
    fn a_number_that_does_not_add_up_and_a_sex_that_contradicts_it_are_named() {
        let mistyped = Draft {
            identity_number: "620422201403150018".into(),
            ..draft()
        };
        let expected = ("identity_number".to_owned(), Reason::CheckDigitWrong);
        assert_eq!(wrong(&mistyped), [expected]);
        let expected = ("sex".to_owned(), Reason::FieldInvalid);
        assert_eq!(wrong(&Draft { sex: 2, ..draft() }), [expected]);
        let expected = ("identity_number".to_owned(), Reason::FieldRequired);
        let nameless = Draft {
            identity_number: String::new(),
            ..draft()
        };
        assert_eq!(wrong(&nameless), [expected]);
    }

    #[test]
    fn the_codes_are_read_from_enums_of_the_contract() {
        for (field, full_name, _) in CODES {
            assert_ne!(label::by_number(full_name, 1), "", "{field}");
        }
    }
}
