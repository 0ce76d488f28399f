//! The forecast of one school, town or county from what lies in its county.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use junheng_kernel::error::KernelError;
use junheng_kernel::name::Parent;
use junheng_kernel::region::{RegionLevel, RegionTable};
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::{ForecastYear, SurvivalRate};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::rules::{self, Base, Born, Fed, GRADES, PRIMARY, Pupils, Rate, Year};
use super::store;
use crate::entity::{birth_count, school};
use crate::rule_book::{RegionPath, RuleBook};
use crate::school::rules::stages_of;
use crate::statistic::band;

/// Frozen years that rates come from.
const YEARS_BACK: i32 = 3;

/// Everything that forecasts below a region or school are made from.
pub(super) struct Ground {
    school_year: i32,
    schools: Vec<school::Model>,
    pupils: HashMap<Uuid, Pupils>,
    classes: HashMap<Uuid, Pupils>,
    frozen: HashMap<(Uuid, i32), Pupils>,
    births: Vec<birth_count::Model>,
    plans: HashMap<(Uuid, i32, i32), i64>,
}

/// What a forecast is asked for.
pub(super) enum Of {
    /// A county.
    County,
    /// A town, by its code.
    Town(String),
    /// A school.
    School(Uuid),
}

/// A forecast with what it was made of.
pub(super) struct Unit {
    pub(super) years: Vec<ForecastYear>,
    pub(super) rates: Vec<SurvivalRate>,
    pub(super) assumptions: BTreeSet<String>,
}

/// The dated rules of a county.
pub(super) struct Defaults {
    entry: i64,
    survival: i64,
    standard: [i64; 2],
    years: i32,
}

// === impl Defaults ===

impl Defaults {
    pub(super) fn of(
        regions: &RegionTable,
        county: &str,
        date: chrono::NaiveDate,
    ) -> Result<Self, KernelError> {
        let (book, path) = (RuleBook::builtin()?, RegionPath::of(regions, county));
        Ok(Self {
            entry: book.number("forecast.entry_permille", &path, date)?,
            survival: book.number("forecast.survival_permille", &path, date)?,
            standard: [
                standard_size(Stage::Primary, date)?,
                standard_size(Stage::Junior, date)?,
            ],
            years: i32::try_from(book.number("forecast.years", &path, date)?).unwrap_or(0),
        })
    }
}

fn standard_size(stage: Stage, date: chrono::NaiveDate) -> Result<i64, KernelError> {
    band::standard(stage as i32, date)
        .map(|standard| standard.most)
        .ok_or_else(|| KernelError::Stored(format!("no standard size of classes on {date}")))
}

// === impl Ground ===

impl Ground {
    /// Reads what lies below `parent`.
    pub(super) async fn read(
        database: &impl ConnectionTrait,
        parent: &Parent,
        school_year: i32,
    ) -> Result<Self, KernelError> {
        let by_school = |counts: Vec<store::Count>| {
            let mut schools: HashMap<Uuid, Pupils> = HashMap::new();
            for (school, stage, grade, count) in counts {
                if let Some(at) = grade_of(stage, grade) {
                    schools.entry(school).or_default()[at] += count;
                }
            }
            schools
        };
        let mut frozen: HashMap<(Uuid, i32), Pupils> = HashMap::new();
        for row in store::frozen(database, parent, school_year - YEARS_BACK).await? {
            if let Some(at) = grade_of(row.stage, row.grade) {
                let of_year = frozen.entry((row.school, row.school_year)).or_default();
                of_year[at] += row.student_count;
            }
        }
        let plans = store::plans(database, parent, school_year).await?;
        let plans = plans.into_iter().map(|plan| {
            let key = (plan.school, plan.school_year, plan.stage);
            (key, i64::from(plan.place_count))
        });
        Ok(Self {
            school_year,
            schools: store::schools(database, parent).await?,
            pupils: by_school(store::students(database, parent).await?),
            classes: by_school(store::classes(database, parent).await?),
            births: store::births(database, parent).await?,
            plans: plans.collect(),
            frozen,
        })
    }

