//! The measures of one school, in one order, with a digest; what differs between two sets.

use junheng_kernel::clock::timestamp;
use junheng_kernel::digest::PartsDigest;
use junheng_kernel::label;
use junheng_proto::education::v1::Stage;
use junheng_proto::inspection::v1::FrozenMeasure;

use crate::framework::measure::measure;

/// One measure with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Measure {
    /// The service that holds it.
    pub service: String,
    /// Its name.
    pub measure: String,
    /// The stage's number; 0 when the school's stages share it.
    pub stage: i32,
    /// The value in the measure's unit.
    pub value: i64,
    /// What was counted.
    pub source: String,
    /// SM3 over the records counted, hexadecimal.
    pub source_digest: String,
    /// When it was counted, in microseconds since 1970.
    pub as_of_micros: i64,
}

/// The measures of one school, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeasureSet(Vec<Measure>);

// === impl Measure ===

impl Measure {
    /// The measure as callers see it.
    pub fn encode(&self) -> FrozenMeasure {
        FrozenMeasure {
            service: self.service.clone(),
            measure: self.measure.clone(),
            stage: self.stage,
            value: self.value,
            source: self.source.clone(),
            source_digest: self.source_digest.clone(),
            as_of_time: Some(timestamp(self.as_of_micros)),
        }
    }

    fn key(&self) -> (&str, i32) {
        (&self.measure, self.stage)
    }

    /// The Chinese name with the stage.
    fn title(&self) -> String {
        let name = measure(&self.measure).map_or(self.measure.as_str(), |row| row.zh);
        let stage = Stage::try_from(self.stage).unwrap_or_default();
        format!("{}{name}", label::of(stage))
    }
}

// === impl MeasureSet ===

impl MeasureSet {
    /// A set of these measures in the order of service, measure and stage.
    pub fn of(mut measures: Vec<Measure>) -> Self {
        measures.sort();
        Self(measures)
    }

    /// The measures.
    pub fn measures(&self) -> &[Measure] {
        &self.0
    }

    /// SM3 over what was counted and from which records, hexadecimal. The moment of counting is left out.
    pub fn digest(&self) -> String {
        let mut digest = PartsDigest::default();
        for measure in &self.0 {
            digest
                .add(measure.service.as_bytes())
                .add(measure.measure.as_bytes())
                .add_number(measure.stage.into())
                .add_number(measure.value)
                .add(measure.source.as_bytes())
                .add(measure.source_digest.as_bytes());
        }
        digest.finish_hex()
    }

    /// What became different in `newer`, one phrase a measure; a value that stands although its records changed is named
    /// too, because the digest sees it.
    pub fn changes(&self, newer: &Self) -> Vec<String> {
        let find = |set: &'_ Self, wanted: &Measure| -> Option<Measure> {
            let mut same = set.0.iter().filter(|one| one.key() == wanted.key());
            same.next().cloned()
        };
        let changed = newer.0.iter().filter_map(|now| {
            let title = now.title();
            match find(self, now) {
                None => Some(format!("{title} → {}", now.value)),
                Some(before) if before.value != now.value => {
                    Some(format!("{title} {} → {}", before.value, now.value))
                }
                Some(before) if before.source_digest != now.source_digest => {
                    Some(format!("{title} = {}", now.value))
                }
                Some(_) => None,
            }
        });
        let gone = self.0.iter().filter(|before| find(newer, before).is_none());
        changed
            .chain(gone.map(|before| format!("{} {} →", before.title(), before.value)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(name: &str, stage: i32, value: i64) -> Measure {
        Measure {
            service: "registration".into(),
            measure: name.into(),
            stage,
            value,
            source: "schools/x/students".into(),
            source_digest: "aa".into(),
            as_of_micros: 1,
        }
    }

    #[test]
    fn the_digest_depends_on_what_was_counted_and_not_on_when_or_in_which_order() {
        let one = measure("pupils.total", 1, 30);
        let two = measure("books.count", 0, 900);
        let set = MeasureSet::of(vec![one.clone(), two.clone()]);
        let mut later = one.clone();
        later.as_of_micros = 99;
        assert_eq!(
            set.digest(),
            MeasureSet::of(vec![two.clone(), later]).digest()
        );
        for changed in [
            Measure {
                value: 31,
                ..one.clone()
            },
            Measure {
                stage: 2,
                ..one.clone()
            },
            Measure {
                source_digest: "bb".into(),
                ..one.clone()
            },
        ] {
            let other = MeasureSet::of(vec![changed, two.clone()]);
            assert_ne!(set.digest(), other.digest());
        }
        assert_ne!(set.digest(), MeasureSet::of(vec![two]).digest());
    }

    #[test]
    fn a_change_is_named_with_both_values() {
        let before = MeasureSet::of(vec![
            measure("pupils.total", 1, 30),
            measure("books.count", 0, 900),
        ]);
        let after = MeasureSet::of(vec![
            measure("pupils.total", 1, 31),
            measure("computers.count", 0, 5),
        ]);
        assert_eq!(
            before.changes(&after),
            ["计算机台数 → 5", "小学在校学生数 30 → 31", "图书册数 900 →"]
        );
        assert!(before.changes(&before).is_empty());
    }
}
