//! Buildings, grounds and equipment: per pupil less in larger schools, and unequal among schools of one size.
//!
//! The model: `X = base × (P / mean)^(-e) × exp(s × z)` for a school of `P` pupils, with an exponent `e`
//! and a spread `s` for each resource and `z` a normal quantile. Exponents and spreads follow published county
//! tables of the eight indicators of 2012; the bases are this county's own and an estimate.

use super::apportion::apportion;
use super::plan::{CountyPlan, SchoolPlan, SitePlan};
use super::prng::Prng;
use super::real::{exp, ln, normal_quantiles};
use super::rolls::Roll;
use super::rows::{SiteRow, Stage};

/// A resource: exponent, spread and the base per pupil (primary, junior) in the unit of its [`SiteRow`] field.
struct Resource {
    exponent: f64,
    spread: f64,
    base: [f64; 2],
}

/// In the order of the fields of [`SiteRow`].
#[rustfmt::skip]
const RESOURCES: [Resource; 7] = [
    // teaching and auxiliary rooms, 0.01 m²
    Resource { exponent: 0.22, spread: 0.20, base: [ 640.0,  800.0] },
    // indoor sports rooms, 0.01 m²
    Resource { exponent: 0.10, spread: 0.30, base: [  70.0,   90.0] },
    // sports grounds, 0.01 m²
    Resource { exponent: 0.42, spread: 0.47, base: [ 850.0, 1150.0] },
    // equipment, fen
    Resource { exponent: 0.10, spread: 0.38, base: [290_000.0, 350_000.0] },
    // computers
    Resource { exponent: 0.15, spread: 0.32, base: [0.13, 0.15] },
    // books
    Resource { exponent: 0.05, spread: 0.15, base: [26.0, 36.0] },
    // network multimedia rooms
    Resource { exponent: 0.10, spread: 0.16, base: [0.0280, 0.0290] },
];

/// What is divided over sites as one: a stage with sites of its own, or a school whose stages share.
struct Unit<'a> {
    school: &'a SchoolPlan,
    /// The stage that alone uses the sites; `None` for shared ones.
    stage: Option<Stage>,
    sites: Vec<&'a SitePlan>,
    /// Stage whose base applies.
    base: Stage,
    /// Pupils, those of higher stages counted by their weight in the division of shared assets.
    pupils: f64,
}

/// Weights of a pupil in the division of shared assets (教督〔2012〕3号, its 指标说明): primary 1, junior 1.1; a
/// complete secondary school counts junior 1, senior 1.2.
const JUNIOR_WEIGHT: f64 = 1.1;
const SENIOR_WEIGHT: f64 = 1.2;

/// Every site of the county.
pub fn draw(plan: &CountyPlan, rolls: &[Roll], seed: u64) -> Vec<SiteRow> {
    let units: Vec<Unit> = plan
        .schools
        .iter()
        .enumerate()
        .flat_map(|(i, school)| units(i, school, rolls))
        .collect();
    let mut amounts = vec![[0_u64; 7]; units.len()];
    for base in [Stage::Primary, Stage::Junior] {
        let places: Vec<usize> = (0..units.len())
            .filter(|&i| units[i].base == base)
            .collect();
        let mean =
            places.iter().map(|&i| units[i].pupils).sum::<f64>() / places.len().max(1) as f64;
        for (column, resource) in RESOURCES.iter().enumerate() {
            let mut chance = Prng::fork(seed, "sites", (column * 2) as u64 + base as u64);
            let mut quantiles = normal_quantiles(places.len());
            chance.shuffle(&mut quantiles);
            for (&i, quantile) in places.iter().zip(quantiles) {
                amounts[i][column] = resource.amount(&units[i], mean, quantile);
            }
        }
    }
    units
        .iter()
        .zip(amounts)
        .flat_map(|(unit, amounts)| unit.rows(amounts))
        .collect()
}

impl Resource {
    fn amount(&self, unit: &Unit, mean: f64, quantile: f64) -> u64 {
        if unit.pupils == 0.0 {
            return 0;
        }
        let size = exp(-self.exponent * ln(unit.pupils / mean));
        let base = self.base[usize::from(unit.base != Stage::Primary)];
        (unit.pupils * base * size * exp(self.spread * quantile) + 0.5) as u64
    }
}

fn units<'a>(at: usize, school: &'a SchoolPlan, rolls: &[Roll]) -> Vec<Unit<'a>> {
    let pupils = |stage: Stage| {
        let roll = rolls
            .iter()
            .find(|roll| roll.school == at && roll.stage == stage);
        roll.map_or(0.0, |roll| roll.pupils as f64)
    };
    let mut units = Vec::new();
    let alone = school.stages.iter().map(|part| part.stage);
    for stage in alone.map(Some).chain([None]) {
        let sites: Vec<&SitePlan> = school
            .sites
            .iter()
            .filter(|site| site.stage == stage)
            .collect();
        if sites.is_empty() {
            continue;
        }
        let (base, counted) = match stage {
            Some(stage) => (stage, pupils(stage)),
            None if pupils(Stage::Senior) > 0.0 => (
                Stage::Junior,
                pupils(Stage::Junior) + SENIOR_WEIGHT * pupils(Stage::Senior),
            ),
            None => (
                Stage::Primary,
                pupils(Stage::Primary) + JUNIOR_WEIGHT * pupils(Stage::Junior),
            ),
        };
        units.push(Unit {
            school,
            stage,
            sites,
            base,
            pupils: counted,
        });
    }
    units
}

impl Unit<'_> {
    fn rows(&self, amounts: [u64; 7]) -> Vec<SiteRow> {
        let shares: Vec<u64> = self.sites.iter().map(|site| site.share).collect();
        let columns = amounts.map(|amount| apportion(amount, &shares));
        let row = |(i, site): (usize, &&SitePlan)| {
            let part = |column: usize| i64::try_from(columns[column][i]).unwrap_or(i64::MAX);
            SiteRow {
                school_code: self.school.code10.clone(),
                name: site.name.clone(),
                stage: self.stage,
                teaching_auxiliary_area: part(0),
                indoor_sports_area: part(1),
                sports_ground_area: part(2),
                equipment_value_fen: part(3),
                computers: part(4),
                books: part(5),
                network_multimedia_rooms: part(6),
            }
        };
        self.sites.iter().enumerate().map(row).collect()
    }
}
