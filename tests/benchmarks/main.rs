//! The benchmarks of `bash tests/load`: each against a baseline in the same run, on PostgreSQL with fsync and
//! synchronous_commit on, all roles of the product in one process, everything on one machine.
//!
//! - [`first_load`], [`import`], [`memory`]: rows through the import door against COPY ([`copying`]);
//! - [`single`]: registrations one by one against a bare driver ([`bare`]);
//! - [`reading`], [`statistics`]: what officers look at all day, at three sizes of province;
//! - [`power_cut`], [`race`]: promises that must hold under load, whatever the times.
//!
//! A province ([`ground`]) is made up by `junheng generate` through the import door, one installation for each size.

mod arguments;
mod bare;
mod child;
mod copying;
mod first_load;
mod ground;
mod import;
mod latency;
mod memory;
mod power_cut;
mod process;
mod race;
mod reading;
mod report;
mod single;
mod statistics;

use std::process::ExitCode;
use std::sync::Arc;

use junheng_tests::postgres::Postgres;

use arguments::Arguments;
use ground::{DURABLE, DURABLE_SMALL, Ground};
use report::Report;

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
    let filled = [
        "first-load",
        "reading",
        "statistics",
        "import",
        "single",
        "race",
    ];
    for count in &arguments.pupils {
        let main = *count == arguments.main_size();
        // What needs one size only does not fill the others.
        let needed = &filled[..if main { filled.len() } else { 3 }];
        if needed.iter().any(|name| arguments.wants(name)) {
            at_size(arguments, &postgres, *count, main, &mut report).await?;
        }
    }
    if arguments.wants("power-cut") {
        eprintln!("power cut");
        power_cut::run(&postgres, arguments.rows, &mut report).await?;
    }
    if arguments.wants("memory") {
        eprintln!("memory");
        memory::run(&postgres, &arguments.files, &mut report).await?;
    }
    report.print();
    let mut machine = process::machine();
    machine["postgres"] = serde_json::json!(settings);
    machine["short"] = arguments.short.into();
    report.write(&arguments.out, &machine)?;
    println!("\nresults: {}", arguments.out.display());
    Ok(report)
}

/// Everything that is measured over one province.
async fn at_size(
    arguments: &Arguments,
    postgres: &Arc<Postgres>,
    count: u64,
    main: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    eprintln!("a province of {count} pupils");
    let ground = Ground::lay(postgres).await?;
    first_load::run(&ground, count, arguments.wants("first-load"), report).await?;
    if arguments.wants("reading") {
        reading::run(&ground, count, arguments, report).await?;
    }
    if arguments.wants("statistics") {
        statistics::run(&ground, count, arguments, report).await?;
    }
    if !main {
        return Ok(());
    }
    if arguments.wants("import") {
        import::run(&ground, count, arguments.rows.min(count), report).await?;
    }
    if arguments.wants("single") {
        single::run(&ground, arguments, report).await?;
    }
    if arguments.wants("race") {
        race::run(&ground, arguments.racers, report).await?;
    }
    Ok(())
}
