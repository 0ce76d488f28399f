//! `accounts bootstrap`: the first three administrators of a province, who create everybody else.

use crate::config::Config;
use crate::serve::{Component, Ground};

/// Creates the administrators and prints their first passwords.
///
/// # Errors
/// When they exist, the province is unknown, or the database does not answer.
pub async fn bootstrap(mut config: Config, province: Option<String>) -> anyhow::Result<()> {
    if let Some(province) = province {
        config.region.province = province;
    }
    let code = config.region.province_code();
    let mut ground = Ground::new(config)?;
    let context = ground.context(Component::Gateway).await?;
    let accounts = junheng_gateway::bootstrap(&context, &code).await?;
    if accounts.is_empty() {
        anyhow::bail!(
            "there are accounts already; their system administrator creates further ones"
        );
    }
    // Seals what was written, like a service that drains.
    junheng_kernel::journal::seal_now(&context).await?;
    for account in accounts {
        println!(
            "{:<16} {:<28} {}",
            account.sign_in_name, account.password, account.title
        );
    }
    Ok(())
}
