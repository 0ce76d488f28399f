//! What an answer must look like, and when it contradicts its own figures. Pure.

use junheng_kernel::fault::Violation;
use junheng_kernel::text::{check_lines, check_text};

use crate::framework::encode::Figure;
use crate::framework::item::Item;
use crate::framework::{Exact, Profile};

/// The longest text of figures.
const MOST_VALUE: usize = 200;
/// The most hashes of evidence.
const MOST_EVIDENCE: usize = 20;

/// An answer as it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Met; for a veto item, nothing of the kind happened.
    pub met: bool,
    /// Decimals with `;` between.
    pub value: String,
    /// What was done and how it is shown.
    pub statement: String,
    /// Hashes of files.
    pub evidence: Vec<String>,
}

/// Everything that is wrong with an answer to `item` under `profile`.
pub fn check(item: &Item, profile: &Profile, answer: &Answer) -> Vec<Violation> {
    let mut wrong = check_texts(answer);
    let figures = item.figures(profile);
    let Some(values) = read(&answer.value) else {
        wrong.push(invalid_value(&figures));
        return wrong;
    };
    if figures.is_empty() {
        return wrong;
    }
    if values.is_empty() {
        wrong.push(Violation::required("value"));
    } else if values.len() != figures.len() {
        wrong.push(invalid_value(&figures));
    } else {
        wrong.extend(contradiction(item, &figures, &values, answer.met));
    }
    wrong
}

fn check_texts(answer: &Answer) -> Vec<Violation> {
    let unseen = [
        check_lines("statement", &answer.statement),
        check_text("value", answer.value.trim()),
    ];
    let mut wrong: Vec<_> = unseen.into_iter().flatten().collect();
    let length = answer.statement.trim().chars().count();
    if length == 0 {
        wrong.push(Violation::required("statement"));
    } else if !(2..=2_000).contains(&length) {
        wrong.push(Violation::invalid(
            "statement",
            "must have 2 to 2000 characters",
            "应为2至2000字",
        ));
    }
    if answer.evidence.len() > MOST_EVIDENCE {
        wrong.push(Violation::invalid(
            "evidence",
            format!(
                "has {} hashes, at most {MOST_EVIDENCE}",
                answer.evidence.len()
            ),
            format!("共{}项,至多{MOST_EVIDENCE}项", answer.evidence.len()),
        ));
    }
    let malformed = answer.evidence.iter().position(|hash| !is_hash(hash));
    if let Some(index) = malformed {
        wrong.push(Violation::invalid(
            &format!("evidence[{index}]"),
            "must be sm3: and 64 hexadecimal digits",
            "应为 sm3: 加64位十六进制数字",
        ));
    }
    wrong
}

