//! What goes into one file, or one import: a county's schools, its classes, or as many of its pupils as one request takes.

use junheng_kernel::digest::PartsDigest;
use prost::Message as _;
use uuid::Uuid;

use super::county::School;
use super::plan::{County, Plan};
use super::pupils::Pupils;
use crate::client::Kind;

/// One file or import.
#[derive(Clone, Debug)]
pub struct Batch {
    /// What its rows are.
    pub kind: Kind,
    /// Its number among those of the county and kind, from 1.
    pub number: u64,
    /// How many rows it has.
    pub rows: u64,
    /// The schools that it is about.
    schools: Vec<School>,
}

/// The batches of a county, parents before children. Pupils of one school stay together, so a batch may have a school's pupils
/// more than `most`.
pub fn of_county(schools: Vec<School>, most: u64) -> Vec<Batch> {
    let rows = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let classes: usize = schools
        .iter()
        .map(|school| school.class_rows().count())
        .sum();
    let whole = |kind, rows| Batch {
        kind,
        number: 1,
        rows,
        schools: schools.clone(),
    };
    let mut batches = vec![
        whole(Kind::Schools, rows(schools.len())),
        whole(Kind::Classes, rows(classes)),
    ];
    let mut open: Vec<School> = Vec::new();
    let mut number = 1;
    let pupils = |schools: &[School]| schools.iter().map(School::pupils).sum::<u64>();
    let batch = |schools: Vec<School>, number| Batch {
        kind: Kind::Students,
        number,
        rows: pupils(&schools),
        schools,
    };
    for school in schools {
        open.push(school);
        if pupils(&open) >= most {
            batches.push(batch(std::mem::take(&mut open), number));
            number += 1;
        }
    }
    if !open.is_empty() {
        batches.push(batch(open, number));
    }
    batches
}

// === impl Batch ===

impl Batch {
    /// The rows as encoded messages, numbered as lines of a file whose header is row 1; made while they are taken.
    pub fn messages<'a>(
        &'a self,
        county: &'a County,
        pupils: &'a Pupils<'a>,
    ) -> Box<dyn Iterator<Item = Vec<u8>> + Send + 'a> {
        match self.kind {
            Kind::Schools => Box::new(
                (2..)
                    .zip(&self.schools)
                    .map(|(row, school)| school.row(row, county).encode_to_vec()),
            ),
            Kind::Classes => {
                let rows = self.schools.iter().flat_map(School::class_rows);
                Box::new((2..).zip(rows).map(|(number, mut row)| {
                    row.row = number;
                    row.encode_to_vec()
                }))
            }
            _ => {
                let rows = self.schools.iter().flat_map(|school| pupils.draw(school));
                Box::new((2..).zip(rows).map(|(number, mut row)| {
                    row.row = number;
                    row.encode_to_vec()
                }))
            }
        }
    }

    /// The id of the request that imports it: the same for the same plan, so that a repeat writes nothing twice.
    pub fn request_id(&self, plan: &Plan, county: &County) -> Uuid {
        let mut digest = PartsDigest::default();
        digest.add(b"junheng generate");
        for number in [
            plan.seed,
            plan.pupils,
            county.index,
            county.pupils,
            county.first_person,
            self.number,
            self.rows,
        ] {
            digest.add(&number.to_be_bytes());
        }
        digest.add_number(i64::from(plan.year));
        digest.add(plan.province.as_bytes());
        digest.add(self.kind.name().as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.finish()[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}
