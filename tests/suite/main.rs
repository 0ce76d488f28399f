//! The suite: each story runs against the real executable on SQLite and on PostgreSQL, as `sqlite::…` and `postgres::…`.
//!
//! A few installations a database serve all stories that do not ask for their own, theme by theme in turn, for a province has
//! only so many counties; each starts with the first of its stories.
//! After the stories the logs of both are read for panics.

mod access;
mod access_live;
mod admission;
mod aid;
mod assets;
mod attendance;
mod bulk_imports;
mod campaign_journey;
mod campaign_races;
mod case_feed;
mod case_partners;
mod certificates;
mod class_draw;
mod class_sizes;
mod closing_schools;
mod comparisons;
mod dropout_cases;
mod dropout_closing;
mod dropout_rates;
mod dropout_reports;
mod duplicate_cases;
mod exact_figures;
mod exports;
mod feed;
mod findings;
mod first_load;
mod forecast;
mod foreign_client;
mod frozen_figures;
mod gateway_faces;
mod import_files;
mod key_changes;
mod ledgers;
mod local_rules;
mod lost_callers;
mod made_up_province;
mod moving_cases;
mod moving_schools;
mod name_search;
mod numbers;
mod overdue;
mod power_cut;
mod promotion;
mod pupil_imports;
mod pupil_lists;
mod pupils;
mod registration_races;
mod reorganisations;
mod reveal;
mod row_texts;
mod schools;
mod seal;
mod secrets;
mod separate_roles;
mod sign_in;
mod special_groups;
mod staffing;
mod statistics;
mod status_changes;
mod transfer_ground;
mod transfers;
mod zones;

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use junheng_tests::postgres::Postgres;
use junheng_tests::{Database, Story, World};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

/// Stories wait more than they compute, so more of them run at once than there are processors.
const AT_ONCE: usize = 6;

const THEMES: &[&[Story]] = &[
    access_live::STORIES,
    schools::STORIES,
    pupils::STORIES,
    transfers::STORIES,
    dropout_cases::STORIES,
    dropout_closing::STORIES,
    local_rules::STORIES,
    duplicate_cases::STORIES,
    numbers::STORIES,
    key_changes::STORIES,
    name_search::STORIES,
    pupil_imports::STORIES,
    bulk_imports::STORIES,
    first_load::STORIES,
    pupil_lists::STORIES,
    reveal::STORIES,
    exports::STORIES,
    special_groups::STORIES,
    aid::STORIES,
    import_files::STORIES,
    made_up_province::STORIES,
    row_texts::STORIES,
    statistics::STORIES,
    moving_cases::STORIES,
    moving_schools::STORIES,
    reorganisations::STORIES,
    closing_schools::STORIES,
    registration_races::STORIES,
    class_sizes::STORIES,
    dropout_rates::STORIES,
    dropout_reports::STORIES,
    ledgers::STORIES,
    overdue::STORIES,
    lost_callers::STORIES,
    secrets::STORIES,
    status_changes::STORIES,
    comparisons::STORIES,
    case_feed::STORIES,
    case_partners::STORIES,
    promotion::STORIES,
    attendance::STORIES,
    findings::STORIES,
    certificates::STORIES,
    zones::STORIES,
    admission::STORIES,
    class_draw::STORIES,
    forecast::STORIES,
    staffing::STORIES,
    assets::STORIES,
    exact_figures::STORIES,
    frozen_figures::STORIES,
    campaign_journey::STORIES,
    campaign_races::STORIES,
    feed::STORIES,
    seal::STORIES,
    power_cut::STORIES,
    sign_in::STORIES,
    gateway_faces::STORIES,
    separate_roles::STORIES,
    foreign_client::STORIES,
];

/// Installations of each database.
const INSTALLATIONS: usize = 3;

/// An installation, once it has started.
type Started = OnceLock<Result<World, String>>;

/// What the stories share: a runtime, a database server, the installations of each database.
struct Stage {
    runtime: Runtime,
    sqlite: [Started; INSTALLATIONS],
    postgres: [Started; INSTALLATIONS],
    server: OnceLock<Result<Arc<Postgres>, String>>,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stage = Arc::new(Stage {
        runtime,
        sqlite: Default::default(),
        postgres: Default::default(),
        server: OnceLock::new(),
    });
    let mut trials = access::trials();
    for (number, theme) in THEMES.iter().enumerate() {
        for story in *theme {
            let told = story.databases.iter();
            trials.extend(told.map(|database| trial(&stage, story, *database, number)));
        }
    }
    let told = libtest_mimic::run(&arguments, trials);
    if arguments.list {
        return told.exit_code();
    }
    let read = libtest_mimic::run(&Arguments::default(), log_trials(&stage));
    if told.has_failed() {
        told.exit_code()
    } else {
        read.exit_code()
    }
}

fn trial(stage: &Arc<Stage>, story: &'static Story, database: Database, theme: usize) -> Trial {
    let stage = Arc::clone(stage);
    Trial::test(
        format!("{database}::{}", story.promise.replace(' ', "_")),
        move || {
            let world = stage.world(database, theme)?;
            stage.runtime.block_on((story.run)(world));
            Ok(())
        },
    )
}

/// The logs of the installations that were started.
fn log_trials(stage: &Stage) -> Vec<Trial> {
    stage
        .sqlite
        .iter()
        .chain(&stage.postgres)
        .filter_map(|world| world.get()?.as_ref().ok())
        .map(|world| {
            let log = std::fs::read_to_string(world.setup().log()).unwrap_or_default();
            Trial::test(
                format!("{}::the_process_never_panicked", world.database),
                move || match log.lines().find(|line| line.contains("panicked")) {
                    Some(line) => Err(Failed::from(line)),
                    None => Ok(()),
                },
            )
        })
        .collect()
}

// === impl Stage ===

impl Stage {
    /// The installation of a theme.
    fn world(&self, database: Database, theme: usize) -> Result<&World, Failed> {
        let worlds = match database {
            Database::Sqlite => &self.sqlite,
            Database::Postgres => &self.postgres,
        };
        let world = &worlds[theme % INSTALLATIONS];
        let started = world.get_or_init(|| {
            let postgres = match database {
                Database::Sqlite => None,
                Database::Postgres => Some(self.server()?),
            };
            let start = World::start(database, postgres, &[]);
            self.runtime
                .block_on(start)
                .map_err(|error| format!("{error:#}"))
        });
        started.as_ref().map_err(Failed::from)
    }

    fn server(&self) -> Result<Arc<Postgres>, String> {
        let start = || {
            Postgres::start()
                .map(Arc::new)
                .map_err(|error| format!("{error:#}"))
        };
        self.server.get_or_init(start).clone()
    }
}
