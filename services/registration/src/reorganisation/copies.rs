//! Codes of counties that rows carry as copies, so that a workflow knows whose step it is without reading the school: a county
//! whose code changes takes them along, and with them the places of everything that lay in it. Every column of this service that
//! holds such a code, bare or as the name of a region, or a place stands in one of the tables here; tests compare them with the schema
//! and look for what is left of an ended county.

use junheng_kernel::error::KernelError;
use junheng_kernel::region::span;
use junheng_proto::registration::v1::comparison::State as ComparisonState;
use junheng_proto::registration::v1::resident_list::State as ListState;
use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

use crate::followers::counted;

/// A table, its column with the code, and its column with the school whose county that is.
const OF_SCHOOLS: &[(&str, &str, &str)] = &[
    ("admission_plans", "region", "school"),
    ("certificate_lists", "region", "school"),
    ("certificates", "region", "school"),
    ("class_draws", "region", "school"),
    ("dropout_cases", "region", "school"),
    ("dropout_reports", "region", "school"),
    ("duplicate_cases", "standing_region", "standing_school"),
    ("duplicate_claims", "region", "school"),
    ("key_changes", "region", "school"),
    ("status_changes", "region", "school"),
    ("transfers", "receiving_region", "receiving_school"),
    ("transfers", "sending_region", "sending_school"),
];

/// How a column writes which county it is.
#[derive(Clone, Copy)]
enum Form {
    /// `630103`.
    Code,
    /// `regions/630103`.
    Name,
}

/// A table of rows that are the county's own.
struct OfCounty {
    table: &'static str,
    /// The column with the code.
    code: &'static str,
    form: Form,
    /// What makes a row unique beside the code, perhaps nothing; None where rows are not unique …
    unique: Option<&'static [&'static str]>,
    /// … of the rows in this state, where only those are unique.
    in_state: Option<i32>,
}

const OF_COUNTIES: &[OfCounty] = &[
    named("access_grants", "students_of", None),
    named("exports", "students_of", None),
    named("quarantined_rows", "parent", None),
    named("quarantined_rows", "organisation", None),
    of_county("birth_counts", &[], None),
    // Of the county as a whole; a town keeps its code.
    OfCounty {
        code: "code",
        ..of_county("birth_counts", &["birth_year"], None)
    },
    of_county("comparisons", &[], Some(ComparisonState::Running as i32)),
    // Of children without a record, and of the county's own reports; the others have gone with their schools.
    of_county("dropout_cases", &[], None),
    of_county("dropout_reports", &[], None),
    named("dropout_reports", "organisation", Some(&["kind", "period"])),
    named("dropout_notices", "issuer", Some(&["year", "sequence"])),
    of_county("finding_rounds", &[], None),
    OfCounty {
        code: "open_key",
        unique: Some(&[]),
        ..of_county("finding_rounds", &[], None)
    },
    of_county("reorganisations", &[], None),
    of_county("resident_counts", &[], None),
    of_county(
        "resident_lists",
        &["source", "kind"],
        Some(ListState::Live as i32),
    ),
    of_county("residents", &[], None),
    of_county("zone_plans", &["school_year", "stage"], None),
];

/// The numbers that a county has given go on where they were; of two that become one the one that is further.
const NUMBERS: [&str; 2] = [
    "INSERT INTO dropout_notice_numbers (issuer, year, last) \
     SELECT $1, year, last FROM dropout_notice_numbers WHERE issuer = $2 \
     ON CONFLICT (issuer, year) DO UPDATE SET last = CASE WHEN excluded.last > dropout_notice_numbers.last \
     THEN excluded.last ELSE dropout_notice_numbers.last END",
    "DELETE FROM dropout_notice_numbers WHERE issuer = $2 AND issuer <> $1",
];

