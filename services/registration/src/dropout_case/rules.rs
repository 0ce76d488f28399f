//! What a step asks for, judged from facts: pure. Each refusal names its article.

use chrono::NaiveDate;
use junheng_kernel::calendar::Calendar;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::post::Level;
use junheng_kernel::text::check_text;
use junheng_kernel::workflow::Unmet;
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::{OfficialLine, ResponsiblePerson, SchoolLine};

use super::ground::{self, Known};
use super::papers::Papers;
use super::workflow::Guard;
use crate::attendance::proof::Presence;

/// The numbers of the place on the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Visits before the written report.
    pub least_visits: i64,
    /// School days after which a return is stable.
    pub stable_days: i64,
    /// Unexcused school days that may lie among them.
    pub most_absent: i64,
    /// The highest fine in fen; 0 where there is no legal basis for a penalty.
    pub most_fine_fen: i64,
    /// Working days to be heard before a penalty.
    pub hearing_days: u32,
}

/// A notice that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// When it was served; of one that was published, when that counts as service.
    pub served: Option<NaiveDate>,
    /// By when it is to be obeyed.
    pub comply: Option<NaiveDate>,
}

/// The notices of a case drawn since it was last confirmed that hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// The written report.
    pub report: Option<Notice>,
    /// The order.
    pub order: Option<Notice>,
    /// The prior notice.
    pub prior: Option<Notice>,
    /// The decision on a penalty.
    pub decision: Option<Notice>,
    /// The reminder.
    pub urge: Option<Notice>,
    /// The last day on which a penalty that was told of may be decided, where the law sets one.
    pub decide_until: Option<NaiveDate>,
}

/// What guards look at.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Today in China.
    pub today: NaiveDate,
    /// The working days.
    pub calendar: &'a Calendar,
    /// The numbers of the place.
    pub numbers: Numbers,
    /// The level of who takes the step.
    pub level: Level,
    /// How many documents that explain an absence are given with the step.
    pub evidence: usize,
    /// Whether the child has a school.
    pub has_school: bool,
    /// Visits since the case was last confirmed.
    pub visits: i32,
    /// The ground on which closing is or was asked for; 0 for none.
    pub ground: i32,
    /// What proves grounds.
    pub known: Known,
    /// The kinds of documents that count.
    pub papers: Papers,
    /// Attendance since the day of finding.
    pub since_found: Presence,
    /// Whether absences on which the suspicion rests have been marked otherwise since, so that they reach no threshold.
    pub basis_gone: bool,
    /// The day of the return.
    pub returned: Option<NaiveDate>,
    /// Attendance since then.
    pub since_return: Presence,
    /// Whether closing was asked for before this step, and nobody has decided.
    pub closing_open: bool,
    /// The lines as they stand with this step.
    pub official_line: Option<&'a OfficialLine>,
    /// The same of the school.
    pub school_line: Option<&'a SchoolLine>,
    /// The notices.
    pub notices: Notices,
}

// === impl Facts ===

impl Facts<'_> {
    /// Whether records alone explain why the child is not at school, or show that it is.
    pub fn explained(&self) -> bool {
        let by_state = self.known.student.is_some_and(|(state, stage, _)| {
            match StudentState::try_from(state).unwrap_or_default() {
                StudentState::TransferredOut | StudentState::Deceased | StudentState::Cancelled => {
                    true
                }
                StudentState::Graduated => stage != Stage::Primary as i32,
                StudentState::Suspended | StudentState::Deferred | StudentState::Abroad => {
                    self.known.leave_runs
                }
                _ => false,
            }
        });
        by_state || self.known.transferred || self.since_found.days > 0 || self.basis_gone
    }
}

