//! The gRPC face of recognitions: decode, call, encode.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::label;
use junheng_kernel::name::id_of;
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::RequestKey;
use junheng_kernel::workflow::kept;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::group_recognition_service_server::GroupRecognitionService;
use junheng_proto::registration::v1::{
    FileGroupRecognitionRequest, GetGroupRecognitionRequest, GroupRecognition,
    ListGroupRecognitionsRequest, ListGroupRecognitionsResponse, ListUnprovenStudentsRequest,
    ListUnprovenStudentsResponse, UnprovenStudent,
};
use junheng_proto::workflow::v1::StepRequest;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::encode::{Proof, about, encode, name_of};
use super::error::RecognitionError;
use super::workflow::{ANSWER_DAYS, FILE, WORKFLOW, state_name};
use super::{rules, steps, store};
use crate::approval;
use crate::entity::group_recognition::{self, Model};
use crate::entity::student;
use crate::rule_book::RegionPath;
use crate::school::parent::{self, PlacedParent};
use crate::student::person::{self, Person};

/// Serves recognitions.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl GroupRecognitionService for Rpc {
    async fn file_group_recognition(
        &self,
        request: Request<FileGroupRecognitionRequest>,
    ) -> Result<Response<GroupRecognition>, Status> {
        let answer = self.file(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn get_group_recognition(
        &self,
        request: Request<GetGroupRecognitionRequest>,
    ) -> Result<Response<GroupRecognition>, Status> {
        let answer = self.get(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_group_recognitions(
        &self,
        request: Request<ListGroupRecognitionsRequest>,
    ) -> Result<Response<ListGroupRecognitionsResponse>, Status> {
        let answer = self.list(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn confirm_group_recognition(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<GroupRecognition>, Status> {
        self.take("ConfirmGroupRecognition", request).await
    }

    async fn refuse_group_recognition(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<GroupRecognition>, Status> {
        self.take("RefuseGroupRecognition", request).await
    }

    async fn withdraw_group_recognition(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<GroupRecognition>, Status> {
        self.take("WithdrawGroupRecognition", request).await
    }

    async fn expire_group_recognition(
        &self,
        request: Request<StepRequest>,
    ) -> Result<Response<GroupRecognition>, Status> {
        self.take("ExpireGroupRecognition", request).await
    }

    async fn list_unproven_students(
        &self,
        request: Request<ListUnprovenStudentsRequest>,
    ) -> Result<Response<ListUnprovenStudentsResponse>, Status> {
        let answer = self.unproven(request).await;
        answer.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn take(
        &self,
        step: &'static str,
        request: Request<StepRequest>,
    ) -> Result<Response<GroupRecognition>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let answer = steps::take(&self.context, caller, step, request.into_inner()).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn file(
        &self,
        request: Request<FileGroupRecognitionRequest>,
    ) -> Result<GroupRecognition, RecognitionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let key = RequestKey::of(&message.request_id, &message)?;
        let id = id_of("students", &message.student)?;
        let store = &self.context.store;
        // Who is outside the scope does not exist, whatever else is wrong.
        resource::get::<student::Entity>(store.reader(), &caller.scope, id).await?;
        let given = message
            .group_recognition
            .ok_or_else(|| KernelError::Fields(vec![Violation::required("group_recognition")]))?;
        let today = self.context.clock.today();
        KernelError::unless_empty(rules::check(&given, today))?;
        let (context, scope) = (self.context.clone(), caller.scope.clone());
        store
            .write(&caller, key, move |tx| async move {
                let student = parent::held::<student::Entity>(&*tx, &scope, id).await?;
                let live = store::live(&*tx, [id]).await?;
                if let Some(other) = live.iter().find(|row| row.kind == given.group) {
                    return Err(taken(other));
                }
                let row = fresh(&context, &student, &given)?;
                let keys = &context.store.keys;
                let answer = encode(keys, &row)?;
                let entry = about(&row)
                    .change(None, &answer)
                    .step(FILE, "", state_name(WORKFLOW.start))
                    .evidence(&kept(&given.evidence));
                store::insert(&*tx, row).await?;
                Ok((answer, entry))
            })
            .await
    }

    async fn get(
        &self,
        request: Request<GetGroupRecognitionRequest>,
    ) -> Result<GroupRecognition, RecognitionError> {
        let caller = Caller::of(&request)?;
        let id = id_of("groupRecognitions", &request.into_inner().name)?;
        let store = &self.context.store;
        let row =
            resource::get::<group_recognition::Entity>(store.reader(), &caller.scope, id).await?;
        store.record_read(&caller, about(&row)).await?;
        Ok(encode(&store.keys, &row)?)
    }

    async fn list(
        &self,
        request: Request<ListGroupRecognitionsRequest>,
    ) -> Result<ListGroupRecognitionsResponse, RecognitionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let store = &self.context.store;
        let PlacedParent { parent, place } = self.placed(&caller, &message.parent).await?;
        let names = [
            ("group", "Group", message.group),
            ("state", "State", message.state),
        ];
        let wrong = names.iter().filter(|(_, _, number)| *number != 0);
        let wrong = wrong.filter_map(|(field, short, number)| {
            let full_name = format!("junheng.registration.v1.GroupRecognition.{short}");
            label::check(field, &full_name, *number)
        });
        KernelError::unless_empty(wrong.collect())?;
        let student = match message.student.as_str() {
            "" => None,
            name => Some(id_of("students", name)?),
        };
        let (group, state) = (message.group.to_string(), message.state.to_string());
        let fields = [
            message.parent.as_str(),
            message.student.as_str(),
            group.as_str(),
            state.as_str(),
        ];
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &fields)?;
        let only = store::only(student, message.group, message.state);
        let (rows, next_page_token) = resource::list_only::<group_recognition::Entity>(
            store.reader(),
            &caller.scope,
            &parent,
            only,
            &page,
        )
        .await?;
        let school = parent.school();
        let entry = Entry::about(&message.parent, place, school, DataClass::Sensitive);
        store.record_read(&caller, entry).await?;
        let encode = |row| encode(&store.keys, row);
        Ok(ListGroupRecognitionsResponse {
            group_recognitions: rows
                .iter()
                .map(encode)
                .collect::<Result<_, KernelError>>()?,
            next_page_token,
        })
    }

    async fn unproven(
        &self,
        request: Request<ListUnprovenStudentsRequest>,
    ) -> Result<ListUnprovenStudentsResponse, RecognitionError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let store = &self.context.store;
        let PlacedParent { parent, place } = self.placed(&caller, &message.parent).await?;
        let (size, token) = (message.page_size, &message.page_token);
        let page = Page::of(&caller.method, size, token, &[&message.parent])?;
        let (rows, next_page_token) = resource::list_only::<student::Entity>(
            store.reader(),
            &caller.scope,
            &parent,
            store::unproven(),
            &page,
        )
        .await?;
        let ids = rows.iter().map(|row| row.id);
        let proven = store::recognised(store.reader(), ids).await?;
        let school = parent.school();
        let entry = Entry::about(&message.parent, place, school, DataClass::Sensitive);
        store.record_read(&caller, entry).await?;
        let told = |row: &student::Model| {
            let recognised = proven.get(&row.id).map_or(&[][..], Vec::as_slice);
            Ok(UnprovenStudent {
                student: Some(person::encode(&store.keys, row)?),
                groups: rules::unproven(row, recognised),
            })
        };
        Ok(ListUnprovenStudentsResponse {
            unproven_students: rows.iter().map(told).collect::<Result<_, KernelError>>()?,
            next_page_token,
        })
    }

    async fn placed(&self, caller: &Caller, value: &str) -> Result<PlacedParent, KernelError> {
        let reader = self.context.store.reader();
        parent::placed(reader, caller, &self.context.regions, "parent", value).await
    }
}

fn taken(other: &Model) -> RecognitionError {
    let full_name = "junheng.registration.v1.GroupRecognition.Group";
    RecognitionError::Recognised {
        name: name_of(other),
        group: label::by_number(full_name, other.kind),
    }
}

/// A new row of a recognition that has passed the rules of its form; those of this child are judged here.
fn fresh(
    context: &Context,
    student: &student::Model,
    given: &GroupRecognition,
) -> Result<Model, KernelError> {
    let region = approval::region_of(student.place);
    let path = RegionPath::of(&context.regions, &region);
    let born = Person::of(&context.store.keys, student)?.birth_date;
    let today = context.clock.today();
    KernelError::unless_empty(rules::check_for(given, &born, &path, today)?)?;
    let due = WORKFLOW.due(context, ANSWER_DAYS, &region)?;
    let id = Uuid::now_v7();
    let proof = Proof {
        certificate_number: given.certificate_number.clone(),
        evidence: given.evidence.clone(),
    };
    Ok(Model {
        id,
        student: student.id,
        school: student.school,
        place: student.place,
        state: WORKFLOW.start as i32,
        kind: given.group,
        hardship_level: given.hardship_level,
        disability: given.disability,
        disability_grade: given.disability_grade,
        placement: given.placement,
        personal: proof.seal(&context.store.keys, id)?,
        valid_from: given.valid_from.clone(),
        valid_until: given.valid_until.clone(),
        due_date: due.date.to_string(),
        due_provisional: due.provisional,
        create_micros: context.clock.now_micros(),
        version: 1,
    })
}