    /// The counties that have schools here, by code.
    pub(super) fn counties(&self) -> BTreeSet<String> {
        self.schools
            .iter()
            .map(|school| school.region.clone())
            .collect()
    }

    /// The schools of a county that run a compulsory stage.
    pub(super) fn schools_of(&self, county: &str) -> impl Iterator<Item = &school::Model> {
        self.schools
            .iter()
            .filter(move |school| school.region == county)
    }

    /// Forecasts a county, one of its towns or one of its schools.
    pub(super) fn forecast(
        &self,
        regions: &RegionTable,
        county: &str,
        of: &Of,
        defaults: &Defaults,
    ) -> Unit {
        let mut assumptions = BTreeSet::new();
        let everybody: Vec<&school::Model> = self.schools_of(county).collect();
        let own: Vec<&school::Model> = everybody
            .iter()
            .copied()
            .filter(|school| match of {
                Of::County => true,
                Of::Town(code) => school.town == *code,
                Of::School(id) => school.id == *id,
            })
            .collect();
        let (pupils, all) = (self.sum(&own), self.sum(&everybody));
        let (born, share) = self.children(regions, county, of, (&pupils, &all), &mut assumptions);
        let steps = self.steps(&everybody, all, defaults);
        if steps.iter().any(|step| step.assumed) {
            assumptions.insert(format!(
                "{county}县没有连续两年冻结数的升级环节,升级率按{}‰假定",
                defaults.survival
            ));
        }
        assumptions.insert(format!("适龄儿童入学率按{}‰假定", defaults.entry));
        assumptions.insert("出生数在一年内均匀分布:9至12月占4/12,1至8月占8/12".into());
        assumptions
            .insert("班级数与班额标准在预测期内不变;有招生计划的学年,起始年级按计划数".into());
        let mut base = Base {
            school_year: self.school_year,
            pupils,
            born,
            share,
            entry: rules::rate_of([], defaults.entry),
            steps,
            fed: None,
        };
        let runs_any = |stage: Stage| own.iter().any(|school| runs(school, stage));
        if runs_any(Stage::Junior) && !runs_any(Stage::Primary) && !matches!(of, Of::County) {
            let county =
                self.children(regions, county, &Of::County, (&all, &all), &mut assumptions);
            base.fed = Some(fed(&base, all, county, defaults.years));
            assumptions.insert(
                "本单位没有小学:七年级按全县六年级升学人数和本单位七年级在校生占全县七年级的比例推算".into(),
            );
        }
        let projected = rules::project(&base, defaults.years);
        let held = projected.iter().skip(1).filter(|year| year.born.is_none());
        let held: Vec<String> = held.map(|year| year.school_year.to_string()).collect();
        if !held.is_empty() && runs_any(Stage::Primary) {
            assumptions.insert(format!(
                "缺少{}学年入学儿童的出生数,小学一年级按上一学年人数持平",
                held.join("、")
            ));
        }
        let years = projected.iter().flat_map(|year| {
            [Stage::Primary, Stage::Junior]
                .into_iter()
                .filter(|stage| runs_any(*stage))
                .map(|stage| self.year(&own, year, stage, defaults))
                .collect::<Vec<_>>()
        });
        Unit {
            years: years.collect(),
            rates: told_rates(&base),
            assumptions,
        }
    }

    fn sum(&self, schools: &[&school::Model]) -> Pupils {
        let of_school = |school: &&school::Model| self.pupils.get(&school.id);
        add(schools.iter().filter_map(of_school))
    }