/// Whether a guard lets a step pass.
pub fn judge(guard: Guard, facts: &Facts<'_>) -> Result<(), Unmet> {
    let notices = &facts.notices;
    match guard {
        Guard::Explained => {
            let by_county = facts.level == Level::County && facts.evidence > 0;
            let (what, what_zh) = facts.papers.beside(
                "a record that explains the absence (presence, leave, transfer), or evidence given by the county",
                "须有记录说明(到校考勤、在期休学、转学),或由县级附证明材料",
            );
            needs(facts.explained() || by_county, &what, &what_zh)
        }
        Guard::Unexplained => needs(
            !facts.explained(),
            "an absence that records do not explain; clear the suspicion",
            "记录已说明去向(到校考勤、在期休学或转学),应予排除",
        ),
        Guard::LinesNamed => needs(
            lines_named(facts),
            "a named person for each seat of both lines (county, township, village, household; bureau, head, class teacher)",
            "须落实双线责任人:县、乡镇、村、户;教育局、校长、班主任(国办发〔2017〕72号)",
        ),
        Guard::BySchool => needs(
            facts.level == Level::School || !facts.has_school,
            "the school's own report (未成年人保护法 28)",
            "应由学校书面报告(未成年人保护法第二十八条)",
        ),
        Guard::VisitedEnough => needs(
            i64::from(facts.visits) >= facts.numbers.least_visits,
            &format!(
                "{} visits at least, recorded since the case was confirmed (未成年人保护法 28)",
                facts.numbers.least_visits
            ),
            &format!(
                "须先登记至少{}次劝返(未成年人保护法第二十八条)",
                facts.numbers.least_visits
            ),
        ),
        Guard::ReportDrawn => needs(
            notices.report.is_some(),
            "the written report (未成年人保护法 28)",
            "须先制作辍学情况书面报告(未成年人保护法第二十八条)",
        ),
        Guard::OrderDrawn => needs(
            notices.order.is_some(),
            "the written order to the guardians (未成年人保护法 83)",
            "须先制作责令送被监护人接受义务教育通知书(未成年人保护法第八十三条)",
        ),
        Guard::LegalBasis => needs(
            facts.numbers.most_fine_fen > 0,
            "a legal basis for a penalty: 义务教育法 58 knows criticism and orders, but no fine",
            "当地未登记处罚依据:义务教育法第五十八条只规定批评教育、责令限期改正",
        ),
        Guard::OrderExpired => expired(
            notices.order.as_ref(),
            facts.today,
            "the service of the order (未成年人保护法 83)",
            "责令通知书尚未送达(未成年人保护法第八十三条)",
        ),
        Guard::Heard => {
            let days = facts.numbers.hearing_days;
            let last = |served| facts.calendar.add_working_days(served, days).date;
            passed(
                served(notices.prior.as_ref()).map(last),
                facts.today,
                "the service of the prior notice (行政处罚法 44, 45)",
                "行政处罚事先告知书尚未送达(行政处罚法第四十四、四十五条)",
            )
        }
        Guard::InTime => match notices.decide_until {
            Some(last) if last < facts.today => missing(
                &format!(
                    "a decision by {last}, ninety days after the penalty was told of (行政处罚法 60)"
                ),
                &format!("行政处罚应于{last}前作出决定(行政处罚法第六十条),期限已过"),
            ),
            _ => Ok(()),
        },
        Guard::NotDecided => needs(
            notices.decision.is_none()
                && notices.decide_until.is_some_and(|last| last < facts.today),
            "a penalty that was not decided in time (行政处罚法 60)",
            "仅限未在法定期限内作出行政处罚决定的个案(行政处罚法第六十条)",
        ),
        Guard::FineOverdue => expired(
            notices.decision.as_ref(),
            facts.today,
            "the service of the decision (行政处罚法 61)",
            "行政处罚决定书尚未送达(行政处罚法第六十一条)",
        ),
        Guard::UrgeDrawn => needs(
            notices.urge.is_some(),
            "the written reminder (行政强制法 54)",
            "须先制作履行行政决定催告书(行政强制法第五十四条)",
        ),
        Guard::UrgeExpired => expired(
            notices.urge.as_ref(),
            facts.today,
            "the service of the reminder (行政强制法 54)",
            "催告书尚未送达(行政强制法第五十四条)",
        ),
        Guard::Present => {
            if facts.known.student.is_none() {
                return missing(
                    "a student record; the child is to be registered first",
                    "该儿童尚无学籍,须先建籍",
                );
            }
            needs(
                facts.returned.is_some() && facts.since_return.first == facts.returned,
                "a sheet that shows the child present on the day of the return",
                "返校之日须有到校考勤记录,当日缺勤、未登记或非上课日的不得作为返校日",
            )
        }
        Guard::PresentForLong => {
            let (days, absent) = (facts.since_return.days, facts.since_return.unexcused);
            let (least, most) = (facts.numbers.stable_days, facts.numbers.most_absent);
            needs(
                is_present_for_long(&facts.since_return, &facts.numbers),
                &format!(
                    "{least} school days attended with at most {most} unexcused; {days} and {absent} so far"
                ),
                &format!(
                    "须到校满{least}日且无故缺勤不超过{most}日,现到校{days}日、无故缺勤{absent}日"
                ),
            )
        }
        Guard::NoClosingOpen => needs(
            !facts.closing_open,
            "a decision about the closing that was asked for before: it is refused before another is asked for",
            "已有待核准的销号申请,须经核准或退回后方可再次申请",
        ),
        Guard::ClosingRequested => needs(
            facts.ground != 0,
            "a request to close on a ground with evidence",
            "须先申请销号,写明依据并附证明",
        ),
        Guard::GroundProven => match ground::rule_of(facts.ground) {
            Some(rule) if rule.is_proven(&facts.known) => Ok(()),
            Some(rule) => {
                let (what, what_zh) = facts.papers.beside(rule.missing, rule.missing_zh);
                missing(&what, &what_zh)
            }
            None => missing("a ground", "须写明销号依据"),
        },
    }
}

