//! `migrate`: the newest schema, for installations that do not let services change it.

use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::serve::{Component, database};

/// Migrates one database, or all.
///
/// # Errors
/// Those of the databases, and a SQLite file that another process works on.
pub async fn migrate(config: &Config, role: Option<Component>) -> anyhow::Result<()> {
    for component in Component::ALL {
        if role.is_some_and(|role| role != component) {
            continue;
        }
        let url = component.database_url(config);
        let _lock = database::lock(&url)?;
        database::prepare(component, &url, &CancellationToken::new()).await?;
        println!("{}: the schema is up to date", component.name());
    }
    Ok(())
}
