//! Files from offices, through the real `junheng import`: row, column, reason and remedy; the good rows go in.

use std::path::{Path, PathBuf};
use std::process::Output;

use encoding_rs::GB18030;
use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_proto::registration::v1::CountStudentsRequest;
use junheng_tests::binary::{all_output, run};
use junheng_tests::person::{Person, child, with_wrong_check_digit};
use junheng_tests::refusal::answered;
use junheng_tests::rolls::{all_in, class_row, header, import_classes};
use junheng_tests::{County, School, Story, World, story};
use rust_xlsxwriter::Workbook;

const COLUMNS: [&str; 10] = [
    "学校标识码",
    "学段",
    "年级",
    "班号",
    "姓名",
    "身份证件类型",
    "身份证件号",
    "性别",
    "出生日期",
    "民族",
];

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("a GB18030 file with rare characters goes in as it is", |world| Box::pin(gb18030(world))),
    story("a workbook goes in and its bad rows are named with row column reason and remedy", |world| Box::pin(workbook(world))),
    story("a broken workbook is refused with a remedy and writes nothing", |world| Box::pin(broken_workbook(world))),
    story("a small workbook that claims a billion cells is refused at once and writes nothing", |world| Box::pin(billion_cells(world))),
    story("a column that is missing or unknown is named", |world| Box::pin(wrong_columns(world))),
    story("a check of a file prints the same verdicts and writes nothing", |world| Box::pin(check_only(world))),
    story("refused rows come back in a workbook with reasons that goes in again once it is mended", |world| Box::pin(error_workbook(world))),
    story("refused rows come back as CSV without any cell that a spreadsheet would run", |world| Box::pin(error_csv(world))),
    story("an import of a class that nobody opened says so once", |world| Box::pin(missing_class(world))),
];

/// A school with a class, and a folder for files.
struct Office {
    county: County,
    school: School,
    folder: tempfile::TempDir,
}

async fn gb18030(world: &World) {
    let office = Office::open(world).await;
    let person = Person {
        display_name: "㛃𠮷·买买提".to_owned(),
        ..child()
    };
    let text = csv(&[office.row(&person), office.row(&child())]);
    let (bytes, _, lossy) = GB18030.encode(&text);
    assert!(!lossy);
    let file = office.write("名单.csv", &bytes);
    let output = office.import(world, &file, &[]).await;
    assert!(output.status.success(), "{}", all_output(&output));
    let list = junheng_proto::registration::v1::ListStudentsRequest {
        parent: office.school.name.clone(),
        ..Default::default()
    };
    let students = answered(office.county.clerk.students().list_students(list).await).students;
    assert_eq!(students.len(), 2);
    let shown: Vec<&str> = students
        .iter()
        .map(|student| student.display_name.as_str())
        .collect();
    assert!(
        shown
            .iter()
            .any(|name| name.contains('㛃') || name.contains('提')),
        "{shown:?}"
    );
}

async fn workbook(world: &World) {
    let office = Office::open(world).await;
    let people: Vec<Person> = (0..5).map(|_| child()).collect();
    let mut rows: Vec<Vec<String>> = people.iter().map(|person| office.row(person)).collect();
    rows[1][6] = with_wrong_check_digit(&people[1].number);
    rows[3][7] = "男女".to_owned();
    let path = office.folder.path().join("名单.xlsx");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (number, row) in std::iter::once(&COLUMNS.map(str::to_owned).to_vec())
        .chain(&rows)
        .enumerate()
    {
        for (column, cell) in row.iter().enumerate() {
            let (row, column) = (
                u32::try_from(number).expect("few"),
                u16::try_from(column).expect("few"),
            );
            sheet.write(row, column, cell.as_str()).expect("written");
        }
    }
    book.save(&path).expect("saved");
    let output = office.import(world, &path, &[]).await;
    let said = all_output(&output);
    assert!(
        !output.status.success(),
        "refused rows are a failure of the command: {said}"
    );
    let line = |number: &str, column: &str| {
        let found = said
            .lines()
            .any(|line| line.contains(number) && line.contains(column));
        assert!(found, "{number} {column} in\n{said}");
    };
    line("3", "身份证件号");
    line("5", "性别");
    assert!(
        said.contains(&people[1].number[17..]) && said.contains("校验码"),
        "{said}"
    );
    assert!(
        !said.contains(&people[1].number[..17]),
        "no identity number on the screen"
    );
    assert_eq!(office.count().await, 3, "{said}");
}

