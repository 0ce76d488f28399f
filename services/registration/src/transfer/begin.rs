//! Begins a transfer: who moves, from where, and which way.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::post::Level;
use junheng_kernel::region::RegionLevel;
use junheng_kernel::scope::Scope;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::workflow::kept;
use junheng_proto::registration::v1::student::State as StudentState;
use junheng_proto::registration::v1::transfer::Route;
use junheng_proto::registration::v1::{CreateTransferRequest, Transfer, TransferApplicant};
use uuid::Uuid;

use super::encode::{Application, about, encode};
use super::error::TransferError;
use super::workflow::{CREATE, STEP_DAYS, State, state_name, table_of};
use super::{facts, rules, store};
use crate::entity::student;
use crate::entity::transfer::Model;
use crate::school::parent::{self, PlacedParent};
use crate::school::store as schools;
use crate::school_class::store as classes;
use crate::student::error::StudentError;
use crate::student::person::Person;
use crate::student::rules::{self as students, Draft};
use crate::student::standing::may_move;
use crate::student::store as students_store;
use crate::student::whereabouts::registered;
use crate::student::{document, name_key, number};
use crate::tally::read::COUNTY;

/// Begins a transfer and answers with it.
pub(super) async fn begin(
    context: &Context,
    caller: Caller,
    message: CreateTransferRequest,
) -> Result<Transfer, TransferError> {
    let key = RequestKey::of(&message.request_id, &message)?;
    let reader = context.store.reader();
    let PlacedParent { parent, place } =
        parent::placed(reader, &caller, &context.regions, "parent", &message.parent).await?;
    let mut wrong = rules::check(&message, parent.school().is_some());
    wrong.extend(check_parent(context, &caller, &parent));
    wrong.extend(check_outside(context, &message, place));
    KernelError::unless_empty(wrong)?;
    let (context, registrar) = (context.clone(), caller.clone());
    let store = context.store.clone();
    store
        .write(&caller, key, move |tx| async move {
            let begun = Begin {
                tx: &tx,
                context: &context,
                caller: &registrar,
                message: &message,
                receiving: parent.school(),
            };
            let transfer = begun.transfer().await?;
            if !store::insert(&*tx, &transfer).await? {
                let name = transfer
                    .student
                    .map_or_else(|| "students/-".to_owned(), |id| format!("students/{id}"));
                return Err(TransferError::UnderWay { name });
            }
            let answer = encode(&context, &transfer)?;
            let entry = about(&transfer)
                .change(None, &answer)
                .step(CREATE, "", state_name(State::Applied))
                .evidence(&kept(&message.evidence));
            Ok((answer, entry))
        })
        .await
}

/// An application as it is taken in.
struct Begin<'a> {
    tx: &'a Tx,
    context: &'a Context,
    caller: &'a Caller,
    message: &'a CreateTransferRequest,
    /// None for a pupil who leaves the province.
    receiving: Option<Uuid>,
}

// === impl Begin ===

