//! The suite: each story runs against the real executable on SQLite and on PostgreSQL, as `sqlite::…` and `postgres::…`.
//!
//! One installation a database serves all stories that do not ask for their own; it starts with the first of them.
//! After the stories the logs of both are read for panics.

mod access;
mod access_live;
mod assets;
mod campaign_journey;
mod campaign_races;
mod exact_figures;
mod feed;
mod foreign_client;
mod frozen_figures;
mod gateway_faces;
mod import_files;
mod lost_callers;
mod moving_schools;
mod power_cut;
mod pupil_imports;
mod pupil_lists;
mod pupils;
mod row_texts;
mod schools;
mod seal;
mod secrets;
mod separate_roles;
mod sign_in;
mod staffing;

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
    pupil_imports::STORIES,
    pupil_lists::STORIES,
    import_files::STORIES,
    row_texts::STORIES,
    moving_schools::STORIES,
    lost_callers::STORIES,
    secrets::STORIES,
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

/// What the stories share: a runtime, a database server, an installation for each database.
struct Stage {
    runtime: Runtime,
    sqlite: OnceLock<Result<World, String>>,
    postgres: OnceLock<Result<World, String>>,
    server: OnceLock<Result<Arc<Postgres>, String>>,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stage = Arc::new(Stage {
        runtime,
        sqlite: OnceLock::new(),
        postgres: OnceLock::new(),
        server: OnceLock::new(),
    });
    let mut trials = access::trials();
    for story in THEMES.iter().copied().flatten() {
        trials.extend(
            story
                .databases
                .iter()
                .map(|database| trial(&stage, story, *database)),
        );
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

fn trial(stage: &Arc<Stage>, story: &'static Story, database: Database) -> Trial {
    let stage = Arc::clone(stage);
    Trial::test(
        format!("{database}::{}", story.promise.replace(' ', "_")),
        move || {
            let world = stage.world(database)?;
            stage.runtime.block_on((story.run)(world));
            Ok(())
        },
    )
}

/// The logs of the installations that were started.
fn log_trials(stage: &Stage) -> Vec<Trial> {
    [&stage.sqlite, &stage.postgres]
        .into_iter()
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
    fn world(&self, database: Database) -> Result<&World, Failed> {
        let world = match database {
            Database::Sqlite => &self.sqlite,
            Database::Postgres => &self.postgres,
        };
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
