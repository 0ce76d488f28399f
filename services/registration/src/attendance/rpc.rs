//! The gRPC face of attendance: decode, call, encode.

use chrono::{Days, NaiveDate};
use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::ImportResult;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Violation, into_status};
use junheng_kernel::journal::Entry;
use junheng_kernel::name::{Parent, id_of};
use junheng_kernel::page::Page;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::attendance_service_server::AttendanceService;
use junheng_proto::registration::v1::{
    AttendanceSheet, GetAttendanceSheetRequest, ImportAttendanceRequest, ListAbsencesRequest,
    ListAbsencesResponse, ListAttendanceSheetsRequest, ListAttendanceSheetsResponse,
    ListMissingSheetsRequest, ListMissingSheetsResponse, MarkAttendanceRequest,
};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::encode::{encode, encode_absence, name_of};
use super::error::AttendanceError;
use super::{days, import, mark, store};
use crate::entity::{absence, attendance_sheet, school_class};
use crate::school::parent::{self, PlacedParent};

/// Days that one list of absences spans at most.
const MOST_DAYS: u64 = 31;

/// Serves attendance.
pub struct Rpc {
    /// The service.
    pub context: Context,
}

#[tonic::async_trait]
impl AttendanceService for Rpc {
    async fn mark_attendance(
        &self,
        request: Request<MarkAttendanceRequest>,
    ) -> Result<Response<AttendanceSheet>, Status> {
        let caller = Caller::of(&request).map_err(into_status)?;
        let marked = mark::run(&self.context, caller, request.into_inner()).await;
        marked.map(Response::new).map_err(into_status)
    }

    async fn get_attendance_sheet(
        &self,
        request: Request<GetAttendanceSheetRequest>,
    ) -> Result<Response<AttendanceSheet>, Status> {
        let answer = self.get(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_attendance_sheets(
        &self,
        request: Request<ListAttendanceSheetsRequest>,
    ) -> Result<Response<ListAttendanceSheetsResponse>, Status> {
        let answer = self.sheets(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_missing_sheets(
        &self,
        request: Request<ListMissingSheetsRequest>,
    ) -> Result<Response<ListMissingSheetsResponse>, Status> {
        let answer = self.missing(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn list_absences(
        &self,
        request: Request<ListAbsencesRequest>,
    ) -> Result<Response<ListAbsencesResponse>, Status> {
        let answer = self.absences(request).await;
        answer.map(Response::new).map_err(into_status)
    }

    async fn import_attendance(
        &self,
        request: Request<Streaming<ImportAttendanceRequest>>,
    ) -> Result<Response<ImportResult>, Status> {
        let result = import::run(&self.context, request).await;
        result.map(Response::new).map_err(into_status)
    }
}

// === impl Rpc ===

impl Rpc {
    async fn get(
        &self,
        request: Request<GetAttendanceSheetRequest>,
    ) -> Result<AttendanceSheet, AttendanceError> {
        let caller = Caller::of(&request)?;
        let id = id_of("attendanceSheets", &request.into_inner().name)?;
        let store = &self.context.store;
        let sheet =
            resource::get::<attendance_sheet::Entity>(store.reader(), &caller.scope, id).await?;
        let mut opened = store::opened(store.reader(), vec![sheet]).await?;
        let Some((sheet, called)) = opened.pop() else {
            return Err(KernelError::not_found(format!("attendanceSheets/{id}")).into());
        };
        let (place, school) = (sheet.place, Some(sheet.school));
        let entry = Entry::about(name_of(&sheet), place, school, DataClass::Sensitive);
        store.record_read(&caller, entry).await?;
        Ok(encode(&sheet, &called, true))
    }

    async fn placed(&self, caller: &Caller, parent: &str) -> Result<PlacedParent, KernelError> {
        let (reader, regions) = (self.context.store.reader(), &self.context.regions);
        parent::placed(reader, caller, regions, "parent", parent).await
    }

    async fn sheets(
        &self,
        request: Request<ListAttendanceSheetsRequest>,
    ) -> Result<ListAttendanceSheetsResponse, AttendanceError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let placed = self.placed(&caller, &message.parent).await?;
        let date = day("date", &message.date)?;
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent, &message.date],
        )?;
        let store = &self.context.store;
        let only = store::of_day(date);
        let (sheets, next_page_token) = resource::list_only::<attendance_sheet::Entity>(
            store.reader(),
            &caller.scope,
            &placed.parent,
            only,
            &page,
        )
        .await?;
        let opened = store::opened(store.reader(), sheets).await?;
        store
            .record_read(&caller, about(&message.parent, &placed))
            .await?;
        Ok(ListAttendanceSheetsResponse {
            attendance_sheets: opened
                .iter()
                .map(|(sheet, called)| encode(sheet, called, false))
                .collect(),
            next_page_token,
        })
    }

    async fn missing(
        &self,
        request: Request<ListMissingSheetsRequest>,
    ) -> Result<ListMissingSheetsResponse, AttendanceError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let placed = self.placed(&caller, &message.parent).await?;
        let date = day("date", &message.date)?;
        days::check_taught(&self.context, placed.place, date)?;
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &[&message.parent, &message.date],
        )?;
        let (classes, next_page_token) = resource::list_only::<school_class::Entity>(
            self.context.store.reader(),
            &caller.scope,
            &placed.parent,
            store::missing(date),
            &page,
        )
        .await?;
        let encode = crate::school_class::rpc::encode;
        Ok(ListMissingSheetsResponse {
            school_classes: classes.iter().map(encode).collect(),
            next_page_token,
        })
    }

    async fn absences(
        &self,
        request: Request<ListAbsencesRequest>,
    ) -> Result<ListAbsencesResponse, AttendanceError> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let placed = self.placed(&caller, &message.parent).await?;
        let fields = [
            &message.parent,
            &message.student,
            &message.begin_date,
            &message.end_date,
        ];
        let page = Page::of(
            &caller.method,
            message.page_size,
            &message.page_token,
            &fields.map(String::as_str),
        )?;
        let asked = Asked {
            context: &self.context,
            caller: &caller,
            parent: &placed.parent,
            page: &page,
        };
        let (rows, next_page_token) = if message.student.is_empty() {
            let begin = day("begin_date", &message.begin_date)?;
            let end = day("end_date", &message.end_date)?;
            asked.of_days(begin, end).await?
        } else {
            let student = id_of("students", &message.student)?;
            let some = |field, text: &str| match text {
                "" => Ok(None),
                text => day(field, text).map(Some),
            };
            let days = (
                some("begin_date", &message.begin_date)?,
                some("end_date", &message.end_date)?,
            );
            asked.of_student(student, days).await?
        };
        self.context
            .store
            .record_read(&caller, about(&message.parent, &placed))
            .await?;
        Ok(ListAbsencesResponse {
            absences: rows.iter().map(encode_absence).collect(),
            next_page_token,
        })
    }
}

