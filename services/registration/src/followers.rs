//! What becomes of the rows of every table when the school that they name moves, when their student goes to another school, and
//! when their class does. Every table that names a school stands here; a test compares it with the schema.

use std::collections::BTreeMap;

use junheng_kernel::bulk::SET;
use junheng_kernel::error::KernelError;
use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

/// What the rows of a table do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Along {
    /// They go along: written here.
    Goes,
    /// A room takes them along or ends them, for there is more to it.
    Room(&'static str),
    /// They stay as they are, for this reason.
    Stays(&'static str),
    /// They name none.
    None,
}

/// One side of a table.
struct Table {
    name: &'static str,
    /// The column with the school …
    school: &'static str,
    /// … and the one with its place.
    place: &'static str,
    /// When the school moves to another place.
    with_school: Along,
    /// When the `student` goes to another school.
    with_student: Along,
    /// When the `school_class` goes to another school.
    with_class: Along,
}

const HISTORY: Along = Along::Stays("tells what was in the school where it was");
const BY_DOCUMENT: Along = Along::Stays("is found by its hash in the whole province");
const OWN_SCHOOL_ENDS_IT: Along = Along::Stays("the school that began it ends it");
const CASE: Along = Along::Room("dropout_case::moving");
const SPLIT_WAITS: Along =
    Along::Stays("a school is not taken apart or closed before it has ended");

#[rustfmt::skip]
const TABLES: &[Table] = {
    use Along::{Goes, None, Room, Stays};
    &[
        //                                        with its school  with its student    with its class
        table("absences",                         Goes,            HISTORY,            HISTORY),
        table("access_grants",                    Goes,            None,               None),
        table("access_reveals",                   Goes,            HISTORY,            None),
        side("access_reveals", "holder_school", "holder_place", Goes, HISTORY, None),
        table("admission_entries",                Goes,            HISTORY,            None),
        table("admission_plans",                  Goes,            None,               None),
        table("aid_grants",                       Goes,            HISTORY,            None),
        table("aid_sums",                         Goes,            None,               None),
        table("aided_counts",                     Goes,            None,               None),
        table("attendance_rolls",                 Goes,            None,               HISTORY),
        table("attendance_sheets",                Goes,            None,               HISTORY),
        table("certificate_lists",                Goes,            None,               None),
        table("certificates",                     Goes,            HISTORY,            None),
        table("class_draws",                      Goes,            None,               None),
        table("cohort_counts",                    Goes,            None,               None),
        table("dropout_case_events",              Goes,            HISTORY,            None),
        table("dropout_cases",                    Goes,            CASE,               None),
        table("dropout_notices",                  Goes,            None,               None),
        table("dropout_reports",                  Goes,            None,               None),
        table("dropout_visits",                   Goes,            None,               None),
        side("duplicate_cases", "standing_school", "standing_place", Goes, Stays("who was disputed with whom stays said"), None),
        table("duplicate_claims",                 Goes,            Stays("claims the record for the school that said so"), SPLIT_WAITS),
        table("export_downloads",                 Goes,            None,               None),
        table("exports",                          Goes,            None,               None),
        table("former_identities",                BY_DOCUMENT,     BY_DOCUMENT,        None),
        table("former_schools",                   Stays("codes are looked up in the whole province"), None, None),
        table("group_recognitions",               Goes,            Goes,               None),
        table("junior_places",                    Goes,            Stays("names the school that the student is to enter"), None),
        side("junior_places", "primary_school", "primary_place", Goes, Stays("names the school that the student was to leave"), None),
        table("key_changes",                      Goes,            OWN_SCHOOL_ENDS_IT, None),
        table("number_mismatches",                Goes,            Goes,               None),
        table("promotions",                       Goes,            None,               None),
        table("quarantined_rows",                 Goes,            None,               None),
        table("relief_plans",                     Goes,            None,               Goes),
        table("reorganisations",                  Stays("lies in its county"), None,   None),
        table("school_classes",                   Goes,            None,               None),
        side("school_lineage", "successor", "place", Stays("is read by the schools that it names"), None, None),
        table("school_years",                     Goes,            None,               None),
        table("status_changes",                   Goes,            Room("status_change::follow"), SPLIT_WAITS),
        table("student_changes",                  Goes,            HISTORY,            None),
        table("student_numbers",                  Stays("numbers of the past are read by their student"), HISTORY, None),
        table("students",                         Goes,            None,               Room("reorganisation::moves")),
        side("transfers", "receiving_school", "receiving_place", Goes, OWN_SCHOOL_ENDS_IT, None),
        side("transfers", "sending_school",   "sending_place",   Goes, OWN_SCHOOL_ENDS_IT, None),
    ]
};

/// The tables whose rows count their writes. Students are not among them: the ledger, which alone writes them, holds their schools
/// and puts them where these lie.
const COUNTED: &[&str] = &[
    "access_grants",
    "admission_entries",
    "admission_plans",
    "attendance_sheets",
    "certificate_lists",
    "certificates",
    "class_draws",
    "comparisons",
    "dropout_cases",
    "dropout_notices",
    "dropout_reports",
    "duplicate_cases",
    "exports",
    "finding_rounds",
    "group_recognitions",
    "junior_places",
    "key_changes",
    "relief_plans",
    "reorganisations",
    "resident_candidates",
    "resident_lists",
    "school_classes",
    "status_changes",
    "transfers",
    "zone_plans",
];

/// What a statement that takes rows of a table along sets besides, where they count their writes: who read one before, and writes it
/// whole, must not write the old place back.
pub(crate) fn counted(table: &str) -> &'static str {
    if COUNTED.contains(&table) {
        ", version = version + 1"
    } else {
        ""
    }
}

