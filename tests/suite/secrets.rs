//! Personal fields at rest: nothing that names a person stands in clear in a database.

use std::path::Path;

use junheng_proto::education::v1::{SchoolKind, Stage};
use junheng_tests::database::{Database, NAMES};
use junheng_tests::person::{Person, adult, child};
use junheng_tests::refusal::answered;
use junheng_tests::rolls::{
    all_in, class_row, header, import_classes, import_students, import_teachers, student_row,
    teacher_row,
};
use junheng_tests::{County, Story, World, story};

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story("no identity number and no name of a pupil or teacher stands in clear in any database", |world| Box::pin(sealed_at_rest(world))),
    story("the keys of an installation are readable by their owner only", |world| Box::pin(key_files(world))).on(&[Database::Sqlite]),
];

async fn sealed_at_rest(world: &World) {
    let mut world = world.of_its_own(&[]).await;
    let county = County::fresh(&world).await;
    let school = county.school(SchoolKind::Primary).await;
    let pupil = Person {
        display_name: "阿依古丽·独一无二".to_owned(),
        ..child()
    };
    let teacher = Person {
        display_name: "诸葛绝无仅有".to_owned(),
        ..adult()
    };
    let class = vec![class_row(&school, Stage::Primary, 1, 1)];
    all_in(answered(
        import_classes(&county.clerk, header(&school.name), class).await,
    ));
    let students = vec![student_row(&school, Stage::Primary, 1, 1, &pupil)];
    all_in(answered(
        import_students(&county.clerk, header(&school.name), students).await,
    ));
    let teachers = vec![teacher_row(&school, Stage::Primary, &teacher)];
    all_in(answered(
        import_teachers(&county.clerk, header(&school.name), teachers).await,
    ));
    // The school's code is no secret: finding it shows that the search finds what is there.
    let places = everything(&mut world);
    assert!(
        places
            .iter()
            .any(|(_, bytes)| contains(bytes, school.code.as_bytes())),
        "the search is blind"
    );
    for secret in [
        &pupil.number,
        &pupil.display_name,
        &teacher.number,
        &teacher.display_name,
    ] {
        let shown = [secret.clone(), hex::encode(secret)];
        for (place, bytes) in &places {
            for shown in &shown {
                assert!(
                    !contains(bytes, shown.as_bytes()),
                    "{secret} stands in {place}"
                );
            }
        }
    }
}

async fn key_files(world: &World) {
    use std::os::unix::fs::PermissionsExt as _;
    let secrets = world.setup().folder.join("secrets.toml");
    let mode = std::fs::metadata(&secrets)
        .expect("the generated keys")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// The bytes of everything that an installation stores.
fn everything(world: &mut World) -> Vec<(String, Vec<u8>)> {
    if world.database == Database::Sqlite {
        // Killed, so that what is only in the write-ahead log stays there.
        world.server().kill().expect("killed");
        let files = std::fs::read_dir(&world.setup().folder).expect("the data folder");
        return files
            .flatten()
            .map(|file| file.path())
            .filter(|path| is_database(path))
            .map(|path| {
                (
                    path.display().to_string(),
                    std::fs::read(&path).expect("a file"),
                )
            })
            .collect();
    }
    let postgres = world.postgres().expect("a server");
    let dump = |name: &str| {
        let database = world.database_url(name).rsplit('/').next().expect("a name");
        (
            name.to_owned(),
            postgres.dump(database).expect("a dump").into_bytes(),
        )
    };
    NAMES.iter().map(|name| dump(name)).collect()
}

fn is_database(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    [".db", ".db-wal"].iter().any(|end| name.ends_with(end))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    let Some(first) = part.first() else {
        return true;
    };
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(|byte| byte == first) {
        if rest[place..].starts_with(part) {
            return true;
        }
        rest = &rest[place + 1..];
    }
    false
}
