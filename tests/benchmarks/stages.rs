//! The benchmarks by name, in the order in which they run: a further one is a file and a line here.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use junheng_tests::postgres::Postgres;

use crate::arguments::Arguments;
use crate::ground::Ground;
use crate::report::Report;
use crate::{
    attendance, comparison, first_load, import, ledgers, memory, power_cut, race, reading, single,
    statistics,
};

/// Over what a benchmark runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The filled provinces of every size, one after the other.
    EverySize,
    /// The filled province nearest to a million pupils.
    MainSize,
    /// Installations that it lays itself.
    Own,
}

/// A province that has been filled.
#[derive(Clone, Copy)]
pub struct Province<'a> {
    /// The installation.
    pub ground: &'a Ground,
    /// Its pupils.
    pub count: u64,
}

/// What a benchmark has at hand.
pub struct Scene<'a> {
    /// How much to measure.
    pub arguments: &'a Arguments,
    /// The database server of the run.
    pub postgres: &'a Arc<Postgres>,
    /// Where figures go.
    pub report: &'a mut Report,
}

type Running<'a> = Pin<Box<dyn Future<Output = anyhow::Result<()>> + 'a>>;

/// How a benchmark runs: over a province, or by itself.
#[derive(Clone, Copy)]
pub enum Run {
    /// Over a filled province.
    Filled(for<'a> fn(&'a mut Scene<'_>, Province<'a>) -> Running<'a>),
    /// By itself.
    Alone(for<'a> fn(&'a mut Scene<'_>) -> Running<'a>),
}

/// One benchmark.
pub struct Stage {
    /// Its name on the command line.
    pub name: &'static str,
    /// Over what.
    pub over: Over,
    /// How.
    pub run: Run,
}

/// All of them. `first-load` is the filling itself, and so runs for whatever needs a province; attendance comes before the
/// stages that register children of today, who are on no roll of an earlier day.
pub static STAGES: [Stage; 11] = [
    filled("first-load", Over::EverySize, |scene, province| {
        Box::pin(first_load::run(scene, province))
    }),
    filled("reading", Over::EverySize, |scene, province| {
        Box::pin(reading::run(scene, province))
    }),
    filled("statistics", Over::EverySize, |scene, province| {
        Box::pin(statistics::run(scene, province))
    }),
    filled("attendance", Over::MainSize, |scene, province| {
        Box::pin(attendance::run(scene, province))
    }),
    filled("import", Over::MainSize, |scene, province| {
        Box::pin(import::run(scene, province))
    }),
    filled("single", Over::MainSize, |scene, province| {
        Box::pin(single::run(scene, province))
    }),
    filled("race", Over::MainSize, |scene, province| {
        Box::pin(race::run(scene, province))
    }),
    filled("ledgers", Over::EverySize, |scene, province| {
        Box::pin(ledgers::run(scene, province))
    }),
    filled("comparison", Over::MainSize, |scene, province| {
        Box::pin(comparison::run(scene, province))
    }),
    alone("power-cut", |scene| Box::pin(power_cut::run(scene))),
    alone("memory", |scene| Box::pin(memory::run(scene))),
];

const fn filled(
    name: &'static str,
    over: Over,
    run: for<'a> fn(&'a mut Scene<'_>, Province<'a>) -> Running<'a>,
) -> Stage {
    let run = Run::Filled(run);
    Stage { name, over, run }
}

const fn alone(name: &'static str, run: for<'a> fn(&'a mut Scene<'_>) -> Running<'a>) -> Stage {
    Stage {
        name,
        over: Over::Own,
        run: Run::Alone(run),
    }
}