const fn table(
    name: &'static str,
    with_school: Along,
    with_student: Along,
    with_class: Along,
) -> Table {
    side(
        name,
        "school",
        "place",
        with_school,
        with_student,
        with_class,
    )
}

const fn side(
    name: &'static str,
    school: &'static str,
    place: &'static str,
    with_school: Along,
    with_student: Along,
    with_class: Along,
) -> Table {
    Table {
        name,
        school,
        place,
        with_school,
        with_student,
        with_class,
    }
}

/// The rows that name a school lie where it lies now.
pub(crate) async fn go_with_school(
    database: &impl ConnectionTrait,
    school: Uuid,
    at: i64,
) -> Result<(), KernelError> {
    for table in TABLES.iter().filter(|one| one.with_school == Along::Goes) {
        let Table {
            name,
            school: of,
            place,
            ..
        } = table;
        let counted = counted(name);
        let sql =
            format!("UPDATE {name} SET {place} = $1{counted} WHERE {of} = $2 AND {place} <> $1");
        run(database, sql, vec![at.into(), school.into()]).await?;
    }
    Ok(())
}

/// What goes with students goes along to the school that each has entered, and its place.
pub(crate) async fn go_with_students(
    database: &impl ConnectionTrait,
    moved: &[(Uuid, Uuid, i64)],
) -> Result<(), KernelError> {
    go(database, "student", |table| table.with_student, moved).await
}

/// What goes with classes goes along to the school to which each belongs now, and its place.
pub(crate) async fn go_with_classes(
    database: &impl ConnectionTrait,
    moved: &[(Uuid, Uuid, i64)],
) -> Result<(), KernelError> {
    go(database, "school_class", |table| table.with_class, moved).await
}

/// Takes along, to a school and its place, the rows whose `column` names one of those that go there.
async fn go(
    database: &impl ConnectionTrait,
    column: &str,
    along: fn(&Table) -> Along,
    moved: &[(Uuid, Uuid, i64)],
) -> Result<(), KernelError> {
    let mut entered: BTreeMap<(Uuid, i64), Vec<Uuid>> = BTreeMap::new();
    for (one, school, at) in moved {
        entered.entry((*school, *at)).or_default().push(*one);
    }
    for ((school, at), many) in entered {
        for some in many.chunks(SET) {
            let marks: Vec<String> = (3..some.len() + 3).map(|one| format!("${one}")).collect();
            let marks = marks.join(", ");
            for table in TABLES.iter().filter(|one| along(one) == Along::Goes) {
                let Table {
                    name,
                    school: of,
                    place,
                    ..
                } = table;
                let counted = counted(name);
                let sql = format!(
                    "UPDATE {name} SET {of} = $1, {place} = $2{counted} WHERE {column} IN ({marks})"
                );
                let to: [Value; 2] = [school.into(), at.into()];
                let values = to.into_iter().chain(some.iter().map(|one| (*one).into()));
                run(database, sql, values.collect()).await?;
            }
        }
    }
    Ok(())
}

