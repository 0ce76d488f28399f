//! Scene: one suspicion is cleared; one child is sought by school and county, comes back, and its case is closed by two persons.

use anyhow::{Context as _, ensure};
use chrono::NaiveDate;
use junheng_kernel::label;
use junheng_proto::error::v1::Reason as Refused;
use junheng_proto::registration::v1::attendance_service_client::AttendanceServiceClient;
use junheng_proto::registration::v1::dropout_case::{Finding, Ground, Reason, State};
use junheng_proto::registration::v1::dropout_case_service_client::DropoutCaseServiceClient;
use junheng_proto::registration::v1::dropout_notice::Kind;
use junheng_proto::registration::v1::dropout_visit::{Method, Outcome};
use junheng_proto::registration::v1::{
    AssignDropoutCaseRequest, AttendanceMark, ConfirmDropoutCaseRequest, DropoutCase, DropoutVisit,
    GetDropoutCaseRequest, MarkAttendanceRequest, OfficialLine, RecordDropoutVisitRequest,
    ReportDropoutSuspicionRequest, RequestDropoutClosingRequest, ResponsiblePerson,
    ReturnDropoutCaseRequest, School, SchoolClass, SchoolLine, attendance_mark,
    confirm_enrolment_request,
};
use junheng_proto::workflow::v1::{Evidence, StepRequest};

use super::super::cast::{clerk_of, deputy, head_of};
use super::super::story::{Story, new_id};
use super::super::tell;
use super::notices::{self, proof};
use super::{CLERK, District, FOREIGN, HEAD, answered, day, found, summer};
use crate::client::{Authorized, Refusal};

/// The contract's name of a visit's outcomes.
const OUTCOME: &str = "junheng.registration.v1.DropoutVisit.Outcome";

type Cases = DropoutCaseServiceClient<Authorized>;

/// The county finds one of the seven-year-olds in a school of another province, and another has moved there too.
///
/// # Errors
/// A refusal, or one that does not come.
pub async fn cleared(story: &Story, open: &[DropoutCase]) -> anyhow::Result<()> {
    let case = open
        .iter()
        .find(|case| case.finding() == Finding::Comparison)
        .context("nobody was found by comparison")?;
    let mut head = cases(story, HEAD).await?;
    tell::refused(
        "无证明即排除疑似 · a suspicion is cleared without evidence",
        answered(head.clear_dropout_case(step(case, vec![]))).await,
        Refused::StepNotReady,
    )?;
    let given = vec![proof("省外学校在读证明")];
    let cleared = answered(head.clear_dropout_case(step(case, given))).await?;
    ensure!(cleared.state() == State::Cleared, "the case is not cleared");
    told("县级凭证明排除 the county clears it on evidence", &cleared);
    Ok(())
}

/// School and county seek a graduate who came to no junior school, up to the order to the guardians.
///
/// # Errors
/// A refusal, or one that does not come.
pub async fn sought(
    story: &Story,
    district: &District,
    open: &[DropoutCase],
) -> anyhow::Result<DropoutCase> {
    let (school, wanted) = (&district.primary[0], district.missing.first());
    let case = open.iter().find(|case| Some(&case.student) == wanted);
    let case = case.context("the child has no case")?;
    let (clerk, head) = (clerk_of(school), head_of(school));

    tell::refused(
        "邻区查看个案 · another district's officer reads the case",
        answered(cases(story, FOREIGN).await?.get_dropout_case(by_name(case))).await,
        Refused::NotFound,
    )?;
    let again = ReportDropoutSuspicionRequest {
        child: case.student.clone(),
        note: "开学未报到".to_owned(),
        request_id: new_id(),
        ..ReportDropoutSuspicionRequest::default()
    };
    let again = cases(story, &clerk)
        .await?
        .report_dropout_suspicion(again)
        .await;
    tell::refused(
        "同一儿童再次登记 · the school reports the same child again",
        answered(async { again }).await,
        Refused::DropoutCaseOpen,
    )?;
    let skipped = cases(story, HEAD)
        .await?
        .order_dropout_return(step(case, vec![]))
        .await;
    tell::refused(
        "疑似未确认即责令 · the order skips the steps before it",
        answered(async { skipped }).await,
        Refused::StepNotAllowed,
    )?;

    let confirmed = ConfirmDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        reason: Reason::Weary.into(),
        whereabouts: "在家".to_owned(),
        request_id: new_id(),
        ..ConfirmDropoutCaseRequest::default()
    };
    let mut heads = cases(story, &head).await?;
    let case = answered(heads.confirm_dropout_case(confirmed)).await?;
    told("毕业学校确认辍学 the school of graduation confirms", &case);
    found::ledgers(story, [3_835, 12, 1]).await?;
    let case = answered(cases(story, CLERK).await?.assign_dropout_case(lines(&case))).await?;
    told(
        "双线责任到人 both lines are named: 县-镇-村-户, 局-校-班",
        &case,
    );
    tell::refused(
        "未劝返即书面报告 · the school gives up before a visit",
        answered(heads.escalate_dropout_case(step(&case, vec![]))).await,
        Refused::StepNotReady,
    )?;
    let case = visited(story, &clerk, case, Outcome::Refused).await?;
    story.days_pass(1).await;
    let case = visited(story, &clerk, case, Outcome::Refused).await?;
    notices::draw(story, &clerk, &case, Kind::WrittenReport).await?;
    let mut heads = cases(story, &head).await?;
    let case = answered(heads.escalate_dropout_case(step(&case, vec![]))).await?;
    told("劝返无效,书面报告 the school reports in writing", &case);

    let order = notices::draw(story, CLERK, &case, Kind::Order).await?;
    let mut approver = cases(story, HEAD).await?;
    let case = answered(approver.order_dropout_return(step(&case, vec![]))).await?;
    told("责令送学 the county orders the guardians", &case);
    notices::print(story, CLERK, &order).await?;
    let served = notices::serve(story, CLERK, &order, story.clock().today()).await?;
    tell::done(&format!(
        "送达 served, 期限 to comply by {}",
        served.comply_date
    ));
    let fine = notices::draw(story, CLERK, &case, Kind::PenaltyPriorNotice).await;
    tell::refused(
        "无处罚依据即告知处罚 · a penalty without a legal basis",
        fine,
        Refused::PenaltyWithoutBasis,
    )?;
    Ok(case)
}