impl Begin<'_> {
    async fn transfer(&self) -> Result<Model, TransferError> {
        let tx = &**self.tx;
        let now = self.context.clock.now_micros();
        let mut transfer = Model {
            id: Uuid::now_v7(),
            route: Route::ToOutside as i32,
            state: State::Applied as i32,
            student: None,
            open_key: None,
            receiving_school: None,
            receiving_place: None,
            receiving_region: String::new(),
            receiving_class: None,
            sending_school: None,
            sending_place: None,
            sending_region: String::new(),
            personal: Vec::new(),
            due_date: String::new(),
            due_provisional: false,
            create_micros: now,
            update_micros: now,
            version: 1,
        };
        let outside = !self.message.outside_school.is_empty();
        let comes_from_outside = outside && self.receiving.is_some();
        let found = match comes_from_outside {
            true => None,
            false => self.matching().await?,
        };
        // Both schools at once, as the order of their codes has it, before anything is read for good.
        let sending = found.as_ref().map(|student| student.school);
        parent::hold_places(tx, self.receiving.into_iter().chain(sending)).await?;
        let mut class = None;
        if let Some(id) = self.receiving {
            let school = schools::in_directory(tx, id).await?.ok_or_else(gone)?;
            parent::check_open(&school)?;
            let named = self.message.receiving_class.as_str();
            let unknown = || StudentError::ClassUnknown {
                class: named.to_owned(),
            };
            let wanted = id_of("classes", named).map_err(|_| unknown())?;
            class = classes::find_in(tx, id, wanted).await?;
            let found = class.as_ref().ok_or_else(unknown)?;
            transfer.receiving_class = Some(found.id);
            transfer.receiving_school = Some(id);
            transfer.receiving_place = Some(school.place);
            transfer.receiving_region = school.region;
        }
        let student = if comes_from_outside {
            transfer.route = Route::FromOutside as i32;
            self.newcomer(&mut transfer).await?
        } else {
            Some(self.standing(&mut transfer, found, outside).await?)
        };
        let rule = facts::blocked(
            tx,
            self.context,
            &transfer,
            student.as_ref(),
            class.as_ref(),
        );
        if let Some(blocked) = rule.await? {
            return Err(TransferError::Blocked(blocked));
        }
        let due = table_of(transfer.route).due(self.context, STEP_DAYS, transfer.rules_region())?;
        transfer.due_date = due.date.to_string();
        transfer.due_provisional = due.provisional;
        Ok(transfer)
    }

    /// A pupil from another province, who has no record here, or one that has ended by a transfer out.
    async fn newcomer(
        &self,
        transfer: &mut Model,
    ) -> Result<Option<student::Model>, TransferError> {
        let tx = &**self.tx;
        let keys = &self.context.store.keys;
        let draft = draft_of(self.applicant());
        let wrong = students::check(&draft, self.context.clock.today());
        identity_number::refuse(wrong, &draft.identity_number)?;
        let school = self.receiving.unwrap_or_default();
        let hash = document::hash(document::index_of(keys)?, &draft, school);
        let known = store::student_by(tx, student::Column::IdentityHash, &hash).await?;
        let former = students_store::former_holders(tx, &[&hash]).await?;
        if let Some(holder) = former.get(&hash) {
            return Err(registered(tx, self.caller, holder).await?.into());
        }
        if let Some(known) = &known
            && known.state != StudentState::TransferredOut as i32
        {
            return Err(registered(tx, self.caller, known).await?.into());
        }
        // Found here, and not when the file is on its way.
        let stated = &draft.student_number;
        match &known {
            Some(known) => {
                number::returned::taken_over(tx, keys, known, stated).await?;
            }
            None => number::refuse_foreign(tx, keys, stated, &hash).await?,
        }
        transfer.student = known.as_ref().map(|student| student.id);
        transfer.open_key = Some(hash);
        self.seal(transfer, draft)?;
        Ok(known)
    }

    /// A pupil with a record here, whose school is held.
    async fn standing(
        &self,
        transfer: &mut Model,
        found: Option<student::Model>,
        leaves: bool,
    ) -> Result<student::Model, TransferError> {
        let tx = &**self.tx;
        let found = found.ok_or(TransferError::NotMatched)?;
        let all = Scope::everything("number, name and date of birth agree with the record");
        let student = students_store::hold_one(tx, &all, found.id).await?;
        if student.version != found.version {
            // It changed in this moment: it may be another school's, and is matched anew.
            return Err(KernelError::WriteConflict.into());
        }
        let school = schools::in_directory(tx, student.school)
            .await?
            .ok_or_else(gone)?;
        if self.receiving == Some(student.school) {
            return Err(TransferError::NotBySender {
                school: school.display_name,
            });
        }
        if !may_move(student.state) {
            return Err(TransferError::State {
                state: rules::state_label(student.state),
            });
        }
        if !leaves {
            transfer.route =
                rules::route_between(&transfer.receiving_region, &school.region) as i32;
        }
        transfer.student = Some(student.id);
        transfer.open_key = Some(student.id.as_bytes().to_vec());
        transfer.sending_school = Some(school.id);
        transfer.sending_place = Some(school.place);
        transfer.sending_region = school.region;
        let stands = Person::of(&self.context.store.keys, &student)?;
        let draft = Draft {
            display_name: stands.display_name,
            identity_type: student.identity_type,
            identity_number: stands.identity_number,
            sex: student.sex,
            birth_date: stands.birth_date,
            ethnicity: student.ethnicity.clone(),
            student_number: stands.student_number,
        };
        self.seal(transfer, draft)?;
        Ok(student)
    }

    /// The record with which number, name and date of birth all agree.
    async fn matching(&self) -> Result<Option<student::Model>, TransferError> {
        let keys = &self.context.store.keys;
        let index = document::index_of(keys)?;
        let draft = draft_of(self.applicant());
        let (column, hash) = if draft.student_number.is_empty() {
            let hash = document::hash(index, &draft, Uuid::nil());
            (student::Column::IdentityHash, hash)
        } else {
            let hash = document::number_hash(index, &draft.student_number);
            (student::Column::NumberHash, hash)
        };
        let found = store::student_by(&**self.tx, column, &hash).await?;
        let Some(student) = found else {
            return Ok(None);
        };
        let stands = Person::of(keys, &student)?;
        let agrees = stands.birth_date == draft.birth_date
            && student.name_key == name_key::of(index, &draft.display_name);
        Ok(agrees.then_some(student))
    }

    fn applicant(&self) -> &TransferApplicant {
        static NOBODY: std::sync::LazyLock<TransferApplicant> =
            std::sync::LazyLock::new(TransferApplicant::default);
        self.message.applicant.as_ref().unwrap_or(&NOBODY)
    }

    fn seal(&self, transfer: &mut Model, draft: Draft) -> Result<(), KernelError> {
        let (message, applicant) = (self.message, self.applicant());
        let application = Application {
            display_name: draft.display_name,
            student_number: draft.student_number,
            identity_type: draft.identity_type,
            identity_number: draft.identity_number,
            sex: draft.sex,
            birth_date: draft.birth_date,
            ethnicity: draft.ethnicity,
            guardian_display_name: applicant.guardian_display_name.clone(),
            guardian_phone: applicant.guardian_phone.clone(),
            outside_school: message.outside_school.clone(),
            outside_region: message.outside_region.clone(),
            reason: message.reason.clone(),
            papers: Vec::new(),
            end_reason: String::new(),
        };
        transfer.personal = application.seal(&self.context.store.keys, transfer.id)?;
        Ok(())
    }
}

