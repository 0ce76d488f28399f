use std::collections::BTreeSet;

use junheng_proto::POOL;

use super::*;

fn draft(kind: IdentityType, number: &str) -> Draft {
    Draft {
        display_name: "马小花".into(),
        identity_type: kind as i32,
        identity_number: normalize(number),
        sex: 2,
        birth_date: "2012-01-01".into(),
        ethnicity: "03".into(),
        student_number: String::new(),
    }
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2018, 9, 1).unwrap()
}

fn passes(kind: IdentityType, number: &str) -> bool {
    check(&draft(kind, number), today()).is_empty()
}

/// Seventeen digits with their check character.
fn checked(digits: &str) -> String {
    let check = identity_number::check_character(digits).unwrap();
    format!("{digits}{check}")
}

#[test]
fn every_kind_of_the_contract_has_a_shape_and_a_code_of_exchange() {
    let kinds = POOL.get_enum_by_name(KIND).unwrap();
    let mut codes = BTreeSet::new();
    for kind in kinds
        .values()
        .map(|value| value.number())
        .filter(|number| *number != 0)
    {
        let code = exchange_code(kind, "H12345678");
        assert!(!code.is_empty(), "{kind}");
        codes.insert(code);
    }
    let standard = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "Z"];
    assert_eq!(codes, BTreeSet::from(standard));
}

#[test]
fn each_kind_of_document_has_its_shape() {
    for (kind, number, fits) in [
        (IdentityType::HongKongMacaoPermit, "h12345678", true),
        (IdentityType::HongKongMacaoPermit, "K12345678", false),
        (IdentityType::TaiwanPermit, "12345678", true),
        (IdentityType::TaiwanPermit, "1234567", false),
        (IdentityType::Passport, "e12345678", true),
        (IdentityType::Passport, "E 1234", false),
        (IdentityType::Passport, "", false),
        (IdentityType::HongKongPassport, "K01234567", true),
        (IdentityType::MacaoPassport, "MA0123456", true),
        (IdentityType::ForeignerCard, "USA123456789012", true),
        (IdentityType::ForeignerCard, "US1123456789012", false),
        (IdentityType::ForeignerCard, "USA12345678901", false),
        (IdentityType::HouseholdBooklet, "630103001", true),
        (IdentityType::Other, "A-12", false),
        (IdentityType::Other, "A123", true),
        (IdentityType::None, "", true),
        (IdentityType::None, "1", false),
        (IdentityType::OfficerCard, "12345678", false),
        (IdentityType::SoldierCard, "12345678", false),
        (IdentityType::Unspecified, "1", false),
    ] {
        assert_eq!(passes(kind, number), fits, "{kind:?} {number}");
    }
}

#[test]
fn permits_and_foreigners_cards_of_18_characters_are_checked_like_resident_numbers() {
    let girl = |number: &str, kind| Draft {
        birth_date: "2012-01-01".into(),
        ..draft(kind, number)
    };
    for (digits, kind) in [
        ("81000020120101002", IdentityType::ResidencePermit),
        ("83000020120101002", IdentityType::ResidencePermit),
        ("91100020120101002", IdentityType::ForeignerCard),
        ("63010320120101002", IdentityType::ResidentCard),
    ] {
        let number = checked(digits);
        assert_eq!(check(&girl(&number, kind), today()), [], "{number}");
        let mut boy = girl(&number, kind);
        boy.sex = 1;
        assert_eq!(check(&boy, today())[0].field, "sex", "{number}");
        let wrong = format!("{digits}{}", if number.ends_with('1') { '2' } else { '1' });
        let found = check(&girl(&wrong, kind), today());
        assert_eq!(
            found[0].reason,
            junheng_proto::error::v1::Reason::CheckDigitWrong,
            "{wrong}"
        );
        assert!(is_usable(kind as i32, &number));
    }
    let mainland = checked("63010320120101002");
    let wrong = check(&girl(&mainland, IdentityType::ResidencePermit), today());
    assert_eq!(wrong[0].field, "identity_type");
}

#[test]
fn a_resident_number_under_another_kind_is_refused_with_what_would_be_right() {
    let resident = checked("63010320120101002");
    for kind in [
        IdentityType::Passport,
        IdentityType::Other,
        IdentityType::HouseholdBooklet,
        IdentityType::HongKongPassport,
    ] {
        let wrong = check(&draft(kind, &resident), today());
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].field, "identity_type");
        assert!(wrong[0].why_zh.contains("1 居民身份证"), "{:?}", wrong[0]);
    }
    let permit = checked("81000020120101002");
    let wrong = check(&draft(IdentityType::ResidentCard, &permit), today());
    assert!(
        wrong[0].why_zh.contains("港澳台居民居住证"),
        "{:?}",
        wrong[0]
    );
    assert!(
        passes(IdentityType::Passport, "123456789012345678"),
        "no true resident number"
    );
}

