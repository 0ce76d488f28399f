//! Teachers: full-time ones so many that the county's totals are met, unequal from school to school, and a
//! few who are not full-time.
//!
//! The shares are estimates of a county like this one, not figures of it; the spread between schools is
//! what makes some of them fail the resource indicators of 2017.

use chrono::{Days, NaiveDate};

use super::apportion::apportion;
use super::identity::Issuer;
use super::names::Namer;
use super::plan::{CountyPlan, place};
use super::prng::Prng;
use super::real::{exp, ln, normal_quantiles};
use super::rolls::Roll;
use super::rows::{Backbone, Certificate, Education, STAGES, Stage, TeacherRow, Title};

/// Shares by stage, lowest rank first; each list is divided over the teachers of a school exactly.
struct Mix {
    /// Fraction of women, in a thousand.
    female: u64,
    education: &'static [(Education, u64)],
    title: &'static [(Title, u64)],
    /// Share of each backbone level above none, in a thousand of all teachers.
    backbone: &'static [(Backbone, u64)],
    /// Subjects but for physical education and the arts.
    subjects: &'static [(&'static str, u64)],
    /// Physical education, music and fine arts, in a thousand of all teachers.
    sports_and_arts: u64,
}

/// Physical education and the arts among themselves.
const SPORTS_AND_ARTS: &[(&str, u64)] = &[("体育与健康", 45), ("音乐", 28), ("美术", 27)];

const TITLES: &[(Title, u64)] = &[
    (Title::None, 120),
    (Title::Junior3, 30),
    (Title::Junior2, 250),
    (Title::First, 440),
    (Title::Senior, 158),
    (Title::ProfessorSenior, 2),
];

#[rustfmt::skip]
const BACKBONES: &[(Backbone, u64)] = &[
    (Backbone::School, 60), (Backbone::County, 150), (Backbone::City, 80), (Backbone::Province, 22), (Backbone::Nation, 4),
];

#[rustfmt::skip]
const SUBJECTS_PRIMARY: &[(&str, u64)] = &[
    ("语文", 345), ("数学", 275), ("英语", 90), ("道德与法治", 60), ("科学", 45), ("信息技术", 20), ("综合实践活动", 20),
];

#[rustfmt::skip]
const SUBJECTS_JUNIOR: &[(&str, u64)] = &[
    ("语文", 175), ("数学", 170), ("英语", 155), ("道德与法治", 80), ("历史", 70), ("地理", 55), ("物理", 75),
    ("化学", 45), ("生物学", 55), ("信息技术", 20),
];

/// By stage.
#[rustfmt::skip]
const MIXES: [Mix; 3] = [
    Mix {
        female: 720,
        education: &[(Education::Secondary, 15), (Education::College, 240), (Education::Bachelor, 720), (Education::Master, 25)],
        title: TITLES, backbone: BACKBONES, subjects: SUBJECTS_PRIMARY, sports_and_arts: 205,
    },
    Mix {
        female: 600,
        education: &[(Education::College, 60), (Education::Bachelor, 860), (Education::Master, 78), (Education::Doctor, 2)],
        title: TITLES, backbone: BACKBONES, subjects: SUBJECTS_JUNIOR, sports_and_arts: 150,
    },
    Mix {
        female: 550,
        education: &[(Education::College, 5), (Education::Bachelor, 825), (Education::Master, 165), (Education::Doctor, 5)],
        title: TITLES, backbone: BACKBONES, subjects: SUBJECTS_JUNIOR, sports_and_arts: 100,
    },
];

/// Pupils per teacher grow with the size of the school: the ratio falls as size to this power.
const SIZE_EFFECT: f64 = -0.10;
/// Spread of teachers per pupil between schools of one size.
const RATIO_SPREAD: f64 = 0.13;
/// Spread between schools of the share of middle and higher titles, of backbone teachers, and of sports and arts.
const SHARE_SPREAD: [f64; 3] = [0.30, 0.40, 0.18];
/// One teacher who is not full-time for so many who are.
const FULL_TIME_PER_OTHER: u64 = 40;
/// Ages in years at 1 September 2018: from, to (exclusive), share in a thousand.
#[rustfmt::skip]
const AGES: &[((u64, u64), u64)] = &[
    ((22, 25), 60), ((25, 30), 160), ((30, 35), 150), ((35, 40), 140), ((40, 45), 170), ((45, 50), 150), ((50, 55), 110), ((55, 60), 60),
];

