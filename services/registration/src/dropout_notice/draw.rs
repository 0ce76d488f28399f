//! Draws a notice from the records of its case.

use chrono::{Datelike as _, NaiveDate};
use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::name::id_of;
use junheng_kernel::post::Level;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::text::check_text;
use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::dropout_case::Reason;
use junheng_proto::registration::v1::dropout_notice::State;
use junheng_proto::registration::v1::{DrawDropoutNoticeRequest, DropoutNotice};
use tonic::Request;
use uuid::Uuid;

use super::encode::{Printed, Service, about, encode};
use super::error::DropoutNoticeError;
use super::kinds::{Addressee, Fields, Form, Kind, fill, form_of};
use super::{number, service, store};
use crate::dropout_case::child::{self, Child};
use crate::dropout_case::content::VisitContent;
use crate::dropout_case::facts;
use crate::dropout_case::opening::{Scene, subject_of};
use crate::dropout_case::store as cases;
use crate::dropout_case::workflow::state_of;
use crate::entity::{dropout_case, dropout_notice};
use crate::rule_book::RegionPath;
use crate::school::{parent, store as schools};

/// What every form may quote.
#[cfg(test)]
pub(super) const FIELDS: [&str; 16] = [
    "child",
    "child_number",
    "school",
    "grade",
    "county",
    "guardian",
    "away",
    "visit_list",
    "confirmed_date",
    "reason",
    "visits",
    "detail",
    "hearing_days",
    "order_number",
    "order_date",
    "decision_number",
];
/// What forms about orders and penalties may quote besides.
#[cfg(test)]
pub(super) const PENALTY_FIELDS: [&str; 2] = ["fine", "penalty_basis"];
const FINE: &str = "dropout.most_fine_fen";
/// Printed for a guardian whom no record names.
const UNKNOWN_GUARDIAN: &str = "(未登记)";
const MOST_DETAIL: usize = 500;
const MOST_ADDRESSEE: usize = 100;

/// A notice as it is drawn.
struct Drawing<'a> {
    tx: &'a Tx,
    context: &'a Context,
    scene: Scene<'a>,
    caller: &'a Caller,
    message: &'a DrawDropoutNoticeRequest,
    form: &'static Form,
    case: dropout_case::Model,
}

/// Draws a notice and answers with it.
pub(super) async fn draw(
    context: &Context,
    request: Request<DrawDropoutNoticeRequest>,
) -> Result<DropoutNotice, DropoutNoticeError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let id = id_of("dropoutCases", &message.dropout_case)?;
    let key = RequestKey::of(&message.request_id, &message)?;
    let form = checked(&message)?;
    let (context, writer) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(&caller, key, move |tx| async move {
            parent::held::<dropout_case::Entity>(&*tx, &writer.scope, id).await?;
            let case = cases::hold(&*tx, &writer.scope, id).await?;
            let drawing = Drawing {
                tx: &tx,
                context: &context,
                scene: Scene::of(&context)?,
                caller: &writer,
                message: &message,
                form,
                case,
            };
            let row = drawing.row().await?;
            store::insert(&*tx, row.clone()).await?;
            let answer = encode(&context.store.keys, &row)?;
            let entry = about(&row).change(None, &answer);
            Ok::<_, DropoutNoticeError>((answer, entry))
        })
        .await
}

fn checked(message: &DrawDropoutNoticeRequest) -> Result<&'static Form, KernelError> {
    let wrong = label::check(
        "kind",
        "junheng.registration.v1.DropoutNotice.Kind",
        message.kind,
    );
    KernelError::unless_empty(wrong.into_iter().collect())?;
    let form = form_of(message.kind())?;
    let mut wrong = Vec::new();
    for (field, text, most, needed) in [
        ("detail", &message.detail, MOST_DETAIL, form.detail),
        (
            "addressee",
            &message.addressee,
            MOST_ADDRESSEE,
            form.addressee == Addressee::Named,
        ),
    ] {
        wrong.extend(check_text(field, text));
        if needed && text.trim().is_empty() {
            wrong.push(Violation::required(field));
        }
        if text.chars().count() > most {
            wrong.push(Violation::invalid(
                field,
                format!("must have at most {most} characters"),
                format!("不得超过{most}字"),
            ));
        }
    }
    if !form.fine && message.fine_fen != 0 {
        wrong.push(Violation::invalid(
            "fine_fen",
            "must be 0: only notices of a penalty name a fine",
            "只有行政处罚文书可填写罚款",
        ));
    }
    KernelError::unless_empty(wrong)?;
    Ok(form)
}

// === impl Drawing ===