/// A school begins for itself; the province only for who leaves it.
fn check_parent(context: &Context, caller: &Caller, parent: &Parent) -> Option<Violation> {
    let is_right = match parent {
        Parent::School(_) => caller.role.level == Level::School,
        Parent::Region { code, .. } => context
            .regions
            .get(code)
            .is_some_and(|region| region.level == RegionLevel::Province),
    };
    (!is_right).then(|| {
        Violation::invalid(
            "parent",
            "must be the receiving school, whose clerk begins; or the province for who leaves it",
            "应为转入学校(由转入学校经办);转往省外的应为本省",
        )
    })
}

/// A school of another province lies in another province.
fn check_outside(
    context: &Context,
    message: &CreateTransferRequest,
    place: i64,
) -> Option<Violation> {
    if message.outside_region.is_empty() {
        return None;
    }
    let known = message
        .outside_region
        .strip_prefix("regions/")
        .and_then(|code| context.regions.require(code).ok());
    let Some(region) = known else {
        return Some(Violation::invalid(
            "outside_region",
            "must be regions/{code} of a region in force",
            "应为 regions/{现行区划代码}",
        ));
    };
    let province = |code: &str| {
        context
            .regions
            .province_of(code)
            .map(|one| one.code.clone())
    };
    let own = format!("{:06}", place / COUNTY);
    (province(&own) == province(&region.code)).then(|| {
        Violation::invalid(
            "outside_region",
            "lies in the own province; a pupil of a school of it transfers with the record that stands",
            "属于本省,省内转学请由转入学校按省内转学办理",
        )
    })
}

fn draft_of(applicant: &TransferApplicant) -> Draft {
    Draft {
        display_name: applicant.display_name.clone(),
        identity_type: applicant.identity_type,
        identity_number: document::normalize(&applicant.identity_number),
        sex: applicant.sex,
        birth_date: applicant.birth_date.clone(),
        ethnicity: applicant.ethnicity.clone(),
        student_number: document::normalize(&applicant.student_number),
    }
}

fn gone() -> KernelError {
    KernelError::Stored("a record's school is gone".into())
}
