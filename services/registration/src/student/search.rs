//! Finds students by name, student number or identity number.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::identity_number::date_of;
use junheng_kernel::journal::Entry;
use junheng_kernel::page::Page;
use junheng_kernel::privacy::BlindIndex;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_proto::options::v1::DataClass;
use junheng_proto::registration::v1::search_students_request::Key;
use junheng_proto::registration::v1::{SearchStudentsRequest, SearchStudentsResponse, Student};
use sea_orm::{ColumnTrait as _, Condition};
use tonic::Request;
use uuid::Uuid;

use super::error::StudentError;
use super::{document, name_key, number, person};
use crate::entity::student::{Column, Entity, Model};
use crate::school::parent::{self, PlacedParent};

/// The students that are looked for, page by page.
pub(super) async fn run(
    context: &Context,
    request: Request<SearchStudentsRequest>,
) -> Result<SearchStudentsResponse, StudentError> {
    let caller = Caller::of(&request)?;
    let message = request.into_inner();
    let (store, regions) = (&context.store, &context.regions);
    let reader = store.reader();
    let PlacedParent { parent, place } =
        parent::placed(reader, &caller, regions, "parent", &message.parent).await?;
    let key = key_of(message.key)?;
    let birth_date = message.birth_date;
    if !birth_date.is_empty() && date_of(&birth_date).is_none() {
        return Err(KernelError::Fields(vec![Violation::invalid(
            "birth_date",
            "must be a date written YYYY-MM-DD",
            "应为YYYY-MM-DD格式的日期",
        )])
        .into());
    }
    let fields = [message.parent.as_str(), text_of(&key), &birth_date];
    let (size, token) = (message.page_size, &message.page_token);
    let page = Page::of(&caller.method, size, token, &fields)?;
    let index = document::index_of(&store.keys)?;
    let mut only = condition(index, &key);
    if let Key::StudentNumber(written) = &key {
        let hash = document::number_hash(index, &number::normalize(written));
        let holders = number::store::holders(reader, &[hash]).await?;
        only = Condition::all().add(Column::Id.is_in(holders.into_values().collect::<Vec<Uuid>>()));
    }
    if !birth_date.is_empty() {
        only = only.add(Column::BirthMonth.eq(person::birth_month(&birth_date)));
    }
    let (rows, next_page_token) =
        resource::list_only::<Entity>(reader, &caller.scope, &parent, only, &page).await?;
    let entry = Entry::about(
        &message.parent,
        place,
        parent.school(),
        DataClass::Sensitive,
    );
    store.record_read(&caller, entry).await?;
    let encode = |row: &Model| person::encode(&store.keys, row);
    let found: Vec<Student> = rows.iter().map(encode).collect::<Result<_, _>>()?;
    let is_meant = |student: &Student| {
        let born = birth_date.is_empty() || student.birth_date == birth_date;
        // Two names can share a key.
        let named = match &key {
            Key::DisplayName(written) => name_key::matches(&student.display_name, written),
            _ => true,
        };
        born && named
    };
    Ok(SearchStudentsResponse {
        students: found.into_iter().filter(is_meant).collect(),
        next_page_token,
    })
}

/// What is looked for. Fails with `FIELD_REQUIRED` when it is nothing.
fn key_of(key: Option<Key>) -> Result<Key, KernelError> {
    let field = match &key {
        None => Some("display_name"),
        Some(Key::DisplayName(name)) => name_key::normalize(name)
            .is_empty()
            .then_some("display_name"),
        Some(Key::StudentNumber(number)) => number::normalize(number)
            .is_empty()
            .then_some("student_number"),
        Some(Key::IdentityNumber(number)) => document::normalize(number)
            .is_empty()
            .then_some("identity_number"),
    };
    match (field, key) {
        (None, Some(key)) => Ok(key),
        (field, _) => Err(KernelError::Fields(vec![Violation::required(
            field.unwrap_or("display_name"),
        )])),
    }
}

fn text_of(key: &Key) -> &str {
    match key {
        Key::DisplayName(text) | Key::StudentNumber(text) | Key::IdentityNumber(text) => text,
    }
}

fn condition(index: &BlindIndex, key: &Key) -> Condition {
    match key {
        Key::DisplayName(name) => Condition::all().add(
            Condition::any()
                .add(Column::NameKey.eq(name_key::of(index, name)))
                .add(Column::NamePartKey.eq(name_key::of_part(index, name))),
        ),
        Key::IdentityNumber(written) => {
            let hashes = document::hashes_of_number(index, &document::normalize(written));
            Condition::all().add(Column::IdentityHash.is_in(hashes))
        }
        // Looked up by the caller, because numbers of the past stand in another table.
        Key::StudentNumber(_) => Condition::all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_look_for_is_refused() {
        assert!(key_of(None).is_err());
        assert!(key_of(Some(Key::DisplayName(" · ".into()))).is_err());
        assert!(key_of(Some(Key::IdentityNumber(" ".into()))).is_err());
        assert!(key_of(Some(Key::StudentNumber("G1".into()))).is_ok());
    }
}