/// Whether a return is stable: so many school days attended, and not more of them missed without leave than may be.
pub fn is_present_for_long(presence: &Presence, numbers: &Numbers) -> bool {
    i64::from(presence.days) >= numbers.stable_days
        && i64::from(presence.unexcused) <= numbers.most_absent
}

/// Everything that is wrong with a person.
pub fn check_person(field: &str, person: Option<&ResponsiblePerson>) -> Vec<Violation> {
    let Some(person) = person else {
        return Vec::new();
    };
    let parts = [
        ("display_name", &person.display_name, 50),
        ("organisation", &person.organisation, 100),
        ("phone", &person.phone, 30),
    ];
    let mut wrong = Vec::new();
    for (part, text, most) in parts {
        let field = format!("{field}.{part}");
        wrong.extend(check_text(&field, text));
        if text.chars().count() > most {
            wrong.push(too_long(&field, most));
        }
    }
    if !is_phone(&person.phone) {
        wrong.push(Violation::invalid(
            &format!("{field}.phone"),
            "must be a phone number: 5 to 20 digits, with spaces, hyphens and a leading plus sign if need be",
            "应为5至20位数字的电话号码,可含空格、连字符和开头的加号",
        ));
    }
    wrong
}

/// Whether a text is a phone number, or the mask of one, or empty.
fn is_phone(text: &str) -> bool {
    let number = text.trim().strip_prefix('+').unwrap_or(text.trim());
    let is_part = |character: char| character.is_ascii_digit() || " -*".contains(character);
    let digits = number.chars().filter(|one| !" -".contains(*one)).count();
    number.is_empty() || number.chars().all(is_part) && (5..=20).contains(&digits)
}

/// What is wrong with a text that is too long.
pub fn too_long(field: &str, most: usize) -> Violation {
    Violation::invalid(
        field,
        format!("must have at most {most} characters"),
        format!("不得超过{most}字"),
    )
}

/// A day between two others, both with it, or what is wrong with it.
pub fn day_between(
    field: &str,
    text: &str,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<NaiveDate, Violation> {
    date_of(text)
        .filter(|day| (from..=to).contains(day))
        .ok_or_else(|| {
            Violation::invalid(
                field,
                format!("must be a date written YYYY-MM-DD from {from} to {to}"),
                format!("应为{from}至{to}之间的YYYY-MM-DD日期"),
            )
        })
}

fn lines_named(facts: &Facts<'_>) -> bool {
    let named = |person: &Option<ResponsiblePerson>| {
        person
            .as_ref()
            .is_some_and(|person| !person.display_name.trim().is_empty())
    };
    let officials = facts.official_line.is_some_and(|line| {
        [&line.county, &line.township, &line.village, &line.household]
            .into_iter()
            .all(named)
    });
    let school = facts.school_line.is_some_and(|line| {
        named(&line.bureau)
            && (!facts.has_school || named(&line.head) && named(&line.class_teacher))
    });
    officials && school
}

fn served(notice: Option<&Notice>) -> Option<NaiveDate> {
    notice.and_then(|notice| notice.served)
}

fn expired(
    notice: Option<&Notice>,
    today: NaiveDate,
    what: &str,
    what_zh: &str,
) -> Result<(), Unmet> {
    let last = notice.filter(|one| one.served.is_some());
    passed(last.and_then(|one| one.comply), today, what, what_zh)
}

fn passed(
    last: Option<NaiveDate>,
    today: NaiveDate,
    what: &str,
    what_zh: &str,
) -> Result<(), Unmet> {
    match last {
        None => missing(what, what_zh),
        Some(day) if day >= today => Err(Unmet::NotBefore(day)),
        Some(_) => Ok(()),
    }
}

fn needs(holds: bool, what: &str, what_zh: &str) -> Result<(), Unmet> {
    if holds {
        Ok(())
    } else {
        missing(what, what_zh)
    }
}

fn missing(what: &str, what_zh: &str) -> Result<(), Unmet> {
    Err(Unmet::Missing(what.to_owned(), what_zh.to_owned()))
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
