//! Takes a step of a draw: check, move and write in one transaction.

use std::collections::{BTreeSet, HashMap};

use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::SET;
use junheng_kernel::digest::sm3;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::name::id_of;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::{RequestKey, Tx};
use junheng_kernel::text::check_text;
use junheng_kernel::workflow::{Asked, Standing, Unmet, check_reason};
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::{ClassDraw, DrawMember};
use uuid::Uuid;

use super::error::DrawError;
use super::rpc::{about, encode, name_of};
use super::workflow::{CANCEL, COMMIT_SCHOOL, Guard, REVEAL_SCHOOL, RUN, WORKFLOW, state_of};
use super::{algorithm, store};
use crate::entity::class_draw::{Entity, Model};
use crate::entity::student;
use crate::school::parent;
use crate::student::ledger::{self, Move, Pen};

/// What a step brings along.
#[derive(Clone, Debug)]
pub(super) enum Given {
    /// Nothing.
    Nothing,
    /// SM3 over a part of the seed.
    Commitment(String),
    /// A part of the seed and where it comes from.
    Part(String, String),
}

/// Takes a step and answers with the draw after it.
pub(super) async fn take(
    context: &Context,
    caller: Caller,
    asked: Asked,
    key: RequestKey,
    given: Given,
) -> Result<ClassDraw, DrawError> {
    let id = id_of("classDraws", &asked.name)?;
    KernelError::unless_empty(check(&asked, &given))?;
    let (context, store) = (context.clone(), context.store.clone());
    store
        .write(&caller.clone(), key, move |tx| async move {
            let current = parent::held::<Entity>(&*tx, &caller.scope, id).await?;
            let standing = Standing {
                state: state_of(current.state),
                version: current.version,
                region: &current.region,
            };
            let taken = WORKFLOW
                .take(&tx, &context, &caller, &asked, standing, |_| true)
                .await?;
            let (school, stage, grade) = (current.school, current.stage, current.grade);
            let (waiting, classes) = match asked.step {
                RUN => {
                    let waiting = store::roll(&*tx, school, stage, grade).await?;
                    (waiting, store::classes(&*tx, school, stage, grade).await?)
                }
                _ => Default::default(),
            };
            let content = store::content_of(&current)?;
            let waiting = of_list(&content.members, waiting);
            taken.pass(&asked, |guard| match guard {
                Guard::SomebodyToPlace if waiting.is_empty() => Err(Unmet::Missing(
                    "nobody of the list attends the school without a class any more".into(),
                    "名单中已无待分班的在读学生".into(),
                )),
                Guard::ClassesAsListed if !are_listed(&content.school_classes, &classes) => {
                    Err(Unmet::Missing(
                        "the classes of the grade are no longer those of the list; cancel the draw and prepare another".into(),
                        "该年级现有班级与锁定的名单不一致,请取消本次分班后重新锁定名单".into(),
                    ))
                }
                Guard::SomebodyToPlace | Guard::ClassesAsListed => Ok(()),
            })?;
            let mut changed = current.clone();
            let mut records = Vec::new();
            match given {
                Given::Commitment(digest) => {
                    let side = match asked.step {
                        COMMIT_SCHOOL => &mut changed.school_commitment,
                        _ => &mut changed.county_commitment,
                    };
                    *side = digest.to_ascii_lowercase();
                    // Two equal parts are one side's choice: the second commitment would know nothing of its own.
                    if changed.school_commitment == changed.county_commitment {
                        return Err(KernelError::Fields(vec![Violation::invalid(
                            "commitment",
                            "must differ from the other side's: each side chooses a part of its own",
                            "不得与对方的承诺相同,双方须各自选定种子",
                        )])
                        .into());
                    }
                }
                Given::Part(part, source) => reveal(&mut changed, asked.step, part, source)?,
                Given::Nothing if asked.step == RUN => {
                    let (drawn, told) = run(&context, &tx, &current, content, waiting).await?;
                    (changed.content, records) = (drawn, told);
                }
                Given::Nothing => changed.cancel_micros = context.clock.now_micros(),
            }
            changed.state = taken.to as i32;
            (changed.due_date, changed.due_provisional) = taken.due_date();
            changed.version += 1;
            changed.update_micros = context.clock.now_micros();
            resource::replace::<Entity>(&*tx, changed.clone(), current.version).await?;
            let answer = encode(&changed, true)?;
            // The journal keeps the list by its digest: it stands in the record.
            let entry = about(&changed)
                .change(Some(&encode(&current, false)?), &encode(&changed, false)?)
                .with_all(records);
            Ok::<_, DrawError>((answer, taken.entry(entry, &asked)))
        })
        .await
}