    /// The children of the years of birth who belong to the unit: its own where they are entered, else its share of the county's.
    fn children(
        &self,
        regions: &RegionTable,
        county: &str,
        of: &Of,
        (pupils, all): (&Pupils, &Pupils),
        assumptions: &mut BTreeSet<String>,
    ) -> (BTreeMap<i32, Born>, Rate) {
        let whole = Rate {
            numerator: 1,
            denominator: 1,
            assumed: false,
        };
        if let Of::Town(code) = of {
            let entered = self.births.iter().filter(|birth| birth.code == *code);
            let own: BTreeMap<i32, Born> = entered
                .map(|birth| (birth.birth_year, born_of(birth)))
                .collect();
            if !own.is_empty() {
                return (own, whole);
            }
        }
        let mut born: BTreeMap<i32, Born> = BTreeMap::new();
        let mut towns: BTreeMap<i32, Vec<Born>> = BTreeMap::new();
        for birth in self.births.iter().filter(|birth| birth.region == county) {
            if birth.code == county {
                born.insert(birth.birth_year, born_of(birth));
            } else {
                let of_year = towns.entry(birth.birth_year).or_default();
                of_year.push(born_of(birth));
            }
        }
        let known = regions.children(county).into_iter();
        let known = known.filter(|town| town.level == RegionLevel::Town).count();
        for (year, entered) in towns {
            if entered.len() < known && !born.contains_key(&year) {
                assumptions.insert(format!(
                    "{county}县{year}年出生数只有{}个乡镇(街道)填报,共{known}个",
                    entered.len()
                ));
            }
            born.entry(year).or_insert_with(|| together(&entered));
        }
        if matches!(of, Of::County) {
            return (born, whole);
        }
        assumptions.insert("按本单位一年级在校生占全县一年级的比例分配全县入学儿童".into());
        let share = Rate {
            numerator: pupils[0],
            denominator: all[0].max(1),
            assumed: false,
        };
        (born, share)
    }

    /// From each grade to the next, over the frozen years and the running one, in the county as a whole.
    fn steps(&self, schools: &[&school::Model], now: Pupils, defaults: &Defaults) -> Vec<Rate> {
        let of_year = |year: i32| {
            if year == self.school_year {
                return now;
            }
            let frozen = |school: &&school::Model| self.frozen.get(&(school.id, year));
            add(schools.iter().filter_map(frozen))
        };
        let years: Vec<Pupils> = (self.school_year - YEARS_BACK..=self.school_year)
            .map(of_year)
            .collect();
        let is_frozen = |pupils: &Pupils| pupils.iter().any(|count| *count > 0);
        (0..GRADES - 1)
            .map(|grade| {
                let pairs = years.windows(2).filter(|pair| pair.iter().all(is_frozen));
                let pairs = pairs.map(|pair| (pair[0][grade], pair[1][grade + 1]));
                rules::rate_of(pairs, defaults.survival)
            })
            .collect()
    }

    fn year(
        &self,
        schools: &[&school::Model],
        year: &Year,
        stage: Stage,
        defaults: &Defaults,
    ) -> ForecastYear {
        let range = match stage {
            Stage::Junior => PRIMARY..GRADES,
            _ => 0..PRIMARY,
        };
        let standard = defaults.standard[usize::from(stage == Stage::Junior)];
        let (mut places, mut class_count, mut planned) = (0, 0, 0);
        for school in schools {
            let classes = self.classes.get(&school.id).copied().unwrap_or_default();
            let plan = self.plans.get(&(school.id, year.school_year, stage as i32));
            let of_stage: i64 = classes[range.clone()].iter().sum();
            class_count += of_stage;
            places += match plan {
                Some(plan) => (of_stage - classes[range.start]) * standard + plan,
                None => of_stage * standard,
            };
            planned += plan.copied().unwrap_or(0);
        }
        let grades = year.pupils[range].to_vec();
        let expected: i64 = grades.iter().sum();
        let mut formulas = vec!["forecast.survival".to_owned(), "forecast.places".to_owned()];
        let mut inputs = vec![
            format!("classes={class_count}"),
            format!("standard={standard}"),
        ];
        if planned > 0 {
            inputs.push(format!("planned_entry_places={planned}"));
        }
        if let Some(before) = year.fed.filter(|_| stage == Stage::Junior) {
            formulas.insert(0, "forecast.junior_entrants".to_owned());
            inputs.push(format!("county_grade_6.{}={before}", year.school_year - 1));
        }
        if stage == Stage::Primary {
            formulas.insert(0, "forecast.entrants".to_owned());
            if let Some((older, younger)) = year.born {
                inputs.push(format!("born.{}={older}", year.school_year - 7));
                inputs.push(format!("born.{}={younger}", year.school_year - 6));
            }
        }
        ForecastYear {
            school_year: year.school_year,
            stage: stage as i32,
            grade_counts: grades,
            expected_count: expected,
            place_count: places,
            gap_count: expected - places,
            formulas,
            inputs,
        }
    }
}

