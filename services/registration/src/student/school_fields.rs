//! What the school itself says of a student: what it must look like, and what a row of an import leaves as it stands.

use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::privacy::mask;
use junheng_kernel::text::check_text;
use junheng_proto::registration::v1::StudentRow;

use super::person::Person;
use crate::entity::student::Model;

/// Characters of a guardian's name.
const LONGEST_NAME: usize = 50;
/// Digits of a phone number.
const MOST_DIGITS: usize = 20;
/// Characters of where a family lives.
const LONGEST_RESIDENCE: usize = 200;
/// What every mask has, and nothing that people write.
const STARS: &str = "***";

/// What the school itself says about a student.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SchoolFields {
    pub(crate) boarder: bool,
    pub(crate) migrant: bool,
    pub(crate) left_behind: bool,
    pub(crate) disability: i32,
    pub(crate) placement: i32,
    pub(crate) hardship: bool,
    pub(crate) guardian_display_name: String,
    pub(crate) guardian_phone: String,
    pub(crate) residence: String,
}

/// What a row of an import says of it. What the row does not have is left as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GivenFields {
    boarder: Option<bool>,
    migrant: Option<bool>,
    left_behind: Option<bool>,
    disability: Option<i32>,
    placement: Option<i32>,
    hardship: Option<bool>,
    guardian_display_name: Option<String>,
    guardian_phone: Option<String>,
    residence: Option<String>,
}

/// How a family is reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contact<'a> {
    pub(crate) guardian_display_name: &'a str,
    pub(crate) guardian_phone: &'a str,
    pub(crate) residence: &'a str,
}

// === impl Contact ===

impl Contact<'_> {
    /// Everything that is wrong with it. A mask is no phone and no residence.
    pub(crate) fn check(self) -> Vec<Violation> {
        let mut wrong = Vec::new();
        let name = self.guardian_display_name;
        wrong.extend(check_length("guardian_display_name", name, LONGEST_NAME));
        wrong.extend(check_phone(self.guardian_phone));
        wrong.extend(check_length("residence", self.residence, LONGEST_RESIDENCE));
        if is_masked(self.residence) {
            wrong.push(Violation::invalid(
                "residence",
                "is masked; give it whole",
                "为脱敏内容,请填写完整住址",
            ));
        }
        wrong
    }
}

// === impl SchoolFields ===

impl SchoolFields {
    /// What stands in a row whose sealed part has been opened.
    pub(super) fn of(row: &Model, person: &Person) -> Self {
        Self {
            boarder: row.boarder,
            migrant: row.migrant,
            left_behind: row.left_behind,
            disability: row.disability,
            placement: row.placement,
            hardship: row.hardship,
            guardian_display_name: person.guardian_display_name.clone(),
            guardian_phone: person.guardian_phone.clone(),
            residence: person.residence.clone(),
        }
    }

    /// Everything that is wrong with it.
    pub(super) fn check(&self) -> Vec<Violation> {
        let contact = Contact {
            guardian_display_name: &self.guardian_display_name,
            guardian_phone: &self.guardian_phone,
            residence: &self.residence,
        };
        let mut wrong = contact.check();
        wrong.extend(check_disability("disability", self.disability));
        wrong.extend(check_placement(self.disability, self.placement));
        wrong
    }

    /// The same with the phone and the residence that come back masked as they stand.
    pub(super) fn unmasked(mut self, person: &Person) -> Self {
        if self.guardian_phone == mask::phone(&person.guardian_phone) {
            self.guardian_phone.clone_from(&person.guardian_phone);
        }
        if self.residence == mask::address(&person.residence) {
            self.residence.clone_from(&person.residence);
        }
        self
    }
}

// === impl GivenFields ===

impl GivenFields {
    /// What a row has; the row is left without it.
    pub(super) fn of(row: &mut StudentRow) -> Self {
        Self {
            boarder: row.boarder,
            migrant: row.migrant,
            left_behind: row.left_behind,
            disability: row.disability,
            placement: row.placement,
            hardship: row.hardship,
            guardian_display_name: row.guardian_display_name.take(),
            guardian_phone: row.guardian_phone.take(),
            residence: row.residence.take(),
        }
    }

    /// Everything that is wrong with it by itself. What is masked waits for what stands.
    pub(super) fn check(&self) -> Vec<Violation> {
        self.over(SchoolFields::default()).without_masks().check()
    }

    /// What a new record says.
    pub(super) fn of_new(&self) -> SchoolFields {
        self.over(SchoolFields::default()).without_masks()
    }