/// Every column with a place number of a row, with its table. What belongs to schools has gone with them, most of it, when the
/// county's rows go; what is left is of children without a school and of schools that are no more.
#[rustfmt::skip]
const PLACES: &[(&str, &str)] = &[
    ("absences", "place"),
    ("access_grants", "place"),
    ("access_reveals", "place"),
    ("access_reveals", "holder_place"),
    ("admission_entries", "place"),
    ("admission_plans", "place"),
    ("aid_grants", "place"),
    ("aid_sums", "place"),
    ("aided_counts", "place"),
    ("attendance_rolls", "place"),
    ("attendance_sheets", "place"),
    ("birth_counts", "place"),
    ("certificate_lists", "place"),
    ("certificates", "place"),
    ("class_draws", "place"),
    ("cohort_counts", "place"),
    ("comparison_results", "place"),
    ("comparisons", "place"),
    ("dropout_case_events", "place"),
    ("dropout_cases", "place"),
    ("dropout_notices", "place"),
    ("dropout_reports", "place"),
    ("dropout_visits", "place"),
    ("duplicate_cases", "standing_place"),
    ("duplicate_claims", "place"),
    ("export_downloads", "place"),
    ("exports", "place"),
    ("finding_rounds", "place"),
    ("former_identities", "place"),
    ("former_schools", "place"),
    ("group_recognitions", "place"),
    ("junior_places", "place"),
    ("junior_places", "primary_place"),
    ("key_changes", "place"),
    ("number_mismatches", "place"),
    ("promotions", "place"),
    ("quarantined_rows", "place"),
    ("relief_plans", "place"),
    ("reorganisations", "place"),
    ("resident_candidates", "place"),
    ("resident_counts", "place"),
    ("resident_lists", "place"),
    ("residents", "place"),
    ("school_classes", "place"),
    ("school_lineage", "place"),
    ("school_years", "place"),
    ("status_changes", "place"),
    ("student_changes", "place"),
    ("student_numbers", "place"),
    ("students", "place"),
    ("transfers", "receiving_place"),
    ("transfers", "sending_place"),
    ("zone_plans", "place"),
];

/// Columns with place numbers that do not go with the county, each with the reason.
#[cfg(test)]
const STAY: &[(&str, &str, &str)] = &[
    (
        "comparisons",
        "cursor_place",
        "is set back instead, so that nobody is passed over",
    ),
    (
        "journal",
        "place",
        "what was written stays as it was written",
    ),
    ("schools", "place", "is written with the school's own row"),
    ("flow_cells", "place", "as the cells of students"),
    (
        "tally_cells",
        "place",
        "counts move with their school, which gives as much here as it takes there",
    ),
    ("tally_changes", "place", "as the cells of students"),
];

/// Codes that stay as they are: a column of the school's own row, which is written whole, and what a list called the county when it
/// came.
#[cfg(test)]
const OWN: &[(&str, &str)] = &[("resident_counts", "code"), ("schools", "region")];

/// Gives what was begun in a school the code of the county in which it lies now.
pub(super) async fn follow_school(
    database: &impl ConnectionTrait,
    school: Uuid,
    region: &str,
) -> Result<(), KernelError> {
    for (table, code, of) in OF_SCHOOLS {
        let counted = counted(table);
        let sql =
            format!("UPDATE {table} SET {code} = $1{counted} WHERE {of} = $2 AND {code} <> $1");
        run(database, sql, vec![region.into(), school.into()]).await?;
    }
    Ok(())
}