#[test]
fn what_the_document_tells_of_hong_kong_macao_and_taiwan_is_kept() {
    let code = |kind: IdentityType, number| {
        (
            exchange_code(kind as i32, number),
            overseas_code(kind as i32, number),
        )
    };
    assert_eq!(
        code(IdentityType::ResidencePermit, "820000201201010013"),
        ("7", "03")
    );
    assert_eq!(
        code(IdentityType::HongKongMacaoPermit, "H12345678"),
        ("6", "01")
    );
    assert_eq!(code(IdentityType::TaiwanPermit, "12345678"), ("8", "05"));
    assert_eq!(
        code(IdentityType::ResidentCard, "630103201201010013"),
        ("1", "")
    );
}

#[test]
fn a_resident_begins_with_l_who_has_no_number_with_j_and_who_has_one_keeps_it() {
    let resident = draft(IdentityType::ResidentCard, "42900420130909108x");
    let given = student_number(&resident, Uuid::now_v7());
    assert!(
        given.starts_with('L') && number::is_number(&given),
        "{given}"
    );
    assert!(!given.contains("429004"), "no relation to the document");
    for kind in [
        IdentityType::None,
        IdentityType::Passport,
        IdentityType::HouseholdBooklet,
    ] {
        let given = student_number(&draft(kind, ""), Uuid::now_v7());
        assert!(
            given.starts_with('J') && number::is_number(&given),
            "{given}"
        );
    }
    let with_number = Draft {
        student_number: " g42900420130909108x".into(),
        ..resident
    };
    assert_eq!(
        student_number(&with_number, Uuid::now_v7()),
        "G42900420130909108X"
    );
}

#[test]
fn an_area_code_out_of_force_and_a_formal_number_of_another_make_are_warned_of() {
    let regions = RegionTable::builtin();
    let fields = |number: &str, student_number: &str| {
        let draft = Draft {
            student_number: student_number.into(),
            ..draft(IdentityType::ResidentCard, number)
        };
        let found = warnings(&regions, &draft);
        found
            .into_iter()
            .map(|warning| warning.field)
            .collect::<Vec<_>>()
    };
    let in_force = checked("63010320120101002");
    assert_eq!(fields(&in_force, ""), Vec::<String>::new());
    assert_eq!(
        fields(&in_force, &format!("G{in_force}")),
        Vec::<String>::new()
    );
    assert_eq!(fields(&in_force, "G42900420130909108X"), ["student_number"]);
    assert_eq!(
        fields(&checked("63011120120101002"), ""),
        ["identity_number"]
    );
    assert_eq!(
        fields(&checked("63999920120101002"), ""),
        ["identity_number"]
    );
}

#[test]
fn kinds_of_documents_do_not_meet_in_the_hash_and_one_number_does() {
    let keys = Keyring::generate().unwrap();
    let school = Uuid::now_v7();
    let index = index_of(&keys).unwrap();
    let hash = |kind, number, school| hash(index, &draft(kind, number), school);
    let permit = hash(IdentityType::TaiwanPermit, "12345678", school);
    assert_eq!(
        permit,
        hash(IdentityType::TaiwanPermit, " 12345678", Uuid::now_v7())
    );
    assert_ne!(permit, hash(IdentityType::Passport, "12345678", school));
    let none = hash(IdentityType::None, "", school);
    assert_eq!(none, hash(IdentityType::None, "", school));
    assert_ne!(none, hash(IdentityType::None, "", Uuid::now_v7()));

    let number = checked("81000020120101002");
    let resident = hash(IdentityType::ResidencePermit, &number, school);
    assert!(hashes_of_number(index, &number).contains(&resident));
    assert!(hashes_of_number(index, "12345678").contains(&permit));
    let booklet = draft(IdentityType::HouseholdBooklet, "630103001");
    let sister = Draft {
        display_name: "马小草".into(),
        ..booklet.clone()
    };
    let of = |draft| super::hash(index, draft, school);
    assert_ne!(of(&booklet), of(&sister), "a booklet is the family's");
}

#[test]
fn every_tested_number_is_taken_or_refused_for_what_it_is() {
    let vectors = include_str!("../../../../kernel/data/identity_numbers_tested.tsv");
    for line in vectors.lines().skip(1) {
        let (number, verdict) = line.split_once('\t').unwrap();
        let kind = kind_by_number(&normalize(number), today());
        assert_eq!(kind.is_some(), verdict == "ok", "{number}");
    }
}
