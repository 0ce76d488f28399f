//! From measures to the verdict on a county.

use std::collections::BTreeSet;

use super::coefficient::{NotComputable, Point, dispersion};
use super::document::{Framework, Indicator, Judged, Profile, SchoolRule};
use super::error::FrameworkError;
use super::exact::{Exact, Rounded};
use super::indicator::{Figure, Finding, Value, figure};
use super::root::MeanOfRoots;
use super::school::{Gap, Roll, School};
use super::stage::Stage;
use super::verdict::{
    CoefficientVerdict, Composite, CountyVerdict, Excluded, Outcome, Reason, SchoolStage,
    SchoolVerdict, StageVerdict,
};

/// Tests the schools of a county; fails only when two schools have the same key.
///
/// An outcome that depends on a gap is [`Outcome::NotComputable`], and that outweighs a failure: the gap is
/// filled first.
pub fn assess(
    framework: &Framework,
    profile: &Profile,
    schools: &[School],
) -> Result<CountyVerdict, FrameworkError> {
    let mut keys = BTreeSet::new();
    if let Some(twice) = schools.iter().find(|school| !keys.insert(&school.key)) {
        return Err(FrameworkError::SchoolTwice {
            key: twice.key.clone(),
        });
    }
    let mut excluded = Vec::new();
    let mut verdicts = Vec::new();
    for school in schools {
        match admit(framework, school) {
            Ok(roll) => verdicts.push(school_verdict(framework, profile, school, &roll)),
            Err(left_out) => excluded.push(left_out),
        }
    }
    let stages = Stage::COMPULSORY
        .into_iter()
        .filter_map(|stage| stage_verdict(framework, profile, &verdicts, stage))
        .collect::<Vec<_>>();
    let outcome = Outcome::together(stages.iter().map(|stage| stage.outcome));
    Ok(CountyVerdict {
        framework: framework.id.clone(),
        version: framework.version,
        gaps: gaps(&verdicts),
        reasons: reasons(profile, &verdicts, &stages),
        excluded,
        schools: verdicts,
        stages,
        outcome,
    })
}

/// The roll of a school that is tested, or why it is not.
fn admit(framework: &Framework, school: &School) -> Result<Roll, Excluded> {
    let roll = framework
        .scope
        .kind(&school.kind)
        .map(|kind| Roll::of(school, kind));
    let pupils = roll.as_ref().and_then(Roll::total);
    if let Some(exclusion) = framework.scope.exclusion(school, pupils) {
        return Err(Excluded {
            school: school.key.clone(),
            code: exclusion.code.clone(),
            zh: exclusion.zh.clone(),
            source: exclusion.source.clone(),
        });
    }
    let not_in_scope = |code: &str, zh: &str| Excluded {
        school: school.key.clone(),
        code: code.to_owned(),
        zh: zh.to_owned(),
        source: framework.document_no.clone(),
    };
    let roll = roll.ok_or_else(|| not_in_scope("kind_not_in_scope", "办学类型不在评估范围"))?;
    if roll.stages().next().is_none() {
        return Err(not_in_scope("no_compulsory_stage", "没有义务教育阶段学生"));
    }
    Ok(roll)
}

fn school_verdict(
    framework: &Framework,
    profile: &Profile,
    school: &School,
    roll: &Roll,
) -> SchoolVerdict {
    let stages: Vec<SchoolStage> = roll
        .stages()
        .map(|stage| {
            let pupils = roll.pupils(stage);
            let figures: Vec<Figure> = match pupils {
                Ok(count) if count > 0 => framework
                    .indicators
                    .iter()
                    .map(|one| figure(framework, profile, school, roll, one, (stage, count)))
                    .collect(),
                _ => Vec::new(),
            };
            SchoolStage {
                stage,
                met: met(&figures),
                outcome: school_outcome(profile.school, &pupils, &figures),
                pupils,
                figures,
            }
        })
        .collect();
    SchoolVerdict {
        school: school.key.clone(),
        outcome: Outcome::together(stages.iter().map(|stage| stage.outcome)),
        stages,
    }
}

fn school_outcome(
    rule: Option<SchoolRule>,
    pupils: &Result<i64, Gap>,
    figures: &[Figure],
) -> Outcome {
    let Some(rule) = rule else {
        return Outcome::NotJudged;
    };
    match pupils {
        Err(_) => return Outcome::NotComputable,
        Ok(0) => return Outcome::NotJudged,
        Ok(_) => {}
    }
    let mut all_floors = true;
    for figure in figures {
        match value(figure) {
            None => return Outcome::NotComputable,
            Some(value) => {
                let standing = value.standing.as_ref();
                all_floors &= standing.is_none_or(|one| one.meets || one.meets_floor);
            }
        }
    }
    Outcome::of(all_floors && met(figures) >= rule.at_least)
}

/// None when no tested school has this stage, so there is nothing to judge. Schools that have it but no pupils
/// are another thing: then nothing can be computed.
fn stage_verdict(
    framework: &Framework,
    profile: &Profile,
    schools: &[SchoolVerdict],
    stage: Stage,
) -> Option<StageVerdict> {
    let mut rows: Vec<&SchoolStage> = schools
        .iter()
        .flat_map(|school| &school.stages)
        .filter(|row| row.stage == stage)
        .collect();
    if rows.is_empty() {
        return None;
    }
    rows.retain(|row| row.pupils != Ok(0));
    let limit = profile.county.limit.of(stage)?;
    let coefficients: Vec<CoefficientVerdict> = framework
        .indicators
        .iter()
        .enumerate()
        .map(|(index, indicator)| coefficient(profile, indicator, index, &rows, limit))
        .collect();
    let composite = (profile.county.coefficient == Judged::Mean)
        .then(|| composite(profile.county.digits, &coefficients, limit));
    let schools_judged = profile.county.all_schools_pass;
    let outcomes = coefficients
        .iter()
        .map(|one| one.outcome)
        .chain(composite.iter().map(|one| one.outcome))
        .chain(
            rows.iter()
                .filter(|_| schools_judged)
                .map(|row| row.outcome),
        );
    Some(StageVerdict {
        stage,
        outcome: Outcome::together(outcomes),
        schools: rows.len(),
        schools_passing: rows
            .iter()
            .filter(|row| row.outcome == Outcome::Passes)
            .count(),
        coefficients,
        composite,
    })
}

