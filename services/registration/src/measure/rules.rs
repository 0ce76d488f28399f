//! From counted records to measures.

use std::collections::{BTreeMap, HashMap};

use junheng_kernel::tally::Tally;
use junheng_proto::evidence::v1::Measure;
use uuid::Uuid;

use crate::entity::school;
use crate::school::rules::stages_of;
use crate::school_class::rules::stage_key;

/// The pupils and classes of one stage of one school.
#[derive(Clone, Default)]
struct StageTally {
    pupils: Tally,
    classes: Tally,
    by_class: BTreeMap<Uuid, i64>,
}

/// The records of a parent, counted by school and stage.
#[derive(Default)]
pub(super) struct Counted(HashMap<(Uuid, i32), StageTally>);

// === impl Counted ===

impl Counted {
    /// Counts a class. Classes come in the order of their ids.
    pub(super) fn class(&mut self, school: Uuid, stage: i32, id: Uuid, version: i64) {
        self.of(school, stage).classes.add(id, version, 1);
    }

    /// Counts a pupil, and in the class where the pupil is in one. Pupils come in the order of their ids.
    pub(super) fn pupil(
        &mut self,
        school: Uuid,
        stage: i32,
        class: Option<Uuid>,
        id: Uuid,
        version: i64,
    ) {
        let tally = self.of(school, stage);
        tally.pupils.add(id, version, 1);
        if let Some(class) = class {
            *tally.by_class.entry(class).or_default() += 1;
        }
    }

    /// The measures of a school, one set for each stage that its kind runs, zero where there is nothing to count.
    pub(super) fn measures_of(
        &mut self,
        school: &school::Model,
        as_of_time: prost_types::Timestamp,
    ) -> Vec<Measure> {
        let name = format!("schools/{}", school.id);
        let mut measures = Vec::new();
        for stage in stages_of(school.kind) {
            let stage = *stage as i32;
            let tally = self.0.remove(&(school.id, stage)).unwrap_or_default();
            let largest = tally.by_class.values().copied().max().unwrap_or(0);
            let (pupils, pupils_digest) = tally.pupils.finish();
            let (classes, classes_digest) = tally.classes.finish();
            let figures = [
                ("pupils.total", pupils, "students", &pupils_digest),
                ("classes.total", classes, "classes", &classes_digest),
                ("pupils.largest_class", largest, "students", &pupils_digest),
            ];
            measures.extend(figures.map(|(measure, value, records, digest)| Measure {
                school: name.clone(),
                stage,
                measure: measure.to_owned(),
                value,
                source: format!("{name}/{records}?stage={}", stage_key(stage)),
                source_digest: digest.clone(),
                as_of_time: Some(as_of_time),
            }));
        }
        measures
    }

    fn of(&mut self, school: Uuid, stage: i32) -> &mut StageTally {
        self.0.entry((school, stage)).or_default()
    }
}

#[cfg(test)]
mod tests {
    use junheng_proto::education::v1::SchoolKind;

    use super::*;

    fn school(kind: SchoolKind) -> school::Model {
        school::Model {
            id: Uuid::from_u128(1),
            school_code: "3163000001".into(),
            display_name: "第一中学".into(),
            kind: kind as i32,
            urban_rural: 111,
            sponsor: 7,
            region: "630103".into(),
            town: String::new(),
            place: 630_103_000_000,
            state: 2,
            open_date: String::new(),
            close_date: String::new(),
            closing: None,
            version: 1,
        }
    }

    fn values(counted: &mut Counted, kind: SchoolKind) -> Vec<(i32, String, i64)> {
        counted
            .measures_of(&school(kind), prost_types::Timestamp::default())
            .into_iter()
            .map(|measure| (measure.stage, measure.measure, measure.value))
            .collect()
    }

    #[test]
    fn each_stage_of_a_school_is_counted_apart() {
        let own = Uuid::from_u128(1);
        let class = Uuid::from_u128;
        let mut counted = Counted::default();
        counted.class(own, 1, class(10), 1);
        counted.class(own, 2, class(11), 1);
        for (pupil, of) in [(20, 10), (21, 10), (22, 11)] {
            counted.pupil(
                own,
                if of == 10 { 1 } else { 2 },
                Some(class(of)),
                class(pupil),
                1,
            );
        }
        let expected = [
            (1, "pupils.total", 2),
            (1, "classes.total", 1),
            (1, "pupils.largest_class", 2),
            (2, "pupils.total", 1),
            (2, "classes.total", 1),
            (2, "pupils.largest_class", 1),
        ];
        let expected = expected.map(|(stage, measure, value)| (stage, measure.to_owned(), value));
        assert_eq!(values(&mut counted, SchoolKind::NineYear), expected);
    }

    #[test]
    fn a_school_with_nothing_to_count_gives_zero() {
        let measures = values(&mut Counted::default(), SchoolKind::CompleteSecondary);
        assert_eq!(measures.len(), 6, "junior and senior");
        assert!(measures.iter().all(|(_, _, value)| *value == 0));
    }

    #[test]
    fn a_source_is_a_list_that_the_caller_can_read() {
        let measures = Counted::default().measures_of(
            &school(SchoolKind::Primary),
            prost_types::Timestamp::default(),
        );
        let id = Uuid::from_u128(1);
        assert_eq!(
            measures[0].source,
            format!("schools/{id}/students?stage=PRIMARY")
        );
        assert_eq!(
            measures[1].source,
            format!("schools/{id}/classes?stage=PRIMARY")
        );
        assert_eq!(measures[0].source_digest.len(), 64);
    }
}
