//! Every SQL statement about class draws.

use std::collections::{HashMap, HashSet};

use junheng_kernel::error::KernelError;
use junheng_kernel::scope::{Scope, Scoped as _};
use junheng_kernel::store;
use junheng_proto::registration::v1::class_draw::State as DrawState;
use junheng_proto::registration::v1::student::{Placement, State as StudentState};
use junheng_proto::registration::v1::{ClassDraw, DrawMember};
use prost::Message as _;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _,
};
use uuid::Uuid;

use crate::entity::class_draw::{Column, Entity, Model};
use crate::entity::{school_class, student};

/// The states of a draw that has ended.
const ENDED: [i32; 2] = [DrawState::Drawn as i32, DrawState::Cancelled as i32];

/// Adds a draw, unless the grade has one of the year that stands.
pub async fn insert_missing(
    database: &impl ConnectionTrait,
    draw: Model,
) -> Result<HashSet<Uuid>, DbErr> {
    let unique = [
        Column::School,
        Column::SchoolYear,
        Column::Stage,
        Column::Grade,
        Column::CancelMicros,
    ];
    store::insert_missing::<Entity, _>(database, vec![draw], unique, |draw| draw.id).await
}

/// The draw of a grade and year that stands.
pub async fn standing(
    database: &impl ConnectionTrait,
    like: &Model,
) -> Result<Option<Model>, DbErr> {
    let judged = Scope::everything("the caller was found to cover the school");
    Entity::visible_to(&judged)
        .filter(Column::School.eq(like.school))
        .filter(Column::SchoolYear.eq(like.school_year))
        .filter(Column::Stage.eq(like.stage))
        .filter(Column::Grade.eq(like.grade))
        .filter(Column::CancelMicros.eq(0))
        .one(database)
        .await
}

/// How many draws of a school have not ended and deal out any of these classes; with none named, how many have not ended.
pub(crate) async fn running_with(
    database: &impl ConnectionTrait,
    school: Uuid,
    classes: Option<&[Uuid]>,
) -> Result<u64, KernelError> {
    let judged = Scope::everything("counted for whoever closes or splits the school");
    let draws = Entity::visible_to(&judged)
        .filter(Column::School.eq(school))
        .filter(Column::State.is_not_in(ENDED))
        .all(database)
        .await?;
    let Some(classes) = classes else {
        return Ok(draws.len() as u64);
    };
    let classes: HashSet<String> = classes.iter().map(|id| format!("classes/{id}")).collect();
    let mut found = 0;
    for draw in &draws {
        let dealt = content_of(draw)?.school_classes;
        found += u64::from(dealt.iter().any(|class| classes.contains(class)));
    }
    Ok(found)
}

/// Whom of some students a draw that has not ended has on its list, each with the draw.
pub(crate) async fn listed(
    database: &impl ConnectionTrait,
    students: &[&student::Model],
) -> Result<HashMap<Uuid, Uuid>, KernelError> {
    if students.is_empty() {
        return Ok(HashMap::new());
    }
    let schools: HashSet<Uuid> = students.iter().map(|student| student.school).collect();
    let judged = Scope::everything("the caller was found to cover the students");
    let draws = Entity::visible_to(&judged)
        .filter(Column::School.is_in(schools))
        .filter(Column::State.is_not_in(ENDED))
        .all(database)
        .await?;
    let mut listed = HashMap::new();
    for draw in draws {
        let members = content_of(&draw)?.members;
        let members: HashSet<&str> = members.iter().map(|one| one.student.as_str()).collect();
        let named = students
            .iter()
            .filter(|student| members.contains(student.id.to_string().as_str()));
        listed.extend(named.map(|student| (student.id, draw.id)));
    }
    Ok(listed)
}

/// The students of a grade who attend and are in no class; who is taught at home is none of them.
pub async fn roll(
    database: &impl ConnectionTrait,
    school: Uuid,
    stage: i32,
    grade: i32,
) -> Result<Vec<student::Model>, DbErr> {
    let judged = Scope::everything("the caller was found to cover the school");
    student::Entity::visible_to(&judged)
        .filter(student::Column::School.eq(school))
        .filter(student::Column::Stage.eq(stage))
        .filter(student::Column::Grade.eq(grade))
        .filter(student::Column::State.eq(StudentState::Enrolled as i32))
        .filter(student::Column::Placement.ne(Placement::Home as i32))
        .filter(student::Column::SchoolClass.is_null())
        .all(database)
        .await
}

/// The classes of a grade in the order of their numbers.
pub async fn classes(
    database: &impl ConnectionTrait,
    school: Uuid,
    stage: i32,
    grade: i32,
) -> Result<Vec<Uuid>, DbErr> {
    let judged = Scope::everything("the caller was found to cover the school");
    let classes = school_class::Entity::visible_to(&judged)
        .filter(school_class::Column::School.eq(school))
        .filter(school_class::Column::Stage.eq(stage))
        .filter(school_class::Column::Grade.eq(grade))
        .order_by_asc(school_class::Column::Number)
        .all(database)
        .await?;
    Ok(classes.into_iter().map(|class| class.id).collect())
}

/// How many students attend these classes.
pub async fn seated(database: &impl ConnectionTrait, classes: &[Uuid]) -> Result<u64, DbErr> {
    let judged = Scope::everything("the caller was found to cover the school");
    student::Entity::visible_to(&judged)
        .filter(student::Column::SchoolClass.is_in(classes.iter().copied()))
        .filter(student::Column::State.eq(StudentState::Enrolled as i32))
        .count(database)
        .await
}

/// List and classes as the row keeps them.
pub fn pack(members: Vec<DrawMember>, classes: &[Uuid]) -> Vec<u8> {
    ClassDraw {
        members,
        school_classes: classes.iter().map(|id| format!("classes/{id}")).collect(),
        ..ClassDraw::default()
    }
    .encode_to_vec()
}

/// List and classes of a row.
pub fn content_of(draw: &Model) -> Result<ClassDraw, KernelError> {
    ClassDraw::decode(draw.content.as_slice())
        .map_err(|error| KernelError::Stored(error.to_string()))
}