    /// What stands, with what the row has in its place. Who has no disability has no placement for it.
    pub(super) fn over(&self, standing: SchoolFields) -> SchoolFields {
        let given = self.clone();
        let disability = given.disability.unwrap_or(standing.disability);
        let kept = if disability == 0 {
            0
        } else {
            standing.placement
        };
        SchoolFields {
            boarder: given.boarder.unwrap_or(standing.boarder),
            migrant: given.migrant.unwrap_or(standing.migrant),
            left_behind: given.left_behind.unwrap_or(standing.left_behind),
            disability,
            placement: given.placement.unwrap_or(kept),
            hardship: given.hardship.unwrap_or(standing.hardship),
            guardian_display_name: given
                .guardian_display_name
                .unwrap_or(standing.guardian_display_name),
            guardian_phone: given.guardian_phone.unwrap_or(standing.guardian_phone),
            residence: given.residence.unwrap_or(standing.residence),
        }
    }
}

impl SchoolFields {
    /// A mask tells nothing of somebody who has no record yet.
    fn without_masks(mut self) -> Self {
        for text in [&mut self.guardian_phone, &mut self.residence] {
            if is_masked(text) {
                text.clear();
            }
        }
        self
    }
}

/// What is wrong with a kind of disability; 0 is none.
pub(crate) fn check_disability(field: &str, disability: i32) -> Option<Violation> {
    let full_name = "junheng.registration.v1.Student.Disability";
    label::check(field, full_name, disability).filter(|_| disability != 0)
}

fn check_placement(disability: i32, placement: i32) -> Option<Violation> {
    if placement == 0 {
        return None;
    }
    if disability == 0 {
        return Some(Violation::invalid(
            "placement",
            "is how a disabled student is taught; give the kind of disability too",
            "为残疾学生的就读方式,须同时填写残疾类别",
        ));
    }
    let full_name = "junheng.registration.v1.Student.Placement";
    label::check("placement", full_name, placement)
}

fn check_phone(phone: &str) -> Option<Violation> {
    let groups = phone.strip_prefix('+').unwrap_or(phone);
    let digits = groups.bytes().filter(u8::is_ascii_digit).count();
    let whole = groups
        .split('-')
        .all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    let fits = phone.is_empty() || (whole && digits <= MOST_DIGITS);
    (!fits).then(|| {
        Violation::invalid(
            "guardian_phone",
            format!("must be at most {MOST_DIGITS} digits, with or without + before and - between"),
            format!("应为不超过{MOST_DIGITS}位的数字,可带“+”和“-”"),
        )
    })
}

fn check_length(field: &str, text: &str, most: usize) -> Option<Violation> {
    if text.chars().count() > most {
        return Some(Violation::invalid(
            field,
            format!("must have at most {most} characters"),
            format!("不得超过{most}字"),
        ));
    }
    check_text(field, text)
}

fn is_masked(text: &str) -> bool {
    text.contains(STARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(fields: &SchoolFields) -> Vec<String> {
        let wrong = fields.check().into_iter();
        wrong.map(|wrong| wrong.field).collect()
    }

    #[test]
    fn a_phone_is_digits_and_nothing_else() {
        let phone = |phone: &str| {
            wrong(&SchoolFields {
                guardian_phone: phone.into(),
                ..SchoolFields::default()
            })
        };
        for good in [
            "",
            "13800005678",
            "+86-138-0000-5678",
            "0971-1234567",
            &"1".repeat(20),
        ] {
            assert_eq!(phone(good), Vec::<String>::new(), "{good}");
        }
        for bad in [
            "abc",
            "1\0",
            "138****5678",
            "-1",
            "1-",
            "+",
            "1--2",
            &"1".repeat(21),
        ] {
            assert_eq!(phone(bad), ["guardian_phone"], "{bad:?}");
        }
    }

    #[test]
    fn what_is_too_long_unreadable_or_no_code_is_named() {
        let fields = SchoolFields {
            guardian_display_name: "马".repeat(51),
            residence: "城\0".into(),
            disability: 77,
            ..SchoolFields::default()
        };
        assert_eq!(
            wrong(&fields),
            ["guardian_display_name", "residence", "disability"]
        );
        for (disability, placement) in [(0, 3), (1, 77), (-1, 0)] {
            let fields = SchoolFields {
                disability,
                placement,
                ..SchoolFields::default()
            };
            assert_eq!(wrong(&fields).len(), 1, "{disability} {placement}");
        }
        let long = SchoolFields {
            residence: "路".repeat(201),
            ..SchoolFields::default()
        };
        assert_eq!(wrong(&long), ["residence"]);
    }

    #[test]
    fn a_row_leaves_as_it_stands_what_it_does_not_have_and_empties_what_it_has_empty() {
        let standing = SchoolFields {
            boarder: true,
            disability: 1,
            placement: 1,
            hardship: true,
            guardian_phone: "13800005678".into(),
            ..SchoolFields::default()
        };
        assert_eq!(GivenFields::default().over(standing.clone()), standing);
        let given = GivenFields {
            boarder: Some(false),
            disability: Some(0),
            guardian_phone: Some(String::new()),
            ..GivenFields::default()
        };
        let expected = SchoolFields {
            hardship: true,
            ..SchoolFields::default()
        };
        assert_eq!(given.over(standing), expected);
    }
}