/// Gives the rows of a county its new code and place. A county that goes into one which has such a row of its own keeps the
/// old one under the old code, at the new place: two plans for one year are not made one, and the county sees both.
pub(super) async fn follow_county(
    database: &impl ConnectionTrait,
    ended: &str,
    region: &str,
    place: i64,
) -> Result<u64, KernelError> {
    let mut moved = 0;
    for one in OF_COUNTIES {
        let (table, code) = (one.table, one.code);
        let free = one.unique.map(|unique| {
            let same = unique
                .iter()
                .map(|column| format!("own.{column} = {table}.{column}"));
            let state = one
                .in_state
                .map(|state| format!("own.state = {state} AND {table}.state = {state}"));
            let both: Vec<String> = std::iter::once(format!("own.{code} = $1"))
                .chain(same)
                .chain(state)
                .collect();
            let both = both.join(" AND ");
            format!(" AND NOT EXISTS (SELECT 1 FROM {table} own WHERE {both})")
        });
        let free = free.unwrap_or_default();
        let counted = counted(table);
        let sql = format!("UPDATE {table} SET {code} = $1{counted} WHERE {code} = $2{free}");
        let values = [region, ended].map(|county| Value::from(one.form.write(county)));
        moved += run(database, sql, values.to_vec()).await?;
    }
    for sql in NUMBERS {
        let values = [region, ended].map(|county| Value::from(Form::Name.write(county)));
        run(database, sql.to_owned(), values.to_vec()).await?;
    }
    let old = span(ended);
    for (table, column) in PLACES {
        let counted = counted(table);
        let sql =
            format!("UPDATE {table} SET {column} = $1{counted} WHERE {column} BETWEEN $2 AND $3");
        let range = vec![place.into(), (*old.start()).into(), (*old.end()).into()];
        moved += run(database, sql, range).await?;
    }
    // A comparison that goes by place takes up what was moved behind the one at which it stands.
    let back = format!(
        "UPDATE comparisons SET cursor_place = $1{} WHERE state = {} AND cursor_place > $1",
        counted("comparisons"),
        ComparisonState::Running as i32
    );
    run(database, back, vec![(place - 1).into()]).await?;
    Ok(moved)
}

const fn of_county(
    table: &'static str,
    unique: &'static [&'static str],
    in_state: Option<i32>,
) -> OfCounty {
    OfCounty {
        table,
        code: "region",
        form: Form::Code,
        unique: match unique.is_empty() && in_state.is_none() {
            true => None,
            false => Some(unique),
        },
        in_state,
    }
}

/// A column with the name of a region.
const fn named(
    table: &'static str,
    column: &'static str,
    unique: Option<&'static [&'static str]>,
) -> OfCounty {
    OfCounty {
        table,
        code: column,
        form: Form::Name,
        unique,
        in_state: None,
    }
}

// === impl Form ===

impl Form {
    fn write(self, code: &str) -> String {
        match self {
            Self::Code => code.to_owned(),
            Self::Name => format!("regions/{code}"),
        }
    }
}