async fn broken_workbook(world: &World) {
    let office = Office::open(world).await;
    for (name, bytes) in [
        (
            "损坏.xlsx",
            b"PK\x03\x04 this was a workbook once".as_slice(),
        ),
        ("空.xlsx", b"".as_slice()),
        ("旧.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old".as_slice()),
    ] {
        let file = office.write(name, bytes);
        let output = office.import(world, &file, &[]).await;
        let said = all_output(&output);
        assert!(!output.status.success(), "{name}: {said}");
        assert!(said.contains("请"), "{name} with a remedy: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    assert_eq!(office.count().await, 0);
}

async fn billion_cells(world: &World) {
    let office = Office::open(world).await;
    let path = office.folder.path().join("十亿.xlsx");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "学校标识码").expect("written");
    sheet.write(1_048_575, 16_383, "1").expect("written");
    book.save(&path).expect("saved");
    assert!(std::fs::metadata(&path).expect("a file").len() < 20_000);
    let output = office.import(world, &path, &[]).await;
    let said = all_output(&output);
    assert!(!output.status.success() && said.contains("请"), "{said}");
    assert_eq!(office.count().await, 0);
}

async fn wrong_columns(world: &World) {
    let office = Office::open(world).await;
    let text = csv(&[office.row(&child())]);
    let unknown = office.write("a.csv", text.replace("民族", "籍贯").as_bytes());
    let output = office.import(world, &unknown, &[]).await;
    assert!(
        !output.status.success() && all_output(&output).contains("籍贯"),
        "{}",
        all_output(&output)
    );
    let missing: String = text
        .lines()
        .map(|line| line.split_once(',').expect("columns").1.to_owned() + "\n")
        .collect();
    let missing = office.write("b.csv", missing.as_bytes());
    let output = office.import(world, &missing, &[]).await;
    assert!(
        !output.status.success() && all_output(&output).contains("学校标识码"),
        "{}",
        all_output(&output)
    );
    assert_eq!(office.count().await, 0);
}

async fn check_only(world: &World) {
    let office = Office::open(world).await;
    let person = child();
    let mut bad = office.row(&person);
    bad[6] = with_wrong_check_digit(&person.number);
    let file = office.write("名单.csv", csv(&[office.row(&child()), bad]).as_bytes());
    let output = office.import(world, &file, &["--check-only"]).await;
    let said = all_output(&output);
    assert!(
        !output.status.success() && said.contains("身份证件号"),
        "{said}"
    );
    assert_eq!(office.count().await, 0);
}

async fn error_workbook(world: &World) {
    let office = Office::open(world).await;
    let people: Vec<Person> = (0..26).map(|_| child()).collect();
    let mut rows: Vec<Vec<String>> = people.iter().map(|person| office.row(person)).collect();
    rows[0][6] = with_wrong_check_digit(&people[0].number);
    // More rows wait for a class than the service lists.
    for row in &mut rows[2..] {
        row[3] = "7".to_owned();
    }
    let file = office.write("名单.csv", csv(&rows).as_bytes());
    let errors = office.folder.path().join("退回.xlsx");
    let path = errors.to_str().expect("a text");
    let said = all_output(&office.import(world, &file, &["--errors", path]).await);
    assert_eq!(office.count().await, 1, "{said}");
    let again = all_output(&office.import(world, &file, &["--errors", path]).await);
    assert!(
        again.contains("exists"),
        "no workbook is written over: {again}"
    );

    let mut book: calamine::Xlsx<_> = calamine::open_workbook(&errors).expect("a workbook");
    let sheet = calamine::Reader::worksheet_range_at(&mut book, 0).expect("a sheet");
    let sheet = sheet.expect("readable");
    let text = |row: usize, column: usize| match sheet.get((row, column)) {
        Some(calamine::Data::String(text)) => text.clone(),
        other => panic!("{row} {column} is no text: {other:?}"),
    };
    assert_eq!(sheet.height(), 1 + 25, "{said}");
    assert_eq!(text(1, 6), rows[0][6], "the cells are those of the file");
    assert_eq!(text(1, 10), "2");
    assert!(text(1, 11).contains("身份证件号"));
    assert!(text(1, 12).contains("CHECK_DIGIT_WRONG"));
    assert!(text(25, 12).contains("CLASS_UNKNOWN"), "{}", text(25, 12));

    // Mended, with the columns of reasons as they are.
    let mended = office.folder.path().join("更正.xlsx");
    let mut book = Workbook::new();
    let out = book.add_worksheet();
    for (row, column) in (0..26).flat_map(|row| (0..15).map(move |column| (row, column))) {
        let cell = match (row, column) {
            (1, 6) => people[0].number.clone(),
            (1.., 3) => "1".to_owned(),
            _ => text(row, column),
        };
        let (row, column) = (
            u32::try_from(row).expect("few"),
            u16::try_from(column).expect("few"),
        );
        out.write(row, column, cell).expect("written");
    }
    book.save(&mended).expect("saved");
    let output = office.import(world, &mended, &[]).await;
    assert!(output.status.success(), "{}", all_output(&output));
    assert_eq!(office.count().await, 26);
}

async fn error_csv(world: &World) {
    let office = Office::open(world).await;
    let mut row = office.row(&child());
    row[4] = "=HYPERLINK(\"http://x\")".replace('"', "");
    row[9] = "99".to_owned();
    let file = office.write("名单.csv", csv(&[row]).as_bytes());
    let errors = office.folder.path().join("退回.csv");
    let path = errors.to_str().expect("a text");
    let said = all_output(&office.import(world, &file, &["--errors", path]).await);
    let written = std::fs::read_to_string(&errors).unwrap_or_else(|_| panic!("{said}"));
    assert!(written.contains("'=HYPERLINK"), "{written}");
    assert!(!written.contains(",=HYPERLINK"), "{written}");
    assert!(
        written.contains("FIELD_INVALID") && written.contains("民族"),
        "{written}"
    );
}

async fn missing_class(world: &World) {
    let office = Office::open(world).await;
    let mut rows: Vec<Vec<String>> = (0..4).map(|_| office.row(&child())).collect();
    for row in &mut rows[1..] {
        row[3] = "7".to_owned();
    }
    let file = office.write("名单.csv", csv(&rows).as_bytes());
    let output = office.import(world, &file, &[]).await;
    let said = all_output(&output);
    assert!(
        !output.status.success() && said.contains(&office.school.code),
        "{said}"
    );
    assert_eq!(office.count().await, 1, "{said}");
}

// === impl Office ===

impl Office {
    async fn open(world: &World) -> Self {
        let county = County::shared(world).await;
        let school = county.school(SchoolKind::Primary).await;
        let classes = vec![class_row(&school, Stage::Primary, 1, 1)];
        all_in(answered(
            import_classes(&county.clerk, header(&school.name), classes).await,
        ));
        Self {
            county,
            school,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn row(&self, person: &Person) -> Vec<String> {
        let sex = if person.sex as i32 == 1 { "男" } else { "女" };
        let cells = [
            &self.school.code,
            "小学",
            "1",
            "1",
            &person.display_name,
            "居民身份证",
            &person.number,
            sex,
            &person.birth_date,
            "01",
        ];
        cells.map(str::to_owned).into()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }

    async fn import(&self, world: &World, file: &Path, more: &[&str]) -> Output {
        let clerk = &self.county.clerk;
        let arguments: Vec<String> = [
            "import",
            "students",
            file.to_str().expect("a text"),
            "--parent",
            &self.school.name,
            "--endpoint",
            world.url(),
            "--sign-in",
            &clerk.sign_in_name,
        ]
        .iter()
        .chain(more)
        .map(|argument| (*argument).to_owned())
        .collect();
        let environment = vec![(
            "JUNHENG_CLIENT__PASSWORD".to_owned(),
            clerk.password.clone(),
        )];
        let command = move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            run(&arguments, &environment).expect("ran")
        };
        tokio::task::spawn_blocking(command)
            .await
            .expect("the task")
    }

    async fn count(&self) -> i64 {
        let request = CountStudentsRequest {
            parent: self.school.name.clone(),
            grouping: 0,
        };
        answered(self.county.clerk.students().count_students(request).await).total_count
    }
}

fn csv(rows: &[Vec<String>]) -> String {
    let header = COLUMNS.map(str::to_owned).to_vec();
    std::iter::once(&header)
        .chain(rows)
        .map(|row| row.join(",") + "\n")
        .collect()
}
