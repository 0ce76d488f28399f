//! Phones of the persons responsible: answers show them masked, so that a line that is sent back as it was read has masked ones. The
//! number that stands is put back, from whatever seat the person had; a masked one of nobody is refused, for it is no number. Pure.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::privacy::mask;
use junheng_proto::registration::v1::{OfficialLine, ResponsiblePerson, SchoolLine};

use super::content::Content;

/// A seat by its field, as requests name it.
type Seat<'a> = (&'static str, &'a mut Option<ResponsiblePerson>);

/// The lines with the numbers that stand. Fails with `FIELD_INVALID` for a masked one that stands nowhere, or for two.
pub(super) fn restored(
    mut official: OfficialLine,
    mut school: SchoolLine,
    standing: &Content,
) -> Result<(OfficialLine, SchoolLine), KernelError> {
    let mut old_official = standing.official_line.clone().unwrap_or_default();
    let mut old_school = standing.school_line.clone().unwrap_or_default();
    let known: Vec<(&str, ResponsiblePerson)> = seats(&mut old_official, &mut old_school)
        .into_iter()
        .filter_map(|(seat, person)| Some((seat, person.take()?)))
        .collect();
    let mut wrong = Vec::new();
    for (seat, person) in seats(&mut official, &mut school) {
        let Some(person) = person.as_mut().filter(|one| one.phone.contains('*')) else {
            continue;
        };
        match number_of(seat, person, &known) {
            Some(number) => person.phone = number,
            None => wrong.push(Violation::invalid(
                &format!("{seat}.phone"),
                "must be written in full: no person of the case has a number that is masked like this",
                "应填写完整电话号码:本案责任人中没有与此掩码对应的号码",
            )),
        }
    }
    KernelError::unless_empty(wrong)?;
    Ok((official, school))
}

/// The number behind a mask: that of the seat, else that of the person of the same name, else the only one that looks so.
fn number_of(
    seat: &str,
    wanted: &ResponsiblePerson,
    known: &[(&str, ResponsiblePerson)],
) -> Option<String> {
    let alike: Vec<_> = known
        .iter()
        .filter(|(_, one)| mask::phone(&one.phone) == wanted.phone)
        .collect();
    let of_seat = alike.iter().find(|(own, _)| *own == seat);
    let of_name = || {
        let mut named = alike.iter();
        named.find(|(_, one)| one.display_name == wanted.display_name)
    };
    let only = || {
        let first = alike.first()?;
        let is_one = alike.iter().all(|(_, one)| one.phone == first.1.phone);
        is_one.then_some(first)
    };
    let found = of_seat.or_else(of_name).or_else(only)?;
    Some(found.1.phone.clone())
}

fn seats<'a>(official: &'a mut OfficialLine, school: &'a mut SchoolLine) -> [Seat<'a>; 7] {
    [
        ("official_line.county", &mut official.county),
        ("official_line.township", &mut official.township),
        ("official_line.village", &mut official.village),
        ("official_line.household", &mut official.household),
        ("school_line.bureau", &mut school.bureau),
        ("school_line.head", &mut school.head),
        ("school_line.class_teacher", &mut school.class_teacher),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, phone: &str) -> Option<ResponsiblePerson> {
        Some(ResponsiblePerson {
            display_name: name.into(),
            phone: phone.into(),
            ..ResponsiblePerson::default()
        })
    }

    fn county(one: Option<ResponsiblePerson>) -> OfficialLine {
        OfficialLine {
            county: one,
            ..OfficialLine::default()
        }
    }

    fn standing() -> Content {
        Content {
            official_line: Some(OfficialLine {
                township: person("二", "13811115678"),
                village: person("三", "13822225678"),
                ..county(person("一", "13900001234"))
            }),
            school_line: Some(SchoolLine {
                head: person("一", "13900001234"),
                ..SchoolLine::default()
            }),
            ..Content::default()
        }
    }

    fn county_phone(sent: Option<ResponsiblePerson>) -> Option<String> {
        let kept = restored(county(sent), SchoolLine::default(), &standing());
        let (official, _) = kept.ok()?;
        official.county.map(|one| one.phone)
    }

    #[test]
    fn a_masked_phone_gets_its_number_back_from_whatever_seat_the_person_had() {
        let full = |text: &str| Some(text.to_owned());
        assert_eq!(
            county_phone(person("一", "139****1234")),
            full("13900001234")
        );
        assert_eq!(
            county_phone(person("三", "138****5678")),
            full("13822225678")
        );
        assert_eq!(
            county_phone(person("九", "139****1234")),
            full("13900001234")
        );
        assert_eq!(
            county_phone(person("九", "0971-6100000")),
            full("0971-6100000")
        );
        assert_eq!(county_phone(person("一", "")), full(""));
    }

    #[test]
    fn a_masked_phone_of_nobody_or_of_two_is_refused() {
        assert_eq!(county_phone(person("一", "137****1234")), None);
        assert_eq!(
            county_phone(person("九", "138****5678")),
            None,
            "two look so"
        );
        assert_eq!(county_phone(person("一", "****")), None);
    }
}