impl Drawing<'_> {
    async fn row(&self) -> Result<dropout_notice::Model, DropoutNoticeError> {
        self.check_place()?;
        self.check_visits()?;
        let (most_fen, basis) = self.penalty_basis()?;
        self.check_fine(most_fen, &basis)?;
        let before = store::holding(&**self.tx, self.case.id).await?;
        self.check_grounds(&before)?;
        self.check_told(&before)?;
        self.check_days().await?;
        let today = self.scene.today;
        let (issuer, issuer_name, short_name) = self.issuer().await?;
        let fields = self.fields(&before, &basis).await?;
        let filled = |texts: &[String]| -> Result<Vec<String>, KernelError> {
            texts
                .iter()
                .map(|text| {
                    fill(text, &fields).map_err(|name| {
                        KernelError::Stored(format!("data/dropout_notices.toml: {name}"))
                    })
                })
                .collect()
        };
        let body = filled(&self.form.body)?;
        // A list that fills a paragraph has one for each of its lines.
        let mut paragraphs: Vec<String> = body
            .iter()
            .flat_map(|text| text.lines().map(str::to_owned))
            .collect();
        paragraphs.retain(|text| !text.trim().is_empty());
        let (basis, addressee) = (filled(&self.form.basis)?, self.addressee(&fields));
        let days = match &self.form.comply {
            Some(rule) => self.scene.number(rule, &self.case.region)?,
            None => 0,
        };
        // Last, for whoever waits for a number waits for this write.
        let sequence = number::next(self.tx, &issuer, today.year()).await?;
        let id = Uuid::now_v7();
        let printed = Printed {
            number: number::number(&short_name, today.year(), sequence),
            issuer_name,
            title: self.form.title.clone(),
            addressee,
            paragraphs,
            basis,
            date: written(today),
            days,
        };
        let keys = &self.context.store.keys;
        Ok(dropout_notice::Model {
            id,
            dropout_case: self.case.id,
            school: self.case.school,
            place: self.case.place,
            kind: self.form.kind as i32,
            state: State::Drawn as i32,
            issuer,
            year: today.year(),
            sequence,
            drawn_date: today,
            relapses: self.case.relapses,
            served_date: None,
            service_method: 0,
            comply_date: None,
            fine_fen: self.message.fine_fen,
            printed: printed.seal(keys, id)?,
            service: Service::default().seal(keys, id)?,
            create_micros: self.scene.now_micros,
            update_micros: self.scene.now_micros,
            version: 1,
        })
    }

    /// Whether this office draws it, and the case stands where it is drawn.
    fn check_place(&self) -> Result<(), DropoutNoticeError> {
        let (form, level) = (self.form, self.caller.role.level);
        let kind = label::of(form.kind);
        // What a school tells the county, the county writes itself only of a child of no school.
        let is_told = form.addressee == Addressee::County && self.case.school.is_some();
        if !form.by.contains(&level) || level == Level::County && is_told {
            let by = if is_told {
                label::of(Level::School).to_owned()
            } else {
                form.by_label()
            };
            return Err(DropoutNoticeError::NotYours { kind, by });
        }
        let state = state_of(self.case.state);
        if !form.from.contains(&state) {
            return Err(DropoutNoticeError::OutOfOrder {
                kind,
                state: label::of(state),
                from: form.from_label(),
                basis: form.basis_label(),
            });
        }
        Ok(())
    }

    /// Whether as many visits were recorded as the form speaks of.
    fn check_visits(&self) -> Result<(), DropoutNoticeError> {
        let Some(rule) = &self.form.visits else {
            return Ok(());
        };
        let (visits, least) = (
            self.case.visits,
            self.scene.number(rule, &self.case.region)?,
        );
        if i64::from(visits) < least {
            return Err(DropoutNoticeError::WithoutVisits {
                kind: label::of(self.form.kind),
                visits,
                least,
            });
        }
        Ok(())
    }

    fn check_grounds(&self, before: &[dropout_notice::Model]) -> Result<(), DropoutNoticeError> {
        for needed in &self.form.needs {
            let served = |row: &dropout_notice::Model| row.state == State::Served as i32;
            if !self.resting(before, *needed).is_some_and(served) {
                return Err(DropoutNoticeError::WithoutGround {
                    kind: label::of(self.form.kind),
                    missing: label::of(*needed),
                });
            }
        }
        for needed in &self.form.expired {
            let comply = self
                .resting(before, *needed)
                .and_then(|row| row.comply_date);
            if let Err(Some(until)) = service::passed(comply, self.scene.today) {
                return Err(DropoutNoticeError::TooEarly {
                    kind: label::of(self.form.kind),
                    awaited: label::of(*needed),
                    until,
                });
            }
        }
        Ok(())
    }

    /// The notice of a kind on which this round of the case rests.
    fn resting<'r>(
        &self,
        before: &'r [dropout_notice::Model],
        kind: Kind,
    ) -> Option<&'r dropout_notice::Model> {
        service::resting(before, kind, self.case.relapses)
    }

    /// The highest fine and the text that allows it.
    fn penalty_basis(&self) -> Result<(i64, String), KernelError> {
        let path = RegionPath::of(self.scene.regions, &self.case.region);
        let rule = self.scene.rules.rule(FINE, &path, self.scene.today)?;
        Ok((rule.value, rule.source.clone()))
    }

    fn check_fine(&self, most_fen: i64, basis: &str) -> Result<(), DropoutNoticeError> {
        if !self.form.fine {
            return Ok(());
        }
        if most_fen <= 0 {
            return Err(DropoutNoticeError::WithoutBasis {
                region: self.county_name(),
            });
        }
        if !(1..=most_fen).contains(&self.message.fine_fen) {
            return Err(DropoutNoticeError::FineOutOfRange {
                most_fen,
                basis: basis.to_owned(),
            });
        }
        Ok(())
    }

    /// No fine above the one that was told of: the addressee was heard on that.
    fn check_told(&self, before: &[dropout_notice::Model]) -> Result<(), DropoutNoticeError> {
        for needed in &self.form.needs {
            if let Some(told) = self.resting(before, *needed) {
                let number = Printed::of(self.scene.keys, told)?.number;
                check_told(self.message.fine_fen, told.fine_fen, number)?;
            }
        }
        Ok(())
    }

    /// No decision when its days have passed.
    async fn check_days(&self) -> Result<(), DropoutNoticeError> {
        if self.form.kind != Kind::PenaltyDecision {
            return Ok(());
        }
        match facts::decide_until(&**self.tx, &self.scene, &self.case).await? {
            Some(until) if until < self.scene.today => Err(DropoutNoticeError::TooLate {
                kind: label::of(self.form.kind),
                until,
            }),
            _ => Ok(()),
        }
    }

    fn county_name(&self) -> String {
        let region = self.scene.regions.get(&self.case.region);
        region.map_or_else(|| self.case.region.clone(), |region| region.name.clone())
    }

    /// Who issues it: its name as a resource, in full and in its numbers.
    async fn issuer(&self) -> Result<(String, String, String), DropoutNoticeError> {
        if let (Level::School, Some(id)) = (self.caller.role.level, self.case.school) {
            let school = schools::in_directory(&**self.tx, id).await?;
            let name = school.map_or_else(String::new, |school| school.display_name);
            return Ok((format!("schools/{id}"), name.clone(), name));
        }
        let county = self.county_name();
        let short_name = number::short_name(&county).to_owned();
        let issuer = format!("regions/{}", self.case.region);
        Ok((issuer, format!("{county}教育局"), short_name))
    }

    fn addressee(&self, fields: &Fields) -> String {
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        match self.form.addressee {
            Addressee::Guardian => match field("guardian") {
                "" | UNKNOWN_GUARDIAN => format!("{}的监护人", field("child")),
                guardian => format!("{guardian}({}的监护人)", field("child")),
            },
            Addressee::County => format!("{}教育局", field("county")),
            Addressee::Named => self.message.addressee.trim().to_owned(),
        }
    }

    /// The visits since the case was last confirmed, a line each.
    async fn visit_list(&self) -> Result<String, KernelError> {
        let visits = cases::visits_of(&**self.tx, self.case.id).await?;
        let count = usize::try_from(self.case.visits).unwrap_or_default();
        let of_round = visits.get(visits.len().saturating_sub(count)..);
        let mut lines = Vec::new();
        for (number, visit) in of_round.unwrap_or_default().iter().enumerate() {
            let said = VisitContent::of(self.scene.keys, visit.id, &visit.personal)?;
            lines.push(format!(
                "{}.{},{},劝返人员:{},结果:{}。",
                number + 1,
                written(visit.date),
                label::by_number("junheng.registration.v1.DropoutVisit.Method", visit.method),
                said.people.join("、"),
                label::by_number(
                    "junheng.registration.v1.DropoutVisit.Outcome",
                    visit.outcome
                ),
            ));
        }
        Ok(lines.join("\n"))
    }

    async fn fields(
        &self,
        before: &[dropout_notice::Model],
        basis: &str,
    ) -> Result<Fields, DropoutNoticeError> {
        let case = &self.case;
        let subject = subject_of(case);
        let children = child::children(&**self.tx, self.scene.keys, subject.as_slice()).await?;
        let nobody = Child::default();
        let child = subject
            .and_then(|subject| children.get(&subject))
            .unwrap_or(&nobody);
        let school = match case.school {
            Some(id) => schools::in_directory(&**self.tx, id).await?,
            None => None,
        };
        let or = |text: &str, otherwise: &str| {
            let text = if text.is_empty() { otherwise } else { text };
            text.to_owned()
        };
        let date = |day: Option<NaiveDate>| day.map_or_else(|| "(日期不详)".to_owned(), written);
        let number_of = |kind: Kind| -> Result<(String, String), KernelError> {
            let Some(row) = self.resting(before, kind) else {
                return Ok((String::new(), String::new()));
            };
            let printed = Printed::of(self.scene.keys, row)?;
            Ok((printed.number, printed.date))
        };
        let (order_number, order_date) = number_of(Kind::Order)?;
        let (decision_number, _) = number_of(Kind::PenaltyDecision)?;
        let reason = Reason::try_from(case.reason).unwrap_or_default();
        let stage = label::of(Stage::try_from(case.stage).unwrap_or_default());
        let grade = match case.grade {
            0 => String::new(),
            grade => format!("{stage}{grade}年级"),
        };
        let hearing = self
            .scene
            .number("dropout.hearing_working_days", &case.region)?;
        let days = match &self.form.comply {
            Some(rule) => self.scene.number(rule, &case.region)?.to_string(),
            None => String::new(),
        };
        let school = school.map_or_else(String::new, |school| school.display_name);
        Ok(Fields::from([
            ("child", or(&child.display_name, "该儿童")),
            ("child_number", or(&child.student_number, "尚无学籍")),
            ("school", or(&school, "(尚未安排学校)")),
            ("grade", grade),
            ("county", self.county_name()),
            (
                "guardian",
                or(&child.guardian_display_name, UNKNOWN_GUARDIAN),
            ),
            ("away", away(case.last_day, case.found_date)),
            ("visit_list", self.visit_list().await?),
            ("confirmed_date", date(case.confirmed_date)),
            ("reason", or(label::of(reason), "待查")),
            ("visits", case.visits.to_string()),
            ("detail", self.message.detail.trim().to_owned()),
            ("days", days),
            ("hearing_days", hearing.to_string()),
            ("fine", yuan(self.message.fine_fen)),
            ("penalty_basis", basis.to_owned()),
            ("order_number", order_number),
            ("order_date", order_date),
            ("decision_number", decision_number),
        ]))
    }
}