fn is_hash(text: &str) -> bool {
    let digits = text.strip_prefix("sm3:");
    digits.is_some_and(|digits| {
        digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The decimals of a value; `None` when one of them is none.
fn read(value: &str) -> Option<Vec<Exact>> {
    if value.trim().is_empty() {
        return Some(Vec::new());
    }
    if value.len() > MOST_VALUE || value.contains('/') {
        return None;
    }
    value
        .split(';')
        .map(|one| one.trim().parse().ok())
        .collect()
}

fn invalid_value(figures: &[Figure<'_>]) -> Violation {
    let asked: Vec<String> = figures.iter().map(Figure::to_string).collect();
    let asked = asked.join(";");
    match figures.len() {
        0 | 1 => Violation::invalid(
            "value",
            format!("must be a decimal, for example 85.5 {asked}"),
            format!("应为十进制数,例如85.5 {asked}"),
        ),
        count => Violation::invalid(
            "value",
            format!("must be {count} decimals with ; between: {asked}"),
            format!("应为{count}个十进制数,以英文分号分隔:{asked}"),
        ),
    }
}

/// A figure that decides otherwise than the answer says. A failing figure does not decide where a time of transition
/// (过渡期) allows less: that needs a decision in the single case.
fn contradiction(
    item: &Item,
    figures: &[Figure<'_>],
    values: &[Exact],
    met: bool,
) -> Option<Violation> {
    let judged = figures.iter().zip(values).filter_map(|(figure, value)| {
        let judgement = figure.condition.judge(value, figure.stage)?;
        Some((figure, judgement))
    });
    let failing = judged
        .filter(|(_, judgement)| !judgement.passes)
        .map(|(figure, judgement)| (figure, judgement.reported.to_string()));
    let failing: Vec<_> = failing.collect();
    let waived = |figure: &Figure<'_>| {
        let mut waivers = item.waivers.iter();
        waivers.any(|waiver| waiver.condition == figure.condition.code)
    };
    match failing.iter().find(|(figure, _)| !waived(figure)) {
        Some((figure, reported)) if met => Some(Violation::invalid(
            "met",
            format!("must be false: {reported} is given where the item demands {figure}"),
            format!("填报数值为{reported},未达到“{figure}”的要求,不能填为达标"),
        )),
        None if failing.is_empty() && !met => Some(Violation::invalid(
            "met",
            "must be true: every figure given reaches its threshold; if something else is wrong, correct the figure",
            "填报数值均已达到要求,不能填为未达标;如数值有误请更正",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::Catalog;

    fn wrong(framework: &str, code: &str, met: bool, value: &str) -> Vec<String> {
        let catalog = Catalog::embedded().unwrap();
        let framework = catalog.get(framework).unwrap();
        let item = framework
            .items
            .iter()
            .find(|item| item.code == code)
            .unwrap();
        let answer = Answer {
            met,
            value: value.into(),
            statement: "已落实".into(),
            evidence: vec![format!("sm3:{}", "0".repeat(64))],
        };
        let wrong = check(item, framework.default_profile().unwrap(), &answer);
        wrong.into_iter().map(|one| one.field).collect()
    }

    const NOTHING: [&str; 0] = [];

    #[test]
    fn an_answer_cannot_contradict_its_figure() {
        assert_eq!(wrong("basic-2012", "W3", true, "80"), NOTHING);
        assert_eq!(
            wrong("basic-2012", "W3", true, "79.95"),
            NOTHING,
            "80.0 as reported"
        );
        assert_eq!(wrong("basic-2012", "W3", true, "79.94"), ["met"]);
        assert_eq!(wrong("basic-2012", "W3", false, "79.94"), NOTHING);
        assert_eq!(wrong("basic-2012", "satisfaction", false, "90"), ["met"]);
    }

    #[test]
    fn a_figure_is_demanded_only_where_the_item_asks_for_one() {
        assert_eq!(wrong("basic-2012", "W3", true, ""), ["value"]);
        assert_eq!(wrong("basic-2012", "W1", true, ""), NOTHING);
        assert_eq!(wrong("quality-2017", "V1", false, ""), NOTHING);
        for text in ["eighty", "80%", "1e3", "4/5", "80;"] {
            assert_eq!(wrong("basic-2012", "W3", true, text), ["value"], "{text}");
        }
    }

    #[test]
    fn several_figures_are_each_held_against_their_threshold() {
        assert_eq!(wrong("quality-2017", "G5", true, "45;50"), NOTHING);
        assert_eq!(wrong("quality-2017", "G5", true, "45;51"), ["met"]);
        assert_eq!(wrong("quality-2017", "G5", true, "45"), ["value"]);
    }

    #[test]
    fn a_figure_that_a_time_of_transition_may_excuse_does_not_decide() {
        assert_eq!(wrong("quality-2017", "G4", true, "2300;2500"), NOTHING);
        assert_eq!(wrong("quality-2017", "G4", false, "2300;2500"), NOTHING);
        assert_eq!(wrong("quality-2017", "G4", false, "2000;2500"), ["met"]);
    }

    #[test]
    fn an_answer_holds_no_character_that_shows_nothing() {
        let answer = |statement: &str, value: &str| Answer {
            statement: statement.into(),
            value: value.into(),
            ..Answer::default()
        };
        let fields = |answer: &Answer| {
            let wrong = check_texts(answer).into_iter();
            wrong.map(|one| one.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(&answer("已落实\n附件齐全", "45;50")), NOTHING);
        assert_eq!(fields(&answer("已\0落实", "45")), ["statement"]);
        assert_eq!(fields(&answer("已落实", "45;\n50")), ["value"]);
    }

    #[test]
    fn evidence_is_named_by_its_hash() {
        assert!(is_hash(&format!("sm3:{}", "a".repeat(64))));
        for text in [
            "",
            "sm3:aa",
            &"a".repeat(68),
            &format!("sm3:{}", "g".repeat(64)),
        ] {
            assert!(!is_hash(text), "{text}");
        }
    }
}
