//! The rules of accounts and posts that need no database.

use junheng_kernel::fault::Violation;
use junheng_proto::identity::v1::{Department, Duty, Post};

/// Duties by whether they stand alone: an account that holds one of these holds posts of no other duty.
const STANDS_ALONE: &[(Duty, bool)] = &[
    (Duty::Clerk, false),
    (Duty::Approver, false),
    (Duty::Inspector, false),
    (Duty::Partner, false),
    (Duty::System, true),
    (Duty::Security, true),
    (Duty::Audit, true),
];

/// Characters of a sign-in name.
const NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=64;

/// Characters of a person's or system's name.
const DISPLAY_LENGTH: std::ops::RangeInclusive<usize> = 1..=50;

/// Characters of a password.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 12..=128;

/// Whether an account may hold `duty` beside the duties it holds.
pub fn may_join(held: impl IntoIterator<Item = Duty>, duty: Duty) -> bool {
    held.into_iter()
        .all(|other| other == duty || !stands_alone(other) && !stands_alone(duty))
}

fn stands_alone(duty: Duty) -> bool {
    // A duty that the table does not know is held by no account.
    STANDS_ALONE
        .iter()
        .find(|(found, _)| *found == duty)
        .is_none_or(|(_, alone)| *alone)
}

/// Whether accounts can have this name to sign in with.
pub fn is_sign_in_name(name: &str) -> bool {
    let allowed = |letter: u8| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"._-".contains(&letter)
    };
    NAME_LENGTH.contains(&name.len()) && name.bytes().all(allowed)
}

/// Whether accounts can have this password.
pub fn is_password(password: &str) -> bool {
    PASSWORD_LENGTH.contains(&password.chars().count())
}

/// What is wrong with a new account.
pub fn check_new(sign_in_name: &str, display_name: &str, password: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    if !is_sign_in_name(sign_in_name) {
        violations.push(Violation::invalid(
            "account.sign_in_name",
            "must be 3 to 64 of a-z, 0-9, '.', '_' and '-'",
            "应为3至64位小写字母、数字、点、下划线或连字符",
        ));
    }
    if !DISPLAY_LENGTH.contains(&display_name.chars().count()) {
        violations.push(Violation::invalid(
            "account.display_name",
            "must have 1 to 50 characters",
            "应为1至50个字",
        ));
    }
    violations.extend(check_password("password", password));
    violations
}

/// What is wrong with another password for an account, before it is known whether `present` is the present one.
pub fn check_change(present: &str, new: &str) -> Vec<Violation> {
    let mut violations: Vec<Violation> = check_password("password", present).into_iter().collect();
    violations.extend(check_password("new_password", new));
    if violations.is_empty() && present == new {
        violations.push(Violation::invalid(
            "new_password",
            "must be another one than the present one",
            "应与现有口令不同",
        ));
    }
    violations
}

fn check_password(field: &str, password: &str) -> Option<Violation> {
    let (why, why_zh) = ("must have 12 to 128 characters", "应为12至128个字符");
    (!is_password(password)).then(|| Violation::invalid(field, why, why_zh))
}

/// What is wrong with the level, duty and department of a post to give.
pub fn check_post(post: &Post) -> Vec<Violation> {
    let mut violations = Vec::new();
    let known = STANDS_ALONE
        .iter()
        .any(|(duty, _)| *duty as i32 == post.duty);
    if !known {
        violations.push(Violation::invalid(
            "post.duty",
            "must be a duty that accounts can hold",
            "应为账号可担任的职责",
        ));
    }
    if !(1..=4).contains(&post.level) {
        violations.push(Violation::invalid(
            "post.level",
            "must be school, county, city or province",
            "应为学校、县级、市级或省级",
        ));
    }
    let is_partner = post.duty == Duty::Partner as i32;
    let names_one = Department::try_from(post.department)
        .is_ok_and(|department| department != Department::Unspecified);
    match (is_partner, names_one) {
        (true, false) => violations.push(Violation::invalid(
            "post.department",
            "must be the department whose system the partner is",
            "协同系统岗位应指明所属部门",
        )),
        (false, _) if post.department != 0 => violations.push(Violation::invalid(
            "post.department",
            "must be empty: only a partner is a department's system",
            "仅协同系统岗位可指明部门",
        )),
        _ => {}
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_kernel::post::DUTIES;

    #[test]
    fn an_administrator_holds_no_other_duty() {
        for administrator in [Duty::System, Duty::Security, Duty::Audit] {
            for other in DUTIES.into_iter().filter(|duty| *duty != administrator) {
                assert!(
                    !may_join([administrator], other),
                    "{administrator:?} {other:?}"
                );
                assert!(
                    !may_join([other], administrator),
                    "{other:?} {administrator:?}"
                );
            }
            assert!(may_join([], administrator));
            assert!(may_join([administrator], administrator));
        }
        assert!(may_join([Duty::Clerk, Duty::Approver], Duty::Inspector));
    }

    #[test]
    fn every_duty_of_accounts_stands_in_the_table() {
        for duty in DUTIES {
            let listed = STANDS_ALONE
                .iter()
                .filter(|(found, _)| *found == duty)
                .count();
            assert_eq!(listed, usize::from(duty != Duty::Service), "{duty:?}");
        }
        let service = Post {
            level: 2,
            duty: Duty::Service.into(),
            ..Default::default()
        };
        assert_eq!(check_post(&service)[0].field, "post.duty");
    }

    #[test]
    fn a_partner_is_the_system_of_one_department_and_nobody_else_is() {
        let of = |duty: Duty, department: i32| {
            let post = Post {
                level: 2,
                duty: duty.into(),
                department,
                ..Default::default()
            };
            check_post(&post)
        };
        assert!(of(Duty::Partner, Department::CivilAffairs.into()).is_empty());
        assert!(of(Duty::Clerk, 0).is_empty());
        for (duty, department) in [(Duty::Partner, 0), (Duty::Partner, 77), (Duty::Clerk, 1)] {
            let wrong = of(duty, department);
            assert_eq!(wrong[0].field, "post.department", "{duty:?} {department}");
        }
    }

    #[test]
    fn another_password_is_as_long_as_the_first_and_not_the_same() {
        let fields = |present: &str, new: &str| -> Vec<String> {
            let wrong = check_change(present, new);
            wrong.into_iter().map(|one| one.field).collect()
        };
        assert!(fields("a long password", "another password").is_empty());
        assert_eq!(
            fields("a long password", "a long password"),
            ["new_password"]
        );
        assert_eq!(fields("", "short"), ["password", "new_password"]);
    }

    #[test]
    fn bad_input_names_the_field_and_what_would_be_right() {
        assert!(check_new("county.63-1_a", "王小明", "a long password").is_empty());
        for (name, display, password, field) in [
            ("ab", "王", "a long password", "account.sign_in_name"),
            ("Upper", "王", "a long password", "account.sign_in_name"),
            (
                "with space",
                "王",
                "a long password",
                "account.sign_in_name",
            ),
            ("right", "", "a long password", "account.display_name"),
            ("right", "王", "short", "password"),
        ] {
            let violations = check_new(name, display, password);
            assert_eq!(violations.len(), 1);
            assert_eq!(violations[0].field, field);
        }
    }
}
