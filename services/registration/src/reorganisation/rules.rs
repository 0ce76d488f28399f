//! What a plan must hold by its kind, and how the guards of its steps judge. Pure.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::label;
use junheng_kernel::text::check_lines;
use junheng_kernel::workflow::Unmet;
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::Reorganisation;
use junheng_proto::registration::v1::reorganisation::Kind;

use super::workflow::Guard;
use crate::entity::school_class;
use crate::school::rules::stages_of;
use crate::school_class::rules::Place;

/// What a plan of one kind needs and has no use for.
pub struct KindRule {
    /// The kind.
    pub kind: Kind,
    /// A school that changes.
    pub school: bool,
    /// A school that receives the students: the first closes.
    pub receiving_school: bool,
    /// A new entry: code, name, kind.
    pub new_school: bool,
    /// Classes that go.
    pub classes: bool,
}

/// The kinds.
#[rustfmt::skip]
pub const KINDS: &[KindRule] = &[
    KindRule { kind: Kind::Opening,      school: false, receiving_school: false, new_school: true,  classes: false },
    KindRule { kind: Kind::Renaming,     school: true,  receiving_school: false, new_school: true,  classes: false },
    KindRule { kind: Kind::ChangeOfKind, school: true,  receiving_school: false, new_school: true,  classes: false },
    KindRule { kind: Kind::Merger,       school: true,  receiving_school: true,  new_school: false, classes: false },
    KindRule { kind: Kind::Split,        school: true,  receiving_school: false, new_school: true,  classes: true },
    KindRule { kind: Kind::Closure,      school: true,  receiving_school: true,  new_school: false, classes: false },
];

/// What the guards look at.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Whether a school closes.
    pub closes: bool,
    /// Whether evidence stands beside the step.
    pub has_evidence: bool,
    /// Why the receiving school cannot receive, in English and in Chinese; `None` when it can or none is needed.
    pub receiver: Option<(String, String)>,
    /// What is still open for students who leave the school, in English and in Chinese; `None` for nothing.
    pub open: Option<(String, String)>,
    /// What the other services hold for the school that closes, in English and in Chinese; `None` for nothing.
    pub left: Option<(String, String)>,
    /// Today in China.
    pub today: NaiveDate,
    /// The last day of public notice.
    pub publicity_end: Option<NaiveDate>,
    /// The day on which it takes effect.
    pub effective: Option<NaiveDate>,
}

/// The rule of a kind; none for an unknown one.
pub fn rule_of(kind: i32) -> Option<&'static KindRule> {
    KINDS.iter().find(|rule| rule.kind as i32 == kind)
}

/// Whether a school closes under a reorganisation of this kind.
pub fn closes(kind: i32) -> bool {
    rule_of(kind).is_some_and(|rule| rule.receiving_school)
}

/// Everything that is wrong with the shape of a plan.
pub fn check(plan: &Reorganisation) -> Vec<Violation> {
    let full_name = "junheng.registration.v1.Reorganisation.Kind";
    if let Some(wrong) = label::check("reorganisation.kind", full_name, plan.kind) {
        return vec![wrong];
    }
    let Some(rule) = rule_of(plan.kind) else {
        return vec![Violation::required("reorganisation.kind")];
    };
    let mut wrong = Vec::new();
    for (field, needed, given) in [
        ("school", rule.school, !plan.school.is_empty()),
        (
            "receiving_school",
            rule.receiving_school,
            !plan.receiving_school.is_empty(),
        ),
        ("new_school", rule.new_school, plan.new_school.is_some()),
        (
            "school_classes",
            rule.classes,
            !plan.school_classes.is_empty(),
        ),
    ] {
        let field = format!("reorganisation.{field}");
        match (needed, given) {
            (true, false) => wrong.push(Violation::required(&field)),
            (false, true) => wrong.push(Violation::invalid(
                &field,
                "has no meaning for this kind; leave it out",
                "该调整类型不使用此项,请留空",
            )),
            _ => {}
        }
    }
    if !plan.school.is_empty() && plan.school == plan.receiving_school {
        wrong.push(Violation::invalid(
            "reorganisation.receiving_school",
            "must be another school than the one that closes",
            "接收学校不能是被撤并学校本身",
        ));
    }
    wrong.extend(check_lines("reorganisation.reason", &plan.reason));
    if !(10..=1_000).contains(&plan.reason.trim().chars().count()) {
        wrong.push(Violation::invalid(
            "reorganisation.reason",
            "must have 10 to 1,000 characters",
            "应为10至1000字",
        ));
    }
    if date_of(&plan.effective_date).is_none() {
        wrong.push(Violation::invalid(
            "reorganisation.effective_date",
            "must be a date written YYYY-MM-DD",
            "应为YYYY-MM-DD格式的日期",
        ));
    }
    wrong
}

