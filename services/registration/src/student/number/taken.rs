//! Whose a number is that comes with a new student: nobody's else. A formal number is made of an identity number, and that
//! must not be somebody else's either.

use std::collections::HashSet;

use junheng_kernel::privacy::BlindIndex;
use sea_orm::{ConnectionTrait, DbErr};

use super::super::{document, store as students};
use super::store;

/// A number that comes with a new student.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Brought<'a> {
    /// The number, normalised; empty when none comes.
    pub(crate) number: String,
    /// The hash of the student's own document.
    pub(crate) identity_hash: &'a [u8],
}

// === impl Brought ===

impl Brought<'_> {
    /// The hashes of the identity number that this number is made of, where it is not the student's own: one for each kind of
    /// document that has numbers.
    pub(crate) fn made_of_others(&self, index: &BlindIndex) -> Vec<Vec<u8>> {
        let mut chars = self.number.chars();
        if chars.next().is_none() {
            return Vec::new();
        }
        let made_of = document::hashes_of_number(index, chars.as_str());
        if made_of.iter().any(|hash| hash == self.identity_hash) {
            return Vec::new();
        }
        made_of
    }
}

/// Which of the numbers are, or were, another student's, or are made of the identity number of another: of somebody registered
/// or of somebody else in this set. A number is given once in the set; who has a record keeps the record's number, and is
/// judged against it. In the order of `brought`.
pub(crate) async fn taken(
    database: &impl ConnectionTrait,
    index: &BlindIndex,
    brought: &[Brought<'_>],
) -> Result<Vec<bool>, DbErr> {
    if brought.iter().all(|one| one.number.is_empty()) {
        return Ok(vec![false; brought.len()]);
    }
    let hashes: Vec<Vec<u8>> = brought
        .iter()
        .map(|one| document::number_hash(index, &one.number))
        .collect();
    let given = brought.iter().zip(&hashes);
    let given = given.filter(|(one, _)| !one.number.is_empty());
    let given: Vec<Vec<u8>> = given.map(|(_, hash)| hash.clone()).collect();
    let holders = store::holders(database, &given).await?;
    let made_of: Vec<Vec<Vec<u8>>> = brought
        .iter()
        .map(|one| one.made_of_others(index))
        .collect();
    let others: Vec<&[u8]> = made_of.iter().flatten().map(Vec::as_slice).collect();
    let mut owned: HashSet<Vec<u8>> = brought
        .iter()
        .map(|one| one.identity_hash.to_vec())
        .collect();
    if !others.is_empty() {
        let owners = students::with_hashes(database, &others).await?;
        owned.extend(owners.into_iter().map(|owner| owner.identity_hash));
    }
    let mut claimed = HashSet::new();
    let found: Vec<bool> = brought
        .iter()
        .zip(hashes.iter().zip(&made_of))
        .map(|(one, (hash, made_of))| {
            let is_given = !one.number.is_empty();
            let is_had = is_given && (holders.contains_key(hash) || !claimed.insert(hash));
            is_had || made_of.iter().any(|hash| owned.contains(hash))
        })
        .collect();
    let suspects: Vec<&[u8]> = brought
        .iter()
        .zip(&found)
        .filter(|(_, taken)| **taken)
        .map(|(one, _)| one.identity_hash)
        .collect();
    if suspects.is_empty() {
        return Ok(found);
    }
    let known = students::with_hashes(database, &suspects).await?;
    let known: HashSet<Vec<u8>> = known.into_iter().map(|one| one.identity_hash).collect();
    let is_taken = |(one, taken): (&Brought<'_>, bool)| taken && !known.contains(one.identity_hash);
    Ok(brought.iter().zip(found).map(is_taken).collect())
}