/// A list of absences.
struct Asked<'a> {
    context: &'a Context,
    caller: &'a Caller,
    parent: &'a Parent,
    page: &'a Page,
}

type Listed = (Vec<absence::Model>, String);

// === impl Asked ===

impl Asked<'_> {
    /// Day by day, within a day by place and pupil: each day is a piece of an index.
    async fn of_days(&self, begin: NaiveDate, end: NaiveDate) -> Result<Listed, AttendanceError> {
        let last = begin.checked_add_days(Days::new(MOST_DAYS - 1));
        if end < begin || last.is_none_or(|last| end > last) {
            return Err(KernelError::Fields(vec![Violation::invalid(
                "end_date",
                format!("must lie within {MOST_DAYS} days from begin_date"),
                format!("应在起始日起{MOST_DAYS}天之内"),
            )])
            .into());
        }
        let after = self.page.after::<Position>()?;
        let mut rows = Vec::new();
        let from = after.map_or(begin, |after| after.date);
        for date in from.iter_days().take_while(|date| *date <= end) {
            let wanted = self.page.limit().saturating_sub(rows.len() as u64);
            if wanted == 0 {
                break;
            }
            let behind = after.filter(|after| after.date == date);
            let found = store::absences_on(
                self.context.store.reader(),
                &self.caller.scope,
                self.parent,
                date,
                behind.map(|after| (after.place, after.student)),
                wanted,
            )
            .await?;
            rows.extend(found);
        }
        let position = |row: &absence::Model| format!("{}/{}/{}", row.date, row.place, row.student);
        Ok(self.page.cut(rows, position))
    }

    async fn of_student(
        &self,
        student: Uuid,
        days: (Option<NaiveDate>, Option<NaiveDate>),
    ) -> Result<Listed, AttendanceError> {
        let rows = store::absences_of_student(
            self.context.store.reader(),
            &self.caller.scope,
            self.parent,
            student,
            days,
            self.page.after::<NaiveDate>()?,
            self.page.limit(),
        )
        .await?;
        Ok(self.page.cut(rows, |row| row.date.clone()))
    }
}

/// Where an absence stands in a list by day.
#[derive(Clone, Copy)]
struct Position {
    date: NaiveDate,
    place: i64,
    student: Uuid,
}

impl std::str::FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '/');
        let mut part = || parts.next().ok_or(());
        Ok(Self {
            date: part()?.parse().map_err(drop)?,
            place: part()?.parse().map_err(drop)?,
            student: part()?.parse().map_err(drop)?,
        })
    }
}

fn day(field: &str, written: &str) -> Result<NaiveDate, KernelError> {
    days::read(field, written).map_err(|wrong| KernelError::Fields(vec![wrong]))
}

fn about(parent: &str, placed: &PlacedParent) -> Entry {
    let school = placed.parent.school();
    Entry::about(parent, placed.place, school, DataClass::Sensitive)
}