/// Since when a child is away, as far as anybody knows: from the day after the last one at school, or found away on a day.
fn away(last_day: Option<NaiveDate>, found: NaiveDate) -> String {
    match last_day {
        Some(last) => format!("自{}后未到校", written(last)),
        None => format!("于{}被发现未到校", written(found)),
    }
}

/// No fine above one that a notice told of; 0 where it told of none.
fn check_told(fine_fen: i64, told_fen: i64, notice: String) -> Result<(), DropoutNoticeError> {
    if told_fen > 0 && fine_fen > told_fen {
        return Err(DropoutNoticeError::FineAboveNotice {
            most_fen: told_fen,
            notice,
        });
    }
    Ok(())
}

/// `2026年4月1日`.
fn written(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// Fen as yuan: `500元`, `0.50元`.
fn yuan(fen: i64) -> String {
    match fen % 100 {
        0 => format!("{}元", fen / 100),
        rest => format!("{}.{rest:02}元", fen / 100),
    }
}

#[cfg(test)]
mod tests {
    use junheng_kernel::fault::Fault as _;
    use junheng_proto::error::v1::Reason;

    use super::*;

    #[test]
    fn a_fine_is_at_most_the_one_that_was_told_of() {
        let told = |fine: i64, told: i64| check_told(fine, told, "城中控辍〔2026〕2号".into());
        assert!(told(50_000, 50_000).is_ok());
        assert!(told(0, 50_000).is_ok() && told(50_000, 0).is_ok());
        let refused = told(50_001, 50_000).unwrap_err();
        assert_eq!(refused.reason(), Reason::FineAboveNotice);
    }

    #[test]
    fn money_and_days_are_written_as_in_official_papers() {
        assert_eq!(yuan(50_000), "500元");
        assert_eq!(yuan(50), "0.50元");
        let day = NaiveDate::from_ymd_opt(2026, 4, 1).unwrap();
        assert_eq!(written(day), "2026年4月1日");
    }

    #[test]
    fn the_last_day_at_school_is_none_of_those_missed() {
        let day = |number| NaiveDate::from_ymd_opt(2026, 4, number).unwrap();
        assert_eq!(away(Some(day(1)), day(9)), "自2026年4月1日后未到校");
        assert_eq!(away(None, day(9)), "于2026年4月9日被发现未到校");
    }
}