/// Everything that is wrong with the classes that a split takes along, by the school's classes and the kind of the new school:
/// they are the school's, in stages that the new school runs, and the school keeps some.
pub fn check_split(
    named: &[String],
    classes: &[school_class::Model],
    new_kind: i32,
) -> Vec<Violation> {
    let mut wrong = Vec::new();
    let mut going = BTreeSet::new();
    for (index, name) in named.iter().enumerate() {
        let field = format!("reorganisation.school_classes[{index}]");
        let of_school = |class: &&school_class::Model| format!("classes/{}", class.id) == *name;
        let Some(class) = classes.iter().find(of_school) else {
            wrong.push(Violation::invalid(
                &field,
                "is no class of the school that is split",
                "不是被拆分学校的班级",
            ));
            continue;
        };
        going.insert(class.id);
        let runs = |stage: &Stage| *stage as i32 == class.stage;
        if !stages_of(new_kind).iter().any(runs) {
            let class = Place::of(class).full_name();
            wrong.push(Violation::invalid(
                &field,
                format!("{class} is of a stage that the new school does not run"),
                format!("{class}所在学段不在新设学校的办学范围内"),
            ));
        }
    }
    if wrong.is_empty() && going.len() == classes.len() {
        wrong.push(Violation::invalid(
            "reorganisation.school_classes",
            "are all the classes of the school; a school that keeps none is closed or changes its kind",
            "包含该校全部班级;全部划出应按撤并或变更办学类型办理",
        ));
    }
    wrong
}

/// What is wrong with the kind that a school is to have, by the stages in which it has students or classes: it runs them all.
pub fn check_kind(used: &BTreeSet<i32>, new_kind: i32) -> Vec<Violation> {
    // A plan that leaves the kind out is refused for that.
    if new_kind == 0 {
        return Vec::new();
    }
    let runs = |stage: &Stage| stages_of(new_kind).contains(stage);
    let used = used.iter().filter_map(|stage| Stage::try_from(*stage).ok());
    let left: Vec<&str> = used.filter(|stage| !runs(stage)).map(label::of).collect();
    if left.is_empty() {
        return Vec::new();
    }
    let left = left.join("、");
    vec![Violation::invalid(
        "reorganisation.new_school.kind",
        format!(
            "does not run {left}, in which the school has students or classes; move them first"
        ),
        format!("不含{left},而该校仍有此学段的学生或班级,请先妥善安置"),
    )]
}

/// What is wrong with the day of a plan that is drafted today: nothing changes before it is planned.
pub fn check_day(plan: &Reorganisation, today: NaiveDate) -> Option<Violation> {
    let past = date_of(&plan.effective_date).is_some_and(|day| day < today);
    past.then(|| {
        Violation::invalid(
            "reorganisation.effective_date",
            "must not lie before today",
            "不得早于今日",
        )
    })
}

/// Judges one guard.
pub fn judge(guard: Guard, facts: &Facts) -> Result<(), Unmet> {
    match guard {
        Guard::Argued if !facts.closes || facts.has_evidence => Ok(()),
        Guard::Argued => Err(Unmet::Missing(
            "evidence of the argument for closing the school (国办发〔2012〕48号)".into(),
            "撤并学校的论证、听证材料(国办发〔2012〕48号)".into(),
        )),
        Guard::ReceiverStands => none_of(&facts.receiver),
        Guard::NothingOpen => none_of(&facts.open),
        Guard::NothingLeft => none_of(&facts.left),
        Guard::PublicityOver => match facts.publicity_end {
            Some(last) if facts.today > last => Ok(()),
            last => Err(Unmet::NotBefore(last.unwrap_or(facts.today))),
        },
        Guard::DayCome => match facts.effective {
            Some(day) if facts.today >= day => Ok(()),
            day => Err(Unmet::NotBefore(
                day.and_then(|day| day.pred_opt()).unwrap_or(facts.today),
            )),
        },
    }
}

