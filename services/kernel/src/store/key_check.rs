//! Keeps a database and its keyring together: what one keyring sealed, another must never be mixed with.

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::privacy::{Cipher as _, FieldAddress, Keyring};

const PROBE: &[u8] = b"junheng";

/// Opens the probe that the first start sealed, or seals one.
///
/// Fails when the keyring does not open it: a lost or foreign keyring would seal new rows that nobody can read together
/// with the old ones, and let one person be registered twice.
pub(super) async fn check(database: &DatabaseConnection, keys: &Keyring) -> anyhow::Result<()> {
    let backend = database.get_database_backend();
    let aad = FieldAddress {
        table: "key_check",
        field: "probe",
        row: "1",
    }
    .to_aad();
    let insert = Statement::from_sql_and_values(
        backend,
        "INSERT INTO key_check (id, probe, fingerprint) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING",
        [keys.seal(PROBE, &aad)?.into(), fingerprint(keys)?.into()],
    );
    database.execute_raw(insert).await?;
    let select = Statement::from_string(
        backend,
        "SELECT probe, fingerprint FROM key_check WHERE id = 1",
    );
    let row = database
        .query_one_raw(select)
        .await?
        .ok_or_else(|| anyhow::anyhow!("the key check of the database is gone"))?;
    let (probe, index): (Vec<u8>, Vec<u8>) =
        (row.try_get("", "probe")?, row.try_get("", "fingerprint")?);
    let opens = keys
        .open(&probe, &aad)
        .is_ok_and(|plain| plain.as_bytes() == PROBE);
    anyhow::ensure!(
        opens && index == fingerprint(keys)?,
        "the keyring is not the one that this database was sealed with: set privacy.keyring to the keys it was started \
         with, or bring back the secrets.toml of its data folder"
    );
    Ok(())
}

/// What the blind index makes of the probe: the index key cannot change without every stored hash.
fn fingerprint(keys: &Keyring) -> anyhow::Result<Vec<u8>> {
    Ok(keys.blind_index()?.index("key_check", "junheng").to_vec())
}