/// The child comes to the junior school, and attendance shows it.
///
/// # Errors
/// A refusal, or one that does not come.
pub async fn back(
    story: &Story,
    district: &District,
    case: DropoutCase,
) -> anyhow::Result<DropoutCase> {
    let monday = day("2019-09-23")?;
    story.until(monday).await;
    let (school, class) = desk(story, district).await?;
    let places = summer::places(story, school).await?;
    let place = places.iter().find(|place| place.student == case.student);
    let row = confirm_enrolment_request::Row {
        row: 2,
        junior_place: place.context("the child has no place")?.name.clone(),
        school_class: class.name.clone(),
    };
    summer::confirm(story, school, vec![row]).await?;
    tell::done(&format!(
        "{}报到 the child comes to {}; 个案随学籍转入 the case follows the record",
        case.display_name, school.display_name
    ));
    let clerk = clerk_of(school);
    let case = read(story, &clerk, &case).await?;
    ensure!(case.school == school.name, "the case stayed behind");
    let back = |case: &DropoutCase| ReturnDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        returned_date: monday.to_string(),
        request_id: new_id(),
        ..ReturnDropoutCaseRequest::default()
    };
    let mut clerks = cases(story, &clerk).await?;
    tell::refused(
        "无到校考勤即登记返校 · a return that no attendance shows",
        answered(clerks.return_dropout_case(back(&case))).await,
        Refused::StepNotReady,
    )?;
    ensure!(
        present(story, &clerk, &class, &case, monday).await?,
        "no school on a Monday"
    );
    let case = read(story, &clerk, &case).await?;
    let case = answered(clerks.return_dropout_case(back(&case))).await?;
    told("到校考勤在案,登记返校 attendance shows it: back", &case);
    tell::refused(
        "未稳定即申请销号 · closing before the return is stable",
        ask_to_close(&mut cases(story, CLERK).await?, &case).await,
        Refused::StepNotReady,
    )?;
    // The week until the holiday.
    let case = attends(story, district, case, monday, day("2019-09-27")?).await?;
    attends(
        story,
        district,
        case,
        day("2019-09-27")?,
        day("2019-09-30")?,
    )
    .await
}

/// Twenty days at school make the return stable; one person asks to close, another closes.
///
/// # Errors
/// A refusal, or one that does not come.
pub async fn stable(story: &Story, district: &District, case: DropoutCase) -> anyhow::Result<()> {
    let (mut case, mut until) = (case, day("2019-09-30")?);
    for friday in ["2019-10-11", "2019-10-18", "2019-10-25"] {
        let from = std::mem::replace(&mut until, day(friday)?);
        case = attends(story, district, case, from, until).await?;
    }
    if case.state() == State::Returned {
        let mut head = cases(story, &head_of(&district.junior[0])).await?;
        case = answered(head.settle_dropout_case(step(&case, vec![]))).await?;
    }
    ensure!(case.state() == State::Stable, "the return is not stable");
    told("到校满20日,认定稳定 twenty school days attended", &case);

    let posts = deputy(&district.password);
    let mut clerk = Cases::new(story.gate.sign_in(&posts[0].account).await?.channel());
    let mut approver = Cases::new(story.gate.sign_in(&posts[1].account).await?.channel());
    let asked = ask_to_close(&mut clerk, &case).await?;
    told("副局长以经办身份申请销号 the deputy asks to close", &asked);
    tell::refused(
        "副局长换岗位自批 · the deputy approves it in another post",
        answered(approver.close_dropout_case(step(&asked, vec![]))).await,
        Refused::SamePerson,
    )?;
    let mut head = cases(story, HEAD).await?;
    let closed = answered(head.close_dropout_case(step(&asked, vec![]))).await?;
    ensure!(closed.state() == State::Closed, "the case is not closed");
    told("局长核准销号 a second person closes", &closed);
    Ok(())
}

