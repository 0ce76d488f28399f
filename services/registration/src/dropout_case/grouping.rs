//! Marks open cases whose child belongs to a group to watch (重点关注群体), as another department's list says.

use junheng_kernel::error::KernelError;
use junheng_kernel::journal::record;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store::replace_all;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::dropout_case::Group;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::child::{self, Subject, bit};
use super::encode::{encode, name_of};
use super::opening::{Scene, subject_of};
use super::store;
use crate::entity::dropout_case::{Column, Entity, Model};

/// Open cases behind `after`, at most so many in the order of their ids, held until the transaction ends; and the last of
/// these ids, None behind the last case.
pub(crate) async fn hold_page(
    database: &impl ConnectionTrait,
    after: Uuid,
    most: u64,
) -> Result<(Vec<Model>, Option<Uuid>), DbErr> {
    let everywhere = Scope::everything("a list says it of whoever has a case");
    let page: Vec<(Uuid, Option<Uuid>)> = Entity::visible_to(&everywhere)
        .select_only()
        .columns([Column::Id, Column::OpenSubject])
        .filter(Column::OpenSubject.is_not_null())
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(most)
        .into_tuple()
        .all(database)
        .await?;
    let subjects: Vec<Uuid> = page.iter().filter_map(|(_, subject)| *subject).collect();
    // Held in the order in which everybody holds cases, which is not that of the pages.
    let cases = store::hold_open(database, &subjects).await?;
    Ok((
        cases.into_values().collect(),
        page.last().map(|(id, _)| *id),
    ))
}

/// Marks those of the cases that are not marked; gives what the journal keeps of it.
pub(crate) async fn mark(
    database: &impl ConnectionTrait,
    scene: &Scene<'_>,
    cases: Vec<Model>,
    group: Group,
) -> Result<Vec<Record>, KernelError> {
    let bit = bit(group);
    let cases: Vec<Model> = cases
        .into_iter()
        .filter(|case| case.groups & bit == 0)
        .collect();
    let subjects: Vec<Subject> = cases.iter().filter_map(subject_of).collect();
    let children = child::children(database, scene.keys, &subjects).await?;
    let (mut changed, mut records) = (Vec::new(), Vec::new());
    for case in cases {
        let child = subject_of(&case).and_then(|subject| children.get(&subject));
        let before = encode(scene.keys, &case, child, &[], scene.today)?;
        let mut after = case;
        after.groups |= bit;
        after.version += 1;
        after.update_micros = scene.now_micros;
        let shown = encode(scene.keys, &after, child, &[], scene.today)?;
        let (name, place) = (name_of(&after), after.place);
        records.push(record(
            &name,
            place,
            after.school,
            Some(&before),
            &shown,
            true,
        ));
        changed.push(after);
    }
    replace_all::<Entity>(database, changed).await?;
    Ok(records)
}