/// Every teacher of the county.
pub fn draw(plan: &CountyPlan, rolls: &[Roll], numbers: &mut Issuer, seed: u64) -> Vec<TeacherRow> {
    let namer = Namer::new();
    let mut staffs: Vec<Staff> = STAGES
        .iter()
        .flat_map(|&stage| staffs(plan, rolls, stage, seed))
        .collect();
    staffs.sort_by_key(|staff| (staff.school, staff.stage));
    let mut rows = Vec::new();
    for staff in staffs {
        let code = &plan.schools[staff.school].code10;
        let at = (staff.school * 3) as u64 + staff.stage as u64;
        let mut chance = Prng::fork(seed, "teachers", at);
        rows.extend(staff.hire(code, &namer, numbers, &mut chance));
    }
    rows
}

/// The full-time teachers of one stage in one school, in numbers.
struct Staff {
    school: usize,
    stage: Stage,
    teachers: u64,
    /// Factors on the shares of titles, backbone, and sports and arts.
    factors: [f64; 3],
}

fn staffs(plan: &CountyPlan, rolls: &[Roll], stage: Stage, seed: u64) -> Vec<Staff> {
    let of_stage: Vec<&Roll> = rolls.iter().filter(|roll| roll.stage == stage).collect();
    let count = of_stage.len();
    let mut chance = Prng::fork(seed, "staffs", stage as u64);
    let mut spread = |width: f64| -> Vec<f64> {
        let mut list = normal_quantiles(count);
        chance.shuffle(&mut list);
        list.into_iter()
            .map(|quantile| exp(width * quantile))
            .collect()
    };
    let ratios = spread(RATIO_SPREAD);
    let factors = SHARE_SPREAD.map(&mut spread);
    let weight = |(roll, ratio): (&&Roll, &f64)| {
        let pupils = roll.pupils.max(1) as f64;
        (1000.0 * pupils * exp(SIZE_EFFECT * ln(pupils)) * ratio) as u64
    };
    let weights: Vec<u64> = of_stage.iter().zip(&ratios).map(weight).collect();
    let shares = apportion(plan.teachers[place(stage)], &weights);
    let staff = |(i, (roll, teachers)): (usize, (&&Roll, u64))| Staff {
        school: roll.school,
        stage,
        teachers,
        factors: [factors[0][i], factors[1][i], factors[2][i]],
    };
    of_stage.iter().zip(shares).enumerate().map(staff).collect()
}

impl Staff {
    fn hire(
        &self,
        code: &str,
        namer: &Namer,
        numbers: &mut Issuer,
        chance: &mut Prng,
    ) -> Vec<TeacherRow> {
        let mix = &MIXES[place(self.stage)];
        let count = self.teachers;
        // Born earlier first, so that rank lists can be laid along the ages.
        let mut births: Vec<NaiveDate> = (0..count).map(|_| birth_date(chance)).collect();
        births.sort();
        let mut titles = dealt(count, mix.title, Title::First, self.factors[0]);
        titles.reverse();
        jostle(&mut titles, chance);
        let mut educations = dealt(count, mix.education, Education::Doctor, 1.0);
        jostle(&mut educations, chance);
        let mut backbones = ranks(count, mix.backbone, self.factors[1]);
        jostle(&mut backbones, chance);
        let mut subjects = self.subjects(mix, count);
        chance.shuffle(&mut subjects);
        let others = count.div_ceil(FULL_TIME_PER_OTHER);
        let mut rows = Vec::new();
        for i in 0..(count + others) as usize {
            let full_time = i < births.len();
            let birth_date = births.get(i).copied().unwrap_or_else(|| birth_date(chance));
            let sex = if chance.chance(mix.female) { 2 } else { 1 };
            rows.push(TeacherRow {
                school_code: code.to_owned(),
                stage: self.stage,
                name: namer.draw(sex, chance).name,
                sex,
                birth_date,
                identity_number: numbers.issue(birth_date, sex, chance),
                education: educations.get(i).copied().unwrap_or(Education::Bachelor),
                title: titles.get(i).copied().unwrap_or(Title::None),
                backbone: backbones.get(i).copied().unwrap_or(Backbone::None),
                subject: subjects.get(i).copied().unwrap_or("美术"),
                full_time,
                certificate: certificate(self.stage, full_time, chance),
            });
        }
        rows
    }