async fn run(
    database: &impl ConnectionTrait,
    sql: String,
    values: Vec<Value>,
) -> Result<u64, KernelError> {
    let backend = database.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    Ok(database.execute_raw(statement).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use junheng_kernel::resource;
    use junheng_kernel::scope::{Scope, Scoped as _};
    use sea_orm::{Database, DatabaseConnection, EntityTrait, IntoActiveModel, QueryResult};
    use sea_orm_migration::MigratorTrait as _;

    use super::*;
    use crate::entity::{
        birth_count, comparison_result, dropout_report, finding_round, resident_candidate,
    };

    /// What columns are called that say which county, or which organisation.
    const LIKE: &str = "c.name LIKE '%region%' OR c.name IN \
         ('organisation', 'issuer', 'parent', 'students_of', 'code', 'open_key') AND m.name <> 'transfers'";

    async fn database() -> DatabaseConnection {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        crate::Migrator::up(&database, None).await.unwrap();
        database
    }

    /// The columns of the schema, with their tables, whose names are `like`.
    async fn columns(database: &DatabaseConnection, like: &str) -> BTreeSet<(String, String)> {
        let sql = format!(
            "SELECT m.name AS held_by, c.name AS found FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND ({like})"
        );
        let backend = database.get_database_backend();
        let rows = database
            .query_all_raw(Statement::from_string(backend, sql))
            .await
            .unwrap();
        let told = |row: &QueryResult| {
            let text = |column| row.try_get("", column).unwrap();
            (text("held_by"), text("found"))
        };
        rows.iter().map(told).collect()
    }

    fn owned<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeSet<(String, String)> {
        let owned = |(table, column): (&str, &str)| (table.to_owned(), column.to_owned());
        pairs.map(owned).collect()
    }

    #[tokio::test]
    async fn every_column_with_a_countys_code_is_taken_along() {
        let database = database().await;
        let found = columns(&database, LIKE).await;
        let known = OF_SCHOOLS.iter().map(|(table, code, _)| (*table, *code));
        let known = known.chain(OF_COUNTIES.iter().map(|one| (one.table, one.code)));
        let known = known.chain([("dropout_notice_numbers", "issuer")]);
        assert_eq!(found, owned(known.chain(OWN.iter().copied())));
        // Each statement is one that the schema understands.
        follow_school(&database, Uuid::now_v7(), "420103")
            .await
            .unwrap();
        follow_county(&database, "420102", "420103", 420_103_000_000)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn every_place_of_a_county_is_taken_along() {
        let database = database().await;
        let found = columns(
            &database,
            "c.name = 'place' OR c.name LIKE '%\\_place' ESCAPE '\\'",
        )
        .await;
        let stay = STAY.iter().map(|(table, column, _)| (*table, *column));
        assert_eq!(found, owned(PLACES.iter().copied().chain(stay)));
    }

    async fn add<E: EntityTrait>(
        database: &DatabaseConnection,
        row: impl IntoActiveModel<E::ActiveModel>,
    ) {
        let row = row.into_active_model();
        E::insert(row)
            .exec_without_returning(database)
            .await
            .unwrap();
    }

    /// Every text of the database in which a code stands, with its table and column.
    async fn texts(database: &DatabaseConnection, code: &str) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        for (table, column) in columns(database, "c.type LIKE '%char%' OR c.type LIKE 'text'").await
        {
            let sql = format!("SELECT 1 FROM {table} WHERE \"{column}\" LIKE '%{code}%' LIMIT 1");
            let statement = Statement::from_string(database.get_database_backend(), sql);
            if database.query_one_raw(statement).await.unwrap().is_some() {
                found.insert((table, column));
            }
        }
        found
    }

    async fn write(database: &DatabaseConnection, sql: &str) {
        database.execute_unprepared(sql).await.unwrap();
    }

    #[tokio::test]
    async fn reports_notices_and_births_go_on_under_the_new_code() {
        let database = database().await;
        let report = |organisation: &str, period: &str| dropout_report::Model {
            id: Uuid::now_v7(),
            kind: 2,
            organisation: format!("regions/{organisation}"),
            school: None,
            place: 420_102_000_000,
            region: organisation.into(),
            period: period.into(),
            from_date: "2026-07-01".parse().unwrap(),
            until_date: "2026-09-30".parse().unwrap(),
            after_micros: 1,
            until_micros: 2,
            state: 1,
            items: Vec::new(),
            digest: String::new(),
            due_date: String::new(),
            due_provisional: false,
            count_micros: 2,
            update_micros: 2,
            version: 1,
        };
        for period in ["2026-Q3", "2026-Q4"] {
            add::<dropout_report::Entity>(&database, report("420102", period)).await;
        }
        let births = |code: &str| birth_count::Model {
            id: Uuid::now_v7(),
            region: "420102".into(),
            code: code.into(),
            place: 420_102_000_000,
            birth_year: 2018,
            birth_count: 10,
            resident_count: None,
            yearly_migration: 0,
            as_of_year: 2026,
            source: "统计局".into(),
        };
        add::<birth_count::Entity>(&database, births("420102")).await;
        for (issuer, year, last) in [
            ("regions/420102", 2025, 9),
            ("regions/420102", 2026, 12),
            ("regions/420103", 2026, 3),
        ] {
            let sql = format!(
                "INSERT INTO dropout_notice_numbers (issuer, year, last) VALUES ('{issuer}', {year}, {last})"
            );
            write(&database, &sql).await;
        }
        assert_eq!(texts(&database, "420102").await.len(), 5);
        let new = 420_103_000_000;
        follow_county(&database, "420102", "420103", new)
            .await
            .unwrap();
        assert_eq!(texts(&database, "420102").await, BTreeSet::new());
        let sql = "SELECT year, last FROM dropout_notice_numbers ORDER BY year";
        let statement = Statement::from_string(database.get_database_backend(), sql);
        let rows = database.query_all_raw(statement).await.unwrap();
        let told: Vec<(i32, i32)> = rows
            .iter()
            .map(|row| {
                (
                    row.try_get("", "year").unwrap(),
                    row.try_get("", "last").unwrap(),
                )
            })
            .collect();
        assert_eq!(told, [(2025, 9), (2026, 12)], "the one that is further");
        // A county that goes into another with a report of its own keeps its own as it was.
        add::<dropout_report::Entity>(&database, report("420104", "2026-Q4")).await;
        follow_county(&database, "420104", "420103", new)
            .await
            .unwrap();
        let left = texts(&database, "420104").await;
        assert_eq!(
            left,
            owned([("dropout_reports", "organisation")].into_iter())
        );
    }

    #[tokio::test]
    async fn children_without_a_school_go_with_their_county() {
        let database = database().await;
        let (here, town, there) = (420_102_000_000, 420_102_001_000, 420_104_000_000);
        let result = |place| comparison_result::Model {
            run: Uuid::now_v7(),
            person: Uuid::now_v7(),
            place,
            verdict: 3,
            previous: 0,
            change: 0,
            student: None,
        };
        let candidate = resident_candidate::Model {
            id: Uuid::now_v7(),
            person: Uuid::now_v7(),
            student: Uuid::now_v7(),
            place: here,
            guardian_agrees: true,
            decision: 0,
            note: String::new(),
            evidence: String::new(),
            create_micros: 1,
            version: 1,
        };
        for place in [here, town, there] {
            add::<comparison_result::Entity>(&database, result(place)).await;
        }
        add::<resident_candidate::Entity>(&database, candidate).await;
        let new = 420_103_000_000;
        let moved = follow_county(&database, "420102", "420103", new).await;
        assert_eq!(moved.unwrap(), 3);
        let all = Scope::everything("a test looks at everything");
        let candidates = resident_candidate::Entity::visible_to(&all);
        assert_eq!(candidates.one(&database).await.unwrap().unwrap().place, new);
        let results = comparison_result::Entity::visible_to(&all);
        let mut places: Vec<i64> = results
            .all(&database)
            .await
            .unwrap()
            .into_iter()
            .map(|result| result.place)
            .collect();
        places.sort_unstable();
        assert_eq!(places, [new, new, there], "the neighbour's stays");
    }

    #[tokio::test]
    async fn who_read_a_row_before_its_county_was_renamed_does_not_write_the_old_one_back() {
        let database = database().await;
        let place = 420_102_000_000;
        let round = finding_round::Model {
            id: Uuid::now_v7(),
            place,
            region: "420102".into(),
            date: "2026-11-20".into(),
            trigger: 1,
            state: 1,
            open_key: "420102".into(),
            day_key: "420102/2026-11-20".into(),
            way: 0,
            after: String::new(),
            holder: String::new(),
            holder_micros: 0,
            attendance_count: 0,
            cohort_count: 0,
            process_count: 0,
            opened_count: 0,
            create_micros: 1,
            done_micros: 0,
            failure: 0,
            failure_zh: String::new(),
            version: 1,
        };
        add::<finding_round::Entity>(&database, round.clone()).await;
        follow_county(&database, "420102", "420103", 420_103_000_000)
            .await
            .unwrap();
        let stepped = finding_round::Model {
            version: round.version + 1,
            ..round
        };
        let written = resource::replace::<finding_round::Entity>(&database, stepped, 1).await;
        assert!(matches!(written, Err(KernelError::EtagMismatch { .. })));
        let all = Scope::everything("a test looks at everything");
        let stands = finding_round::Entity::visible_to(&all).one(&database);
        let stands = stands.await.unwrap().unwrap();
        assert_eq!(
            (stands.region.as_str(), stands.place),
            ("420103", 420_103_000_000)
        );
    }
}