fn check(asked: &Asked, given: &Given) -> Vec<Violation> {
    let length = |field: &str, text: &str, least: usize| {
        let wrong = !(least..=200).contains(&text.chars().count());
        let wrong = wrong.then(|| {
            Violation::invalid(
                field,
                format!("must have {least} to 200 characters"),
                format!("应为{least}至200字"),
            )
        });
        wrong.into_iter().chain(check_text(field, text))
    };
    match given {
        Given::Commitment(digest) => {
            let is_digest =
                digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
            let wrong = (!is_digest).then(|| {
                Violation::invalid(
                    "commitment",
                    "must be SM3 over the part of the seed, 64 hexadecimal digits",
                    "应为种子的SM3摘要,64位十六进制数",
                )
            });
            wrong.into_iter().collect()
        }
        Given::Part(part, source) => length("part", part, 16)
            .chain(length("source", source, 2))
            .collect(),
        Given::Nothing if asked.step == CANCEL => check_reason("note", &asked.note),
        Given::Nothing => Vec::new(),
    }
}

/// Takes a part that is the one committed; with the second one the seed is known.
fn reveal(
    draw: &mut Model,
    step: &'static str,
    part: String,
    source: String,
) -> Result<(), DrawError> {
    let committed = match step {
        REVEAL_SCHOOL => &draw.school_commitment,
        _ => &draw.county_commitment,
    };
    if hex::encode(sm3(part.as_bytes())) != *committed {
        let name = name_of(draw);
        return Err(DrawError::NotAsCommitted { name });
    }
    if step == REVEAL_SCHOOL {
        (draw.school_part, draw.school_source) = (part, source);
    } else {
        (draw.county_part, draw.county_source) = (part, source);
        draw.seed = algorithm::seed(&draw.school_part, &draw.county_part, &draw.list_digest);
    }
    Ok(())
}

/// Whether the classes of a list are those of the grade, in whichever order they are numbered now.
fn are_listed(listed: &[String], classes: &[Uuid]) -> bool {
    let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    let standing: Vec<String> = classes.iter().map(|id| format!("classes/{id}")).collect();
    listed == standing.iter().map(String::as_str).collect()
}

/// Those of the list who still wait for a class, by their ids.
fn of_list(
    members: &[DrawMember],
    waiting: Vec<student::Model>,
) -> HashMap<String, student::Model> {
    let mut waiting: HashMap<String, student::Model> = waiting
        .into_iter()
        .map(|student| (student.id.to_string(), student))
        .collect();
    let listed = members.iter().map(|member| &member.student);
    listed.filter_map(|id| waiting.remove_entry(id)).collect()
}

/// Deals the whole list, and places those who still wait for a class.
async fn run(
    context: &Context,
    tx: &Tx,
    draw: &Model,
    content: ClassDraw,
    mut waiting: HashMap<String, student::Model>,
) -> Result<(Vec<u8>, Vec<Record>), DrawError> {
    let classes: Vec<Uuid> = content
        .school_classes
        .iter()
        .map(|name| id_of("classes", name))
        .collect::<Result<_, _>>()?;
    let mut members = content.members;
    let dealt = algorithm::deal(&members, classes.len(), &draw.seed);
    let mut moves = Vec::with_capacity(waiting.len());
    for (member, class) in members.iter_mut().zip(dealt) {
        member.class_index = class;
        let class = usize::try_from(class - 1)
            .ok()
            .and_then(|at| classes.get(at));
        if let (Some(class), Some(before)) = (class, waiting.remove(&member.student)) {
            let after = student::Model {
                school_class: Some(*class),
                ..before.clone()
            };
            let before = Some(before);
            moves.push(Move { before, after });
        }
    }
    let mut records = Vec::with_capacity(moves.len());
    while !moves.is_empty() {
        let rest = moves.split_off(SET.min(moves.len()));
        // The first class of an entrant is no change of class (转班级); the draw's record tells it.
        let done = ledger::change_all(&**tx, Pen::of(context), moves, None, false).await?;
        records.extend(done.records);
        moves = rest;
    }
    Ok((store::pack(members, &classes), records))
}
