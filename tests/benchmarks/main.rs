//! The benchmarks of `bash tests/load`: each against a baseline in the same run, on PostgreSQL with fsync and
//! synchronous_commit on, all roles of the product in one process, everything on one machine.
//!
//! - [`first_load`], [`import`], [`memory`]: rows through the import door against COPY ([`copying`]);
//! - [`single`]: registrations one by one against a bare driver ([`bare`]);
//! - [`reading`], [`statistics`]: what officers look at all day, at three sizes of province;
//! - [`attendance`], [`comparison`], [`ledgers`]: dropout control at the size of a province;
//! - [`power_cut`], [`race`]: promises that must hold under load, whatever the times.
//!
//! A province ([`ground`]) is made up by `junheng generate` through the import door, one installation for each size.

mod arguments;
mod attendance;
mod bare;
mod child;
mod comparison;
mod copying;
mod first_load;
mod ground;
mod import;
mod latency;
mod ledgers;
mod memory;
mod power_cut;
mod process;
mod race;
mod reading;
mod report;
mod single;
mod stages;
mod statistics;

use std::process::ExitCode;
use std::sync::Arc;

use junheng_tests::postgres::Postgres;

use arguments::Arguments;
use ground::{DURABLE, DURABLE_SMALL, Ground};
use report::Report;
use stages::{Over, Province, Run, STAGES, Scene, Stage};

fn main() -> ExitCode {
    let run = || -> anyhow::Result<Report> {
        let arguments = Arguments::read(std::env::args().skip(1))?;
        tokio::runtime::Runtime::new()?.block_on(measure(&arguments))
    };
    match run() {
        Ok(report) if report.broken().is_empty() => ExitCode::SUCCESS,
        Ok(report) => {
            for broken in report.broken() {
                eprintln!("does not hold: {broken}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> anyhow::Result<Report> {
    let settings = if arguments.short {
        DURABLE_SMALL
    } else {
        DURABLE
    };
    let postgres = Arc::new(Postgres::start_with(settings)?);
    let mut report = Report::default();
    let mut scene = Scene {
        arguments,
        postgres: &postgres,
        report: &mut report,
    };
    for count in &arguments.pupils {
        at_size(&mut scene, *count).await?;
    }
    for stage in STAGES.iter().filter(|stage| arguments.wants(stage.name)) {
        if let Run::Alone(run) = stage.run {
            eprintln!("{}", stage.name);
            run(&mut scene).await?;
        }
    }
    report.print();
    let mut machine = process::machine();
    machine["postgres"] = serde_json::json!(settings);
    machine["short"] = arguments.short.into();
    report.write(&arguments.out, &machine)?;
    println!("\nresults: {}", arguments.out.display());
    let (kept, broken) = report.promises();
    println!("{kept} passed, {broken} failed");
    Ok(report)
}

/// Everything that is measured over one province.
async fn at_size(scene: &mut Scene<'_>, count: u64) -> anyhow::Result<()> {
    let main = count == scene.arguments.main_size();
    // What needs one size only does not fill the others.
    let runs_here = |stage: &&Stage| match stage.over {
        Over::EverySize => true,
        Over::MainSize => main,
        Over::Own => false,
    };
    let here: Vec<&Stage> = STAGES.iter().filter(runs_here).collect();
    if !here.iter().any(|stage| scene.arguments.wants(stage.name)) {
        return Ok(());
    }
    eprintln!("a province of {count} pupils");
    let ground = Ground::lay(scene.postgres).await?;
    let province = Province {
        ground: &ground,
        count,
    };
    for (number, stage) in here.into_iter().enumerate() {
        // The first of them fills the province.
        if number > 0 && !scene.arguments.wants(stage.name) {
            continue;
        }
        if let Run::Filled(run) = stage.run {
            run(scene, province).await?;
        }
    }
    Ok(())
}