/// Adds the years of one forecast to those of another.
pub(super) fn merge(into: &mut Vec<ForecastYear>, years: Vec<ForecastYear>) {
    for year in years {
        let same = |one: &&mut ForecastYear| {
            one.school_year == year.school_year && one.stage == year.stage
        };
        match into.iter_mut().find(same) {
            None => into.push(year),
            Some(sum) => {
                for (one, other) in sum.grade_counts.iter_mut().zip(&year.grade_counts) {
                    *one += other;
                }
                sum.expected_count += year.expected_count;
                sum.place_count += year.place_count;
                sum.gap_count += year.gap_count;
                sum.inputs.clear();
                sum.formulas = vec!["forecast.sum_of_counties".to_owned()];
            }
        }
    }
}

/// The county's last grade of primary school in the years to come, and the part of its first junior grade that is here.
fn fed(base: &Base, all: Pupils, (born, share): (BTreeMap<i32, Born>, Rate), years: i32) -> Fed {
    let county = Base {
        pupils: all,
        born,
        share,
        ..base.clone()
    };
    let projected = rules::project(&county, years).into_iter();
    Fed {
        last_grade: projected.map(|year| year.pupils[PRIMARY - 1]).collect(),
        share: Rate {
            numerator: base.pupils[PRIMARY],
            denominator: all[PRIMARY].max(1),
            assumed: false,
        },
    }
}

fn told_rates(base: &Base) -> Vec<SurvivalRate> {
    let told = |stage: i32, grade: i32, rate: &Rate| SurvivalRate {
        stage,
        grade,
        numerator: rate.numerator,
        denominator: rate.denominator,
        assumed: rate.assumed,
    };
    let steps = (1_i32..).zip(&base.steps).map(|(grade, rate)| {
        let junior = grade > 6;
        let stage = if junior {
            Stage::Junior
        } else {
            Stage::Primary
        };
        told(stage as i32, if junior { grade - 6 } else { grade }, rate)
    });
    std::iter::once(told(0, 0, &base.entry))
        .chain(steps)
        .collect()
}

fn add<'a>(rows: impl Iterator<Item = &'a Pupils>) -> Pupils {
    rows.fold([0; GRADES], |mut sum, row| {
        for (one, other) in sum.iter_mut().zip(row) {
            *one += other;
        }
        sum
    })
}

/// Several places as one, by the latest count.
fn together(places: &[Born]) -> Born {
    let as_of_year = places.iter().map(|born| born.as_of_year).max().unwrap_or(0);
    let since = |born: &Born| i64::from(as_of_year - born.as_of_year);
    Born {
        count: places
            .iter()
            .map(|born| born.count + born.yearly_migration * since(born))
            .sum(),
        yearly_migration: places.iter().map(|born| born.yearly_migration).sum(),
        as_of_year,
    }
}

fn born_of(birth: &birth_count::Model) -> Born {
    Born {
        count: birth.resident_count.unwrap_or(birth.birth_count).into(),
        yearly_migration: birth.yearly_migration.into(),
        as_of_year: birth.as_of_year,
    }
}

fn runs(school: &school::Model, stage: Stage) -> bool {
    stages_of(school.kind).contains(&stage)
}

/// The place of a grade in the row of all.
pub(super) fn grade_of(stage: i32, grade: i32) -> Option<usize> {
    let at = usize::try_from(grade.checked_sub(1)?).ok()?;
    match Stage::try_from(stage).ok()? {
        Stage::Primary if at < PRIMARY => Some(at),
        Stage::Junior if at < GRADES - PRIMARY => Some(PRIMARY + at),
        _ => None,
    }
}
