//! Looking for pupils by name and number 姓名与号码检索.

use junheng_proto::registration::v1::search_students_request::Key;
use junheng_proto::registration::v1::{SearchStudentsRequest, Student};
use junheng_tests::classroom::Classroom;
use junheng_tests::person::{Person, child};
use junheng_tests::refusal::{answered, refused};
use junheng_tests::{Officer, Story, World, story};
use tonic::Code;

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a rare name is kept exactly and found however it is typed", |world| Box::pin(rare(world))),
    story("a name that nobody could find again is refused and never altered", |world| Box::pin(unreadable(world))),
    story("a name in parts is found by its first part and pupils of one name by the date of birth", |world| Box::pin(parts(world))),
    story("a pupil is found by identity number and student number and never by who has another county", |world| Box::pin(numbers(world))),
];

/// Names of household registers, and ways in which people type them.
#[rustfmt::skip]
const RARE: &[(&str, &[&str])] = &[
    ("王𠮷",                   &["王𠮷", " 王𠮷 "]),
    ("㛃晓雅",                 &["㛃晓雅", "㛃 晓雅"]),
    ("李䶮",                   &["李䶮"]),
    ("陈𬭎",                   &["陈𬭎"]),
    ("张𤭢",                   &["张𤭢"]),
    ("阿卜杜外力·阿卜杜如苏力", &["阿卜杜外力·阿卜杜如苏力", "阿卜杜外力•阿卜杜如苏力", "阿卜杜外力．阿卜杜如苏力", "阿卜杜外力阿卜杜如苏力", "阿卜杜外力"]),
    ("爨邯",                   &["爨邯", "爨\u{200B}邯"]),
    ("乜",                     &["乜"]),
    ("O’Brien",                &["O’Brien", "o'brien", "ＯＢＲＩＥＮ"]),
    ("ㄅ明",                   &["ㄅ明"]),
    ("陈Ａ",                   &["陈Ａ", "陈A", "陈a"]),
    ("葛\u{E0100}三",          &["葛\u{E0100}三", "葛三"]),
];

async fn rare(world: &World) {
    let room = Classroom::fresh(world).await;
    for (name, typed) in RARE {
        let student = room.register(&called(name)).await;
        assert_eq!(student.display_name, *name, "kept exactly");
        for typed in *typed {
            let found = by_name(&room.county.clerk, &room.school.name, typed, "").await;
            let names: Vec<_> = found.iter().map(|one| one.display_name.as_str()).collect();
            assert_eq!(names, [*name], "{typed}");
            assert!(found[0].identity_number.contains("***"), "masked");
        }
    }
    let other = by_name(&room.county.clerk, &room.school.name, "王吉", "").await;
    assert!(other.is_empty(), "吉 is another character than 𠮷");
}

async fn unreadable(world: &World) {
    let room = Classroom::shared(world).await;
    for name in [
        "张\u{200B}三",
        "王 五",
        "李　四",
        "刘·",
        "·刘",
        "张\u{202E}三",
        " 张三",
    ] {
        let request = room.request(&called(name));
        let answer = room.county.clerk.students().create_student(request).await;
        let refused = refused(answer, Code::InvalidArgument, "FIELD_INVALID");
        assert_eq!(refused.fields, ["display_name"], "{name:?}");
    }
}

async fn parts(world: &World) {
    let room = Classroom::fresh(world).await;
    let county = room.county.place.county.clone();
    let one = room.register(&called("买买提·吐尔逊")).await;
    let other = room.register(&called("买买提·艾力")).await;
    room.register(&called("吐尔逊·买买提")).await;
    let clerk = &room.county.clerk;
    let found = by_name(clerk, &county, "买买提", "").await;
    assert_eq!(names(&found), [one.name.as_str(), &other.name]);
    let found = by_name(clerk, &county, "买买提•吐尔逊", "").await;
    assert_eq!(names(&found), [one.name.as_str()]);

    let (first, mut second) = (called("马小明"), called("马小明"));
    while second.birth_date == first.birth_date {
        second = called("马小明");
    }
    let (first, second) = (room.register(&first).await, room.register(&second).await);
    let both = by_name(clerk, &county, "马小明", "").await;
    assert_eq!(names(&both), [first.name.as_str(), &second.name]);
    let found = by_name(clerk, &county, "马小明", &second.birth_date).await;
    assert_eq!(names(&found), [second.name.as_str()]);
    let none = by_name(clerk, &county, "马小明", "2001-01-01").await;
    assert!(none.is_empty());
}

async fn numbers(world: &World) {
    let (here, there) = (Classroom::fresh(world).await, Classroom::fresh(world).await);
    let person = child();
    let formal = format!("G{}", person.number);
    let student = here
        .register_with(&person, |student| student.student_number = formal.clone())
        .await;
    let county = &here.county.place.county;
    let clerk = &here.county.clerk;
    let by_identity = Key::IdentityNumber(person.number.to_lowercase());
    let found = search(clerk, county, by_identity.clone(), "").await;
    assert_eq!(names(&found), [student.name.as_str()]);
    let found = search(clerk, county, Key::StudentNumber(formal.to_lowercase()), "").await;
    assert_eq!(names(&found), [student.name.as_str()]);
    let elsewhere = &there.county.place.county;
    let found = search(&there.county.clerk, elsewhere, by_identity, "").await;
    assert!(found.is_empty(), "of another county");
    let request = request(county, Key::DisplayName(person.display_name.clone()), "");
    let answer = there.county.clerk.students().search_students(request).await;
    refused(answer, Code::PermissionDenied, "OUT_OF_SCOPE");
    let nothing = SearchStudentsRequest {
        parent: county.clone(),
        ..SearchStudentsRequest::default()
    };
    let answer = clerk.students().search_students(nothing).await;
    refused(answer, Code::InvalidArgument, "FIELD_REQUIRED");
}

fn called(name: &str) -> Person {
    Person {
        display_name: name.to_owned(),
        ..child()
    }
}

fn names(students: &[Student]) -> Vec<&str> {
    students
        .iter()
        .map(|student| student.name.as_str())
        .collect()
}

fn request(parent: &str, key: Key, birth_date: &str) -> SearchStudentsRequest {
    SearchStudentsRequest {
        parent: parent.to_owned(),
        key: Some(key),
        birth_date: birth_date.to_owned(),
        ..SearchStudentsRequest::default()
    }
}

async fn search(officer: &Officer, parent: &str, key: Key, birth_date: &str) -> Vec<Student> {
    let request = request(parent, key, birth_date);
    answered(officer.students().search_students(request).await).students
}

async fn by_name(officer: &Officer, parent: &str, name: &str, birth_date: &str) -> Vec<Student> {
    search(
        officer,
        parent,
        Key::DisplayName(name.to_owned()),
        birth_date,
    )
    .await
}
