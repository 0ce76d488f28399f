//! `audit verify`: checks sealed journals, beside running services or long after them.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use junheng_kernel::admission::TrustedKeys;
use junheng_kernel::journal::{self, Verification};
use junheng_kernel::store::connect;

use crate::cli::VerifyArgs;
use crate::config::Config;
use crate::serve::{Component, Keys, database};

/// A journal to check.
struct Journal {
    component: Component,
    url: String,
}

/// Prints the outcome of each journal and its head as a checkpoint; `false` when anything is wrong.
///
/// # Errors
/// A journal that cannot be read, or whose key is unknown.
pub async fn verify(config: &Config, args: &VerifyArgs) -> anyhow::Result<bool> {
    let journals = chosen(config, args)?;
    let trusted = Keys::believed(config, &folder_of(config, args))?;
    let mut sound = true;
    for journal in &journals {
        let checkpoint = checkpoint_of(journal.component, args, journals.len())?;
        match check(journal, &trusted, checkpoint).await {
            Ok(outcome) => {
                sound &= outcome.findings.is_empty();
                report(journal.component, &outcome);
            }
            // One journal that cannot be read must not hide what is wrong with the others.
            Err(error) => {
                sound = false;
                println!("{:12} CANNOT BE READ: {error:#}", journal.component.name());
            }
        }
    }
    Ok(sound)
}

/// Where the keys are kept: beside the SQLite file that is checked, unless said otherwise.
fn folder_of(config: &Config, args: &VerifyArgs) -> PathBuf {
    let beside = args.database.as_deref().and_then(database::sqlite_file);
    let beside = beside.and_then(|file| file.parent().map(PathBuf::from));
    beside
        .filter(|_| args.data_dir.is_none())
        .unwrap_or_else(|| config.serve.data_dir.clone())
}

/// The journals named, or all of the installation.
fn chosen(config: &Config, args: &VerifyArgs) -> anyhow::Result<Vec<Journal>> {
    let named = match &args.service {
        None => None,
        Some(name) => {
            Some(Component::named(name).with_context(|| format!("no service is called {name}"))?)
        }
    };
    if let Some(url) = &args.database {
        let component = named.or_else(|| told_by(url)).with_context(|| {
            let names = Component::ALL.map(Component::name).join(", ");
            format!("whose journal is it? add --service with one of {names}")
        })?;
        let url = url.clone();
        return existing(vec![Journal { component, url }]);
    }
    let all = Component::ALL.into_iter();
    let wanted = all.filter(|component| named.is_none_or(|named| named == *component));
    existing(
        wanted
            .map(|component| Journal {
                component,
                url: component.database_url(config),
            })
            .collect(),
    )
}

/// Opening a SQLite file that is not there would make an empty one, and an empty journal has no fault.
fn existing(journals: Vec<Journal>) -> anyhow::Result<Vec<Journal>> {
    for journal in &journals {
        if let Some(file) = database::sqlite_file(&journal.url)
            && !file.exists()
        {
            bail!(
                "there is no journal of {} at {}",
                journal.component.name(),
                file.display()
            );
        }
    }
    Ok(journals)
}

/// The service after which a database is named.
fn told_by(url: &str) -> Option<Component> {
    let last = url.rsplit('/').next()?;
    let last = last.split(['?', '.']).next()?;
    Component::named(last)
}

/// The hash noted for a journal: `name:hash`, or a bare hash when only one journal is checked.
fn checkpoint_of(
    component: Component,
    args: &VerifyArgs,
    journals: usize,
) -> anyhow::Result<Option<&str>> {
    for noted in &args.checkpoint {
        match noted.split_once(':') {
            Some((name, hash)) if name == component.name() => return Ok(Some(hash)),
            Some((name, _)) if Component::named(name).is_some() => {}
            None if journals == 1 => return Ok(Some(noted)),
            _ => bail!("a checkpoint is written name:hash, as `audit verify` prints it"),
        }
    }
    Ok(None)
}

async fn check(
    journal: &Journal,
    trusted: &TrustedKeys,
    checkpoint: Option<&str>,
) -> anyhow::Result<Verification> {
    let name = journal.component.name();
    let issuer = journal.component.issuer();
    let public = trusted
        .get(issuer)
        .with_context(|| format!("the public key of {issuer} is unknown; set identity.trusted"))?;
    let bar = progress(name);
    let (reader, writer) = connect(&journal.url)
        .await
        .with_context(|| format!("the journal of {name} cannot be opened"))?;
    let outcome = journal::verify(&reader, public, checkpoint, |done, total| {
        bar.set_length(total.unsigned_abs());
        bar.set_position(done.unsigned_abs());
    })
    .await;
    bar.finish_and_clear();
    reader.close().await?;
    writer.close().await?;
    outcome.with_context(|| format!("the journal of {name} cannot be read"))
}

fn progress(name: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{prefix:12} {wide_bar} {pos}/{len} blocks {eta}");
    ProgressBar::new(0)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_prefix(name)
}

fn report(component: Component, outcome: &Verification) {
    let Verification {
        blocks,
        rows,
        unsealed,
        head,
        findings,
    } = outcome;
    let name = component.name();
    let verdict = if findings.is_empty() {
        "sound"
    } else {
        "NOT SOUND"
    };
    println!("{name}: {verdict}, {blocks} blocks, {rows} rows, {unsealed} not sealed yet");
    for finding in findings {
        println!("  {finding}");
    }
    // An empty journal has no head that could be found again.
    if *blocks > 0 {
        println!("  checkpoint {name}:{head}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(checkpoint: &[&str]) -> VerifyArgs {
        VerifyArgs {
            data_dir: None,
            database: None,
            service: None,
            checkpoint: checkpoint.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    #[test]
    fn a_database_tells_whose_journal_it_is_by_its_name() {
        assert_eq!(
            told_by("postgres://a:b@host/staffing?sslmode=disable"),
            Some(Component::Staffing)
        );
        assert_eq!(
            told_by("sqlite:///data/accounts.db"),
            Some(Component::Gateway)
        );
        assert_eq!(told_by("postgres://a:b@host/production"), None);
    }

    #[test]
    fn a_checkpoint_belongs_to_the_journal_that_it_names() {
        let noted = args(&["assets:aa", "staffing:bb"]);
        assert_eq!(
            checkpoint_of(Component::Staffing, &noted, 5).unwrap(),
            Some("bb")
        );
        assert_eq!(
            checkpoint_of(Component::Inspection, &noted, 5).unwrap(),
            None
        );
        assert_eq!(
            checkpoint_of(Component::Assets, &args(&["cc"]), 1).unwrap(),
            Some("cc")
        );
        assert!(checkpoint_of(Component::Assets, &args(&["cc"]), 5).is_err());
    }

    #[test]
    fn a_journal_that_is_not_there_is_not_sound() {
        let folder = tempfile::tempdir().unwrap();
        let url = Component::Assets.sqlite_url(folder.path());
        assert!(
            existing(vec![Journal {
                component: Component::Assets,
                url
            }])
            .is_err()
        );
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
    }
}
