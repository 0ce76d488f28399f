//! `generate`: a made-up province of any size, as files or through the import door. The same seed and size give the same
//! bytes on every machine; no row is about anybody.
//!
//! Order of making: [`plan`] (which counties, how many pupils each) → [`county`] with [`classes`] (schools and the sizes of
//! their classes) → [`pupils`] (persons, with [`names`] and [`identity`]) → [`batch`] → [`files`] or [`send`]. A county is made
//! when its turn comes and a pupil when it is sent, so memory does not grow with the province. What is drawn from stands in
//! [`parameters`]; every draw comes from [`chance`].

mod batch;
mod chance;
mod classes;
mod county;
mod files;
mod identity;
mod names;
mod parameters;
mod plan;
mod pupils;
mod send;
mod tally;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use futures_util::StreamExt as _;

use crate::cli::{GenerateArgs, SignInArgs};
use crate::client::{Kind, Progress};
use crate::config::Config;
use parameters::Parameters;
use plan::{County, Plan};
use pupils::Pupils;
use send::Sender;
use tally::Report;

/// Makes the province; `false` when a row was refused.
///
/// # Errors
/// Arguments that do not do, files that cannot be written, a refused import.
pub async fn run(config: &Config, args: &GenerateArgs) -> anyhow::Result<bool> {
    ensure!(
        args.rows_per_request > 0,
        "--rows-per-request should be at least 1"
    );
    ensure!(args.at_once > 0, "--at-once should be at least 1");
    let parameters = Arc::new(Parameters::builtin()?);
    let plan = Arc::new(Plan::of(args, &parameters)?);
    let counties = plan.between(args.from.as_deref(), args.until.as_deref())?;
    let pupils: u64 = counties.iter().map(|county| county.pupils).sum();
    eprintln!(
        "{} counties, {pupils} pupils, seed {}, school year {}. Everything is made up; estimates of ours are: {}.",
        counties.len(),
        plan.seed,
        plan.year,
        parameters.estimates().join(", ")
    );
    let progress = Progress::begin("rows", 0);
    let report = match &args.out {
        Some(folder) => {
            let all = Pupils::of(&parameters, &plan)?;
            each(counties, &parameters, &plan, args, |county, batch| {
                files::write(folder, county, batch, &all, &progress)
            })?
        }
        None => {
            let sign_in = SignInArgs {
                endpoint: args.into.clone().or(args.sign_in.endpoint.clone()),
                ..args.sign_in.clone()
            };
            let sender = Sender::open(config, &sign_in, parameters.clone(), plan.clone()).await?;
            into(&sender, counties, &parameters, &plan, args, &progress).await?
        }
    };
    progress.end();
    report.print(args.out.is_none());
    if let Some(path) = &args.report {
        report.write(path)?;
    }
    Ok(report.all_in())
}

fn each(
    counties: &[County],
    parameters: &Parameters,
    plan: &Plan,
    args: &GenerateArgs,
    mut write: impl FnMut(&County, &batch::Batch) -> anyhow::Result<tally::Tally>,
) -> anyhow::Result<Report> {
    let mut report = Report::default();
    for county in counties {
        for batch in send::batches(parameters, plan, county, args.rows_per_request) {
            report.add(batch.kind, &write(county, &batch)?);
        }
    }
    Ok(report)
}

/// Schools and classes first, county by county; then the pupils of a few counties at once, as counties do.
async fn into(
    sender: &Sender,
    counties: &[County],
    parameters: &Parameters,
    plan: &Plan,
    args: &GenerateArgs,
    progress: &Progress,
) -> anyhow::Result<Report> {
    let (mut report, mut sessions) = (Report::default(), Vec::new());
    for county in counties {
        let session = sender.enter(county).await?;
        progress.say(&county.name);
        for batch in send::batches(parameters, plan, county, args.rows_per_request) {
            if batch.kind != Kind::Students {
                let tally = sender.send(&session, county, &batch, progress).await?;
                report.add(batch.kind, &tally);
            }
        }
        sessions.push(session);
    }
    let begun = Instant::now();
    let pupils = counties.iter().zip(&sessions);
    let pupils = pupils.map(async |(county, session)| {
        let session = sender.enter_again(county, session).await?;
        progress.say(&county.name);
        let mut tallies = Vec::new();
        for batch in send::batches(parameters, plan, county, args.rows_per_request) {
            if batch.kind == Kind::Students {
                tallies.push(sender.send(&session, county, &batch, progress).await?);
            }
        }
        anyhow::Ok(tallies)
    });
    // In the order of the counties, so that the first that fails is the one to go on from.
    let mut pupils = futures_util::stream::iter(pupils).buffered(args.at_once);
    while let Some(tallies) = pupils.next().await {
        for tally in tallies? {
            report.add(Kind::Students, &tally);
        }
    }
    report.students.seconds = begun.elapsed().as_secs_f64();
    Ok(report)
}
