//! The first three administrators (三员), made when nobody can sign in yet.

use std::path::{Path, PathBuf};

use junheng_gateway::FirstSignIn;
use junheng_kernel::service::Context;

use crate::config::Config;
use crate::private;

/// Where the passwords of the first administrators are left.
const FILE: &str = "first-sign-in.txt";

/// Makes the administrators on an empty database, and leaves their passwords in the data folder for its owner alone.
/// Gives them, and the file, when it did.
///
/// Where the folder cannot be written nobody is made, because the passwords would be lost: then it is done by
/// `junheng accounts bootstrap`.
///
/// # Errors
/// Those of the database.
pub(super) async fn ensure(
    context: &Context,
    config: &Config,
) -> anyhow::Result<Option<(Vec<FirstSignIn>, PathBuf)>> {
    let folder = &config.serve.data_dir;
    if let Err(error) = try_folder(folder) {
        tracing::warn!(
            error = format!("{error:#}"),
            "no administrators are made here; use `junheng accounts bootstrap`"
        );
        return Ok(None);
    }
    let accounts = junheng_gateway::bootstrap(context, &config.region.province_code()).await?;
    if accounts.is_empty() {
        return Ok(None);
    }
    let line = |account: &FirstSignIn| {
        format!(
            "{:<16} {:<28} {}\n",
            account.sign_in_name, account.password, account.title
        )
    };
    let draft = draft_of(folder);
    private::write(&draft, &accounts.iter().map(line).collect::<String>())?;
    let file = folder.join(FILE);
    std::fs::rename(&draft, &file)?;
    Ok(Some((accounts, file)))
}

fn try_folder(folder: &Path) -> anyhow::Result<()> {
    private::folder(folder)?;
    let draft = draft_of(folder);
    private::write(&draft, "")?;
    Ok(std::fs::remove_file(draft)?)
}

fn draft_of(folder: &Path) -> PathBuf {
    folder.join(format!("{FILE}.{}", std::process::id()))
}
