//! A child without a document is told apart within the school: where the record goes, its hash goes along, so that the
//! roster of the new school finds the child.

use std::collections::HashSet;

use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::Keyring;
use sea_orm::ConnectionTrait;

use super::ledger::Move;
use super::person::{self, Person};
use super::{document, store};

/// Gives the records that go to another school the hash that they have there. One whose namesake of the same day of birth
/// is there already keeps its own: people decide whether the two are one child.
pub(super) async fn follow(
    database: &impl ConnectionTrait,
    keys: &Keyring,
    moves: &mut [Move],
) -> Result<(), KernelError> {
    let index = document::index_of(keys)?;
    let mut wanted = Vec::new();
    for (position, Move { before, after }) in moves.iter().enumerate() {
        let goes = before
            .as_ref()
            .is_some_and(|before| before.school != after.school);
        // Only kinds without a number of the person's own are opened: of a whole school these are few.
        if !goes || !document::may_name_school(after.identity_type) {
            continue;
        }
        let person = Person::of(keys, after)?;
        if person.identity_number.is_empty() {
            let draft = person::draft_of(after, &person);
            wanted.push((position, document::hash(index, &draft, after.school)));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let hashes: Vec<&[u8]> = wanted.iter().map(|(_, hash)| hash.as_slice()).collect();
    let holders = store::with_hashes(database, &hashes).await?;
    let mut taken: HashSet<Vec<u8>> = holders.into_iter().map(|one| one.identity_hash).collect();
    for (position, hash) in wanted {
        if let Some(one) = moves.get_mut(position)
            && taken.insert(hash.clone())
        {
            one.after.identity_hash = hash;
        }
    }
    Ok(())
}