async fn run(
    database: &impl ConnectionTrait,
    sql: String,
    values: Vec<Value>,
) -> Result<(), KernelError> {
    let backend = database.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    database.execute_raw(statement).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sea_orm::{Database, DatabaseConnection};
    use sea_orm_migration::MigratorTrait as _;

    use super::*;

    /// Tables that name schools and stand elsewhere, each with the reason.
    const ELSEWHERE: [(&str, &str); 5] = [
        ("journal", "what was written stays as it was written"),
        ("flow_cells", "counts move with tally::store::move_school"),
        ("tally_cells", "likewise"),
        ("tally_changes", "likewise"),
        ("schools", "its own row is written whole"),
    ];

    async fn database() -> DatabaseConnection {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        crate::Migrator::up(&database, None).await.unwrap();
        database
    }

    /// The tables of the schema that have a column of these.
    async fn with_column(database: &DatabaseConnection, like: &str) -> BTreeSet<String> {
        let sql = format!(
            "SELECT DISTINCT m.name AS held_by FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND ({like})"
        );
        let backend = database.get_database_backend();
        let rows = database
            .query_all_raw(Statement::from_string(backend, sql))
            .await
            .unwrap();
        let names = rows.iter().map(|row| row.try_get("", "held_by").unwrap());
        let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|(name, _)| *name).collect();
        names
            .filter(|name: &String| !elsewhere.contains(name.as_str()))
            .collect()
    }

    fn named(tables: impl Iterator<Item = &'static Table>) -> BTreeSet<String> {
        tables.map(|table| table.name.to_owned()).collect()
    }

    #[tokio::test]
    async fn every_table_that_names_a_school_and_its_place_says_what_becomes_of_its_rows() {
        let database = database().await;
        let schools =
            "c.name = 'school' OR c.name LIKE '%\\_school' ESCAPE '\\' OR c.name = 'successor'";
        let places = "c.name = 'place' OR c.name LIKE '%\\_place' ESCAPE '\\'";
        let schools = with_column(&database, schools).await;
        let placed = with_column(&database, places).await;
        let both: BTreeSet<String> = schools.intersection(&placed).cloned().collect();
        assert_eq!(both, named(TABLES.iter()));
        // A table has one row for each of its sides.
        let sides: BTreeSet<(&str, &str)> =
            TABLES.iter().map(|one| (one.name, one.school)).collect();
        assert_eq!(sides.len(), TABLES.len());
    }

    #[tokio::test]
    async fn every_such_table_that_names_a_student_or_a_class_says_so() {
        let database = database().await;
        let placed = named(TABLES.iter());
        let of_students = with_column(&database, "c.name = 'student'").await;
        let told = TABLES.iter().filter(|one| one.with_student != Along::None);
        let known: BTreeSet<String> = of_students.intersection(&placed).cloned().collect();
        assert_eq!(known, named(told));
        let of_classes = with_column(&database, "c.name = 'school_class'").await;
        let told = TABLES.iter().filter(|one| one.with_class != Along::None);
        let known: BTreeSet<String> = of_classes.intersection(&placed).cloned().collect();
        assert_eq!(known, named(told));
    }

    #[tokio::test]
    async fn every_table_that_counts_its_writes_counts_that_a_row_was_taken_along() {
        let database = database().await;
        let with_version = with_column(&database, "c.name = 'version'").await;
        // The students' ledger counts theirs; the last one is the schema's own.
        let told = COUNTED.iter().copied();
        let told = told.chain(["students", "seaql_migrations"]);
        assert_eq!(with_version, told.map(str::to_owned).collect());
    }

    #[tokio::test]
    async fn every_statement_is_one_that_the_schema_understands() {
        let database = database().await;
        let moved = [
            (Uuid::now_v7(), Uuid::now_v7(), 1),
            (Uuid::now_v7(), Uuid::now_v7(), 2),
        ];
        go_with_school(&database, Uuid::now_v7(), 1).await.unwrap();
        go_with_students(&database, &moved).await.unwrap();
        go_with_classes(&database, &moved).await.unwrap();
    }
}
