//! Class sizes as rules judge them, dated.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;

/// A band of class sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Its key.
    pub key: &'static str,
    /// The term.
    pub label: &'static str,
    /// The smallest class.
    pub least: i64,
    /// The largest class; the last band has no end.
    pub most: i64,
    /// From when on, `YYYY-MM-DD`.
    pub effective_from: &'static str,
    /// The last day, or empty.
    pub effective_to: &'static str,
    /// The document.
    pub source: &'static str,
}

/// The largest class that a stage should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standard {
    /// The stage.
    pub stage: i32,
    /// The most pupils.
    pub most: i64,
    /// From when on, `YYYY-MM-DD`.
    pub effective_from: &'static str,
    /// The last day, or empty.
    pub effective_to: &'static str,
}

const BANDS_OF: &str = "国务院关于统筹推进县域内城乡义务教育一体化改革发展的若干意见(国发〔2016〕40号)所附班额口径:56至65人为大班额,66人及以上为超大班额";
/// Where the standard sizes come from.
pub const STANDARD_OF: &str = "县域义务教育优质均衡发展督导评估办法(教督〔2017〕6号):小学、初中所有班级学生数分别不超过45人、50人";

/// The bands (班额, of the statistical form, V; the document of the bands R+).
#[rustfmt::skip]
const BANDS: [Band; 5] = [
    Band { key: "small",      label: "35人及以下", least: 1,  most: 35,       effective_from: "2016-07-11", effective_to: "", source: BANDS_OF },
    Band { key: "normal",     label: "正常班额",   least: 36, most: 45,       effective_from: "2016-07-11", effective_to: "", source: BANDS_OF },
    Band { key: "big",        label: "偏大班额",   least: 46, most: 55,       effective_from: "2016-07-11", effective_to: "", source: BANDS_OF },
    Band { key: "large",      label: "大班额",     least: 56, most: 65,       effective_from: "2016-07-11", effective_to: "", source: BANDS_OF },
    Band { key: "over_large", label: "超大班额",   least: 66, most: i64::MAX, effective_from: "2016-07-11", effective_to: "", source: BANDS_OF },
];

/// The standards (教督〔2017〕6号, 政府保障程度第五项, V).
const STANDARDS: [Standard; 2] = [
    Standard {
        stage: 1,
        most: 45,
        effective_from: "2017-04-26",
        effective_to: "",
    },
    Standard {
        stage: 2,
        most: 50,
        effective_from: "2017-04-26",
        effective_to: "",
    },
];

/// The bands in force on a day; before the first of them, the first.
pub fn bands(today: NaiveDate) -> impl Iterator<Item = &'static Band> {
    BANDS
        .iter()
        .filter(move |band| in_force(today, band.effective_from, band.effective_to))
}

/// The band of a key in force on a day.
pub fn named(key: &str, today: NaiveDate) -> Option<&'static Band> {
    bands(today).find(|band| band.key == key)
}

/// The smallest large class (大班额) on a day. Fails with `INTERNAL` on a day before the first bands.
pub fn large_from(today: NaiveDate) -> Result<i64, KernelError> {
    named("large", today)
        .map(|band| band.least)
        .ok_or_else(|| KernelError::Stored(format!("no bands of class sizes on {today}")))
}

/// The band of a class of this size.
pub fn of(size: i64, today: NaiveDate) -> Option<&'static Band> {
    bands(today).find(|band| (band.least..=band.most).contains(&size))
}

/// The smallest class above the size that its stage should have on a day, by stage.
pub fn above_standard(today: NaiveDate) -> Vec<(i32, i64)> {
    let standards = STANDARDS.iter();
    standards
        .filter(|one| in_force(today, one.effective_from, one.effective_to))
        .map(|one| (one.stage, one.most + 1))
        .collect()
}

/// The largest class that a stage should have on a day.
pub fn standard(stage: i32, today: NaiveDate) -> Option<&'static Standard> {
    STANDARDS.iter().find(|standard| {
        standard.stage == stage && in_force(today, standard.effective_from, standard.effective_to)
    })
}

fn in_force(today: NaiveDate, from: &str, to: &str) -> bool {
    let day = today.to_string();
    from <= day.as_str() && (to.is_empty() || day.as_str() <= to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::size::FROM;

    #[test]
    fn the_bands_follow_each_other_and_begin_where_the_form_does() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let mut next = 1;
        for band in bands(day) {
            assert_eq!(band.least, next, "{}", band.key);
            assert!(FROM.contains(&band.least), "{}", band.key);
            next = band.most.saturating_add(1);
        }
        assert_eq!(next, i64::MAX);
        for stage in [1, 2] {
            let standard = standard(stage, day).unwrap();
            assert!(FROM.contains(&(standard.most + 1)));
        }
        let labels = [
            (55, "偏大班额"),
            (56, "大班额"),
            (65, "大班额"),
            (66, "超大班额"),
        ];
        for (size, label) in labels {
            assert_eq!(of(size, day).unwrap().label, label);
        }
        let before = NaiveDate::from_ymd_opt(2015, 9, 1).unwrap();
        assert_eq!(of(70, before), None);
        assert_eq!(large_from(day).unwrap(), 56);
        assert!(large_from(before).is_err());
    }
}