fn none_of(missing: &Option<(String, String)>) -> Result<(), Unmet> {
    match missing {
        None => Ok(()),
        Some((what, what_zh)) => Err(Unmet::Missing(what.clone(), what_zh.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(kind: Kind) -> Reorganisation {
        let rule = rule_of(kind as i32).unwrap();
        let named = |needed: bool, name: &str| if needed { name } else { "" }.to_owned();
        Reorganisation {
            kind: kind as i32,
            school: named(rule.school, "schools/1"),
            receiving_school: named(rule.receiving_school, "schools/2"),
            new_school: rule.new_school.then(Default::default),
            school_classes: if rule.classes {
                vec!["classes/1".into()]
            } else {
                Vec::new()
            },
            reason: "生源减少,并入镇中心小学以保证教学质量".into(),
            effective_date: "2026-09-01".into(),
            ..Reorganisation::default()
        }
    }

    #[test]
    fn every_kind_has_its_rule_and_a_whole_plan_passes() {
        for number in 1..=6 {
            let kind = Kind::try_from(number).unwrap();
            assert_eq!(check(&plan(kind)), [], "{kind:?}");
        }
    }

    #[test]
    fn a_school_that_closes_needs_another_that_receives() {
        let mut closure = plan(Kind::Closure);
        closure.receiving_school.clear();
        assert_eq!(check(&closure)[0].field, "reorganisation.receiving_school");
        closure.receiving_school = closure.school.clone();
        assert_eq!(check(&closure)[0].field, "reorganisation.receiving_school");
    }

    #[test]
    fn a_split_takes_some_of_the_schools_classes_in_stages_that_the_new_school_runs() {
        let class = |number: u128, stage: Stage| school_class::Model {
            id: uuid::Uuid::from_u128(number),
            stage: stage as i32,
            grade: 1,
            grade_year: 2026,
            number: 1,
            school: uuid::Uuid::nil(),
            place: 0,
            version: 1,
        };
        let classes = [
            class(1, Stage::Primary),
            class(2, Stage::Primary),
            class(3, Stage::Junior),
        ];
        let fields = |numbers: &[u128], kind: i32| -> Vec<String> {
            let named = numbers.iter().map(|one| uuid::Uuid::from_u128(*one));
            let named: Vec<String> = named.map(|id| format!("classes/{id}")).collect();
            let wrong = check_split(&named, &classes, kind).into_iter();
            wrong.map(|wrong| wrong.field).collect()
        };
        assert_eq!(fields(&[1, 2], 211), Vec::<String>::new());
        assert_eq!(
            fields(&[1, 9], 211),
            ["reorganisation.school_classes[1]"],
            "another's"
        );
        assert_eq!(
            fields(&[3], 211),
            ["reorganisation.school_classes[0]"],
            "no junior stage"
        );
        assert_eq!(
            fields(&[1, 2, 3], 312),
            ["reorganisation.school_classes"],
            "nothing stays"
        );
        assert_eq!(fields(&[1, 1, 2], 312), Vec::<String>::new());
    }

    #[test]
    fn a_school_keeps_running_the_stages_in_which_it_has_somebody() {
        let both = BTreeSet::from([Stage::Primary as i32, Stage::Junior as i32]);
        assert_eq!(check_kind(&both, 312), []);
        assert_eq!(check_kind(&BTreeSet::new(), 211), []);
        assert_eq!(check_kind(&both, 0), []);
        let wrong = check_kind(&both, 211);
        assert_eq!(wrong[0].field, "reorganisation.new_school.kind");
        assert!(wrong[0].why_zh.contains("初中"), "{wrong:?}");
    }

    #[test]
    fn a_closure_is_argued_and_no_step_comes_before_its_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let facts = Facts {
            closes: true,
            today: day("2026-08-31"),
            publicity_end: Some(day("2026-08-31")),
            effective: Some(day("2026-09-01")),
            ..Facts::default()
        };
        assert!(judge(Guard::Argued, &facts).is_err());
        let last = Unmet::NotBefore(day("2026-08-31"));
        assert_eq!(judge(Guard::PublicityOver, &facts), Err(last.clone()));
        assert_eq!(judge(Guard::DayCome, &facts), Err(last));
        let next = Facts {
            has_evidence: true,
            today: day("2026-09-01"),
            ..facts
        };
        for guard in [Guard::Argued, Guard::PublicityOver, Guard::DayCome] {
            assert_eq!(judge(guard, &next), Ok(()));
        }
    }
}