/// Marks the child present on the school days after one day and up to another.
async fn attends(
    story: &Story,
    district: &District,
    case: DropoutCase,
    after: NaiveDate,
    until: NaiveDate,
) -> anyhow::Result<DropoutCase> {
    story.until(until).await;
    let (school, class) = desk(story, district).await?;
    let clerk = clerk_of(school);
    let mut count = 0;
    for date in after.iter_days().skip(1).take_while(|date| *date <= until) {
        count += u32::from(present(story, &clerk, &class, &case, date).await?);
    }
    tell::done(&format!("{until}: 到校 {count} 日 school days attended"));
    read(story, &clerk, &case).await
}

/// Calls the class: everybody is there, and so is the child. False on a day without school.
async fn present(
    story: &Story,
    who: &str,
    class: &SchoolClass,
    case: &DropoutCase,
    date: NaiveDate,
) -> anyhow::Result<bool> {
    let request = MarkAttendanceRequest {
        school_class: class.name.clone(),
        date: date.to_string(),
        exceptions: vec![AttendanceMark {
            student: case.student.clone(),
            kind: attendance_mark::Kind::Present.into(),
        }],
        request_id: new_id(),
        ..MarkAttendanceRequest::default()
    };
    let mut client = AttendanceServiceClient::new(story.session(who).await?.channel());
    match client.mark_attendance(request).await.map_err(Refusal::from) {
        Ok(_) => Ok(true),
        Err(refusal) if refusal.reason == "NOT_A_SCHOOL_DAY" => Ok(false),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Where the child sits now.
async fn desk<'d>(
    story: &Story,
    district: &'d District,
) -> anyhow::Result<(&'d School, SchoolClass)> {
    let school = district.junior.first().context("no junior school")?;
    let classes = summer::first_grade(story, school).await?;
    let class = classes.into_iter().next().context("no class")?;
    Ok((school, class))
}

async fn visited(
    story: &Story,
    who: &str,
    case: DropoutCase,
    outcome: Outcome,
) -> anyhow::Result<DropoutCase> {
    let request = RecordDropoutVisitRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        visit: Some(DropoutVisit {
            date: story.clock().today().to_string(),
            people: vec!["班主任".to_owned(), "村干部".to_owned()],
            method: Method::Home.into(),
            outcome: outcome.into(),
            evidence: vec![proof("走访照片")],
            ..DropoutVisit::default()
        }),
        request_id: new_id(),
    };
    let mut client = cases(story, who).await?;
    let case = answered(client.record_dropout_visit(request)).await?;
    tell::done(&format!(
        "第{}次入户劝返 visit {}: {}",
        case.visit_count,
        case.visit_count,
        label::by_number(OUTCOME, outcome.into())
    ));
    Ok(case)
}

async fn ask_to_close(client: &mut Cases, case: &DropoutCase) -> anyhow::Result<DropoutCase> {
    let request = RequestDropoutClosingRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        ground: Ground::ReturnedStable.into(),
        request_id: new_id(),
        ..RequestDropoutClosingRequest::default()
    };
    answered(client.request_dropout_closing(request)).await
}

fn lines(case: &DropoutCase) -> AssignDropoutCaseRequest {
    let person = |name: &str| {
        Some(ResponsiblePerson {
            display_name: name.to_owned(),
            phone: "13800000000".to_owned(),
            ..ResponsiblePerson::default()
        })
    };
    AssignDropoutCaseRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        official_line: Some(OfficialLine {
            county: person("区领导"),
            township: person("街道干部"),
            village: person("社区干部"),
            household: person("联户人"),
        }),
        school_line: Some(SchoolLine {
            bureau: person("局干部"),
            head: person("校长"),
            class_teacher: person("班主任"),
        }),
        plan: "每周入户一次,补习语文、数学".to_owned(),
        request_id: new_id(),
        ..AssignDropoutCaseRequest::default()
    }
}

fn step(case: &DropoutCase, evidence: Vec<Evidence>) -> StepRequest {
    StepRequest {
        name: case.name.clone(),
        etag: case.etag.clone(),
        note: String::new(),
        evidence,
        request_id: new_id(),
    }
}

fn by_name(case: &DropoutCase) -> GetDropoutCaseRequest {
    GetDropoutCaseRequest {
        name: case.name.clone(),
    }
}

async fn read(story: &Story, who: &str, case: &DropoutCase) -> anyhow::Result<DropoutCase> {
    answered(cases(story, who).await?.get_dropout_case(by_name(case))).await
}

async fn cases(story: &Story, who: &str) -> anyhow::Result<Cases> {
    Ok(Cases::new(story.session(who).await?.channel()))
}

fn told(what: &str, case: &DropoutCase) {
    let due = match case.due_date.as_str() {
        "" => String::new(),
        date => format!(", 办理时限 due {date}"),
    };
    tell::done(&format!("{what} → {}{due}", label::of(case.state())));
}