    fn subjects(&self, mix: &Mix, count: u64) -> Vec<&'static str> {
        let sports_and_arts = share(count, mix.sports_and_arts, self.factors[2]);
        let mut list = spread_out(sports_and_arts, SPORTS_AND_ARTS);
        list.extend(spread_out(count - sports_and_arts, mix.subjects));
        list
    }
}

/// `count` ranks by share, where those from `from` upwards weigh `factor` times as much.
fn dealt<T: Copy + PartialOrd>(count: u64, mix: &[(T, u64)], from: T, factor: f64) -> Vec<T> {
    let scaled = |&(rank, weight): &(T, u64)| {
        let factor = if rank >= from { factor } else { 1.0 };
        (rank, (weight as f64 * 100.0 * factor) as u64)
    };
    let mix: Vec<(T, u64)> = mix.iter().map(scaled).collect();
    spread_out(count, &mix)
}

/// Backbone levels, highest first and `None` for the rest.
fn ranks(count: u64, mix: &[(Backbone, u64)], factor: f64) -> Vec<Backbone> {
    let named = share(count, mix.iter().map(|(_, weight)| weight).sum(), factor);
    let mut list = spread_out(named, mix);
    list.reverse();
    list.resize(count as usize, Backbone::None);
    list
}

/// The part of `count` that `thousandths` times `factor` makes, rounded, at most `count`.
fn share(count: u64, thousandths: u64, factor: f64) -> u64 {
    let part = count as f64 * thousandths as f64 / 1000.0 * factor;
    ((part + 0.5) as u64).min(count)
}

fn spread_out<T: Copy>(count: u64, mix: &[(T, u64)]) -> Vec<T> {
    let weights: Vec<u64> = mix.iter().map(|(_, weight)| *weight).collect();
    let shares = apportion(count, &weights);
    mix.iter()
        .zip(shares)
        .flat_map(|((entry, _), n)| (0..n).map(|_| *entry))
        .collect()
}

/// Loosens a sorted list: each entry changes places with one up to a fifth of the list away.
fn jostle<T>(list: &mut [T], chance: &mut Prng) {
    let reach = list.len() / 5 + 1;
    for i in 0..list.len() {
        let other = (i + chance.index(reach)).min(list.len() - 1);
        list.swap(i, other);
    }
}

fn birth_date(chance: &mut Prng) -> NaiveDate {
    let (from, to) = chance.weighted(AGES).copied().unwrap_or((40, 45));
    let age_days = from * 365 + from / 4 + chance.below((to - from) * 365);
    let opening = NaiveDate::from_ymd_opt(2018, 9, 1).unwrap_or_default();
    opening - Days::new(age_days)
}

/// Full-time teachers hold the certificate of their stage or a higher one; of the others a third hold none
/// yet (代课教师).
fn certificate(stage: Stage, full_time: bool, chance: &mut Prng) -> Certificate {
    let own = match stage {
        Stage::Primary => Certificate::Primary,
        Stage::Junior => Certificate::Junior,
        Stage::Senior => Certificate::Senior,
    };
    match chance.below(6) {
        0 | 1 if !full_time => Certificate::None,
        5 if own < Certificate::Junior => Certificate::Junior,
        4 if own < Certificate::Senior => Certificate::Senior,
        _ => own,
    }
}