fn coefficient(
    profile: &Profile,
    indicator: &Indicator,
    index: usize,
    rows: &[&SchoolStage],
    limit: &Exact,
) -> CoefficientVerdict {
    let points: Vec<Point> = rows
        .iter()
        .filter_map(|row| row.figures.get(index).and_then(value))
        .map(|value| Point {
            pupils: value.pupils,
            numerator: value.numerator.clone(),
        })
        .collect();
    let dispersion = match rows.len() - points.len() {
        0 => dispersion(&points),
        schools => Err(NotComputable::Gaps { schools }),
    };
    let found = dispersion.as_ref().ok();
    let reported = found.map(|one| one.coefficient.half_up(profile.county.digits));
    let limit = (profile.county.coefficient == Judged::Each).then(|| limit.clone());
    CoefficientVerdict {
        indicator: indicator.code.clone(),
        mean: found.map(|one| one.mean.half_up(indicator.digits)),
        outcome: match (&reported, &limit) {
            (None, _) => Outcome::NotComputable,
            (Some(_), None) => Outcome::NotJudged,
            (Some(reported), Some(limit)) => Outcome::of(reported.value() <= *limit),
        },
        dispersion,
        reported,
        limit,
    }
}

fn composite(digits: u32, coefficients: &[CoefficientVerdict], limit: &Exact) -> Composite {
    let roots: Option<Vec<_>> = coefficients
        .iter()
        .map(|one| Some(one.dispersion.as_ref().ok()?.coefficient.clone()))
        .collect();
    let exact = roots.and_then(MeanOfRoots::of);
    let reported = exact.as_ref().map(|mean| mean.half_up(digits));
    Composite {
        outcome: match &reported {
            None => Outcome::NotComputable,
            Some(reported) => Outcome::of(reported.value() <= *limit),
        },
        exact,
        reported,
        limit: limit.clone(),
    }
}

fn gaps(schools: &[SchoolVerdict]) -> Vec<Gap> {
    let rows = || schools.iter().flat_map(|school| &school.stages);
    let of_pupils = rows().filter_map(|row| row.pupils.as_ref().err());
    let of_figures = rows()
        .flat_map(|row| &row.figures)
        .filter_map(|figure| match &figure.finding {
            Finding::Missing(gaps) => Some(gaps),
            Finding::Value(_) => None,
        })
        .flatten();
    let once: BTreeSet<&Gap> = of_pupils.chain(of_figures).collect();
    once.into_iter().cloned().collect()
}

fn reasons(profile: &Profile, schools: &[SchoolVerdict], stages: &[StageVerdict]) -> Vec<Reason> {
    let judged = schools.iter().filter(|_| profile.county.all_schools_pass);
    let of_schools = judged.flat_map(|school| {
        let key = &school.school;
        school
            .stages
            .iter()
            .filter_map(|row| school_reason(key, row))
    });
    of_schools
        .chain(stages.iter().flat_map(stage_reasons))
        .collect()
}

fn school_reason(school: &str, row: &SchoolStage) -> Option<Reason> {
    let (school, stage) = (school.to_owned(), row.stage);
    match row.outcome {
        Outcome::Passes | Outcome::NotJudged => None,
        Outcome::NotComputable => Some(Reason::SchoolIncomplete { school, stage }),
        Outcome::Fails => Some(Reason::SchoolFails {
            school,
            stage,
            below: row
                .figures
                .iter()
                .filter(|figure| !reaches(figure))
                .map(|figure| figure.indicator.clone())
                .collect(),
        }),
    }
}

fn stage_reasons(verdict: &StageVerdict) -> Vec<Reason> {
    let stage = verdict.stage;
    let of_indicators = verdict.coefficients.iter().filter_map(|one| {
        let indicator = one.indicator.clone();
        match (&one.dispersion, &one.reported, &one.limit) {
            (Err(why), _, _) => Some(Reason::NotComputable {
                stage,
                indicator,
                why: *why,
            }),
            (Ok(_), Some(reported), Some(limit)) if one.outcome == Outcome::Fails => {
                Some(above(stage, Some(indicator), reported, limit))
            }
            _ => None,
        }
    });
    let of_mean = verdict.composite.iter().filter_map(|mean| {
        let reported = mean.reported.as_ref()?;
        (mean.outcome == Outcome::Fails).then(|| above(stage, None, reported, &mean.limit))
    });
    of_indicators.chain(of_mean).collect()
}

fn above(stage: Stage, indicator: Option<String>, reported: &Rounded, limit: &Exact) -> Reason {
    Reason::CoefficientAbove {
        stage,
        indicator,
        reported: reported.clone(),
        limit: limit.clone(),
    }
}

fn value(figure: &Figure) -> Option<&Value> {
    match &figure.finding {
        Finding::Value(value) => Some(value),
        Finding::Missing(_) => None,
    }
}

fn reaches(figure: &Figure) -> bool {
    let standing = value(figure).and_then(|value| value.standing.as_ref());
    standing.is_some_and(|standing| standing.meets)
}

fn met(figures: &[Figure]) -> usize {
    figures.iter().filter(|figure| reaches(figure)).count()
}
