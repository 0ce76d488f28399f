//! Opens a case, or joins the one that is open.

use junheng_kernel::admission::Caller;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::journal::{Entry, record};
use junheng_kernel::privacy::BlindIndex;
use junheng_kernel::resource;
use junheng_kernel::service::Context;
use junheng_kernel::store::Tx;
use junheng_proto::journal::v1::Record;
use junheng_proto::registration::v1::DuplicateCase;
use junheng_proto::registration::v1::duplicate_case::Outcome;
use junheng_proto::registration::v1::duplicate_claim::Verdict;
use uuid::Uuid;

use super::encode::{Claimed, Statement, about, encode, name_of, shown_to};
use super::store;
use super::workflow::{CREATE, STEP_DAYS, State, WORKFLOW, state_name};
use crate::entity::duplicate_case::{Entity, Model};
use crate::entity::{duplicate_claim, school_class, student};
use crate::school::{parent, store as schools};
use crate::student::document;
use crate::student::name_key;
use crate::student::person::Person;
use crate::student::rules::Draft;

/// What a school wrote of a child that has a record elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'a> {
    /// The class in which the child was to be registered, with the place of its school as it stands now.
    pub(crate) class: &'a school_class::Model,
    /// What was written.
    pub(crate) draft: &'a Draft,
    /// The second record, where there is one and it is only suspected to be of the same child (疑似重复).
    pub(crate) second: Option<Uuid>,
}

/// The case after a claim.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// As the claimant may see it.
    pub(crate) answer: DuplicateCase,
    /// The case for the journal of an import; nothing when nothing changed.
    pub(crate) records: Vec<Record>,
    entry: Entry,
}

// === impl Opened ===

impl Opened {
    /// The journal entry of a registration that became this claim.
    pub(crate) fn entry(self) -> (DuplicateCase, Entry) {
        (self.answer, self.entry)
    }
}

/// A new record of a child who may have one already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suspected<'a> {
    /// The older record.
    pub(crate) standing: &'a student::Model,
    /// The new one.
    pub(crate) second: &'a student::Model,
    /// What was written of the child.
    pub(crate) draft: &'a Draft,
}

/// States the suspicion that each of these new records is the second of its child, for people to decide: a claim in the one
/// open case on the older record. Nothing is refused, nothing merged.
pub(crate) async fn suspect(
    tx: &Tx,
    context: &Context,
    caller: &Caller,
    suspected: &[Suspected<'_>],
) -> Result<Vec<Record>, KernelError> {
    // In one order, so that two writes wait for each other's cases instead of locking up.
    let mut suspected = suspected.to_vec();
    suspected.sort_by_key(|one| one.standing.id);
    let mut records = Vec::new();
    for Suspected {
        standing,
        second,
        draft,
    } in suspected
    {
        // Who sits in no class yet has a seat all the same: school, place, stage and grade.
        let class = school_class::Model {
            id: second.school_class.unwrap_or_default(),
            school: second.school,
            place: second.place,
            stage: second.stage,
            grade: second.grade,
            grade_year: second.grade_year,
            number: 0,
            version: 0,
        };
        let claim = Claim {
            class: &class,
            draft,
            second: Some(second.id),
        };
        records.extend(open(tx, context, caller, standing, claim).await?.records);
    }
    Ok(records)
}

/// States the claim in the one open case on the record, which is opened where there is none. Runs in the transaction in
/// which the registration found the record standing. Any number of schools may race: one case results, with a claim of each.
/// A school that writes the child otherwise adds a claim: whether that corrects the first or is another child, people decide.
pub(crate) async fn open(
    tx: &Tx,
    context: &Context,
    caller: &Caller,
    standing: &student::Model,
    claim: Claim<'_>,
) -> Result<Opened, KernelError> {
    let fresh = case_of(tx, context, standing).await?;
    let (before, case) = loop {
        if store::insert(&**tx, &fresh).await? {
            break (None, fresh);
        }
        // Settled between the two statements: then a new one is to be opened.
        if let Some(open) = store::hold_open(&**tx, standing.id).await? {
            break (Some(open.clone()), open);
        }
    };
    let claims_before = match &before {
        Some(case) => store::claims_of(&**tx, case.id).await?,
        None => Vec::new(),
    };
    let row = claim_of(tx, context, &case, standing, claim).await?;
    let is_new = store::insert_claim(&**tx, &row).await?;
    let mut changed = case;
    if let Some(before) = before.as_ref().filter(|_| is_new) {
        changed.version += 1;
        changed.update_micros = context.clock.now_micros();
        resource::replace::<Entity>(&**tx, changed.clone(), before.version).await?;
    }
    let claims = store::claims_of(&**tx, changed.id).await?;
    let whole = encode(context, &changed, &claims)?;
    let earlier = match &before {
        Some(case) => Some(encode(context, case, &claims_before)?),
        None => None,
    };
    let entry = match (&earlier, is_new) {
        (None, _) => {
            about(&changed)
                .change(None, &whole)
                .step(CREATE, "", state_name(State::Opened))
        }
        (Some(earlier), true) => about(&changed).change(Some(earlier), &whole),
        (Some(_), false) => about(&changed),
    };
    let told = record(
        &name_of(&changed),
        changed.standing_place,
        Some(changed.standing_school),
        earlier.as_ref(),
        &whole,
        false,
    );
    Ok(Opened {
        answer: shown_to(caller, &changed, &claims, whole),
        records: is_new.then_some(told).into_iter().collect(),
        entry,
    })
}

/// Why a child is not claimed again: the document is that of a record which, as people have decided, is another child's. Until
/// one of the two documents is put right, the same claim would only be decided again.
pub(crate) async fn told_apart(
    tx: &Tx,
    context: &Context,
    standing: &student::Model,
    draft: &Draft,
) -> Result<Option<Violation>, KernelError> {
    let index = document::index_of(&context.store.keys)?;
    let child = child_of(index, draft);
    let decided = store::told_apart(&**tx, standing.id, &child).await?;
    Ok(decided.map(|case| {
        let case = format!("duplicateCases/{case}");
        Violation::invalid(
            "identity_number",
            format!(
                "is that of a record which {case} has found to be another child's: the school of that record corrects it, or \
                 this child has another document; where two states gave two passports one number, write the three letters of \
                 the issuing state before the number"
            ),
            format!(
                "{case}已认定与该学籍并非同一人:原学籍证件号有误的,由其学校办理关键信息变更;本人证件号有误的,请更正;\
                 不同国家护照号码相同的,请在号码前加签发国三字母代码"
            ),
        )
    }))
}

async fn case_of(
    tx: &Tx,
    context: &Context,
    standing: &student::Model,
) -> Result<Model, KernelError> {
    // Behind the schools of who registers: two that wait for each other's are told to try again.
    let school = parent::hold_school(&**tx, standing.school).await?;
    let id = Uuid::now_v7();
    let now = context.clock.now_micros();
    let due = WORKFLOW.due(context, STEP_DAYS, &school.region)?;
    Ok(Model {
        id,
        state: State::Opened as i32,
        student: standing.id,
        open_student: Some(standing.id),
        standing_school: standing.school,
        standing_place: school.place,
        standing_region: school.region,
        outcome: Outcome::Unspecified as i32,
        claim: None,
        statement: Statement::default().seal(&context.store.keys, id)?,
        due_date: due.date.to_string(),
        due_provisional: due.provisional,
        create_micros: now,
        update_micros: now,
        version: 1,
    })
}

async fn claim_of(
    tx: &Tx,
    context: &Context,
    case: &Model,
    standing: &student::Model,
    claim: Claim<'_>,
) -> Result<duplicate_claim::Model, KernelError> {
    let keys = &context.store.keys;
    let Claim {
        class,
        draft,
        second,
    } = claim;
    let school = schools::in_directory(&**tx, class.school)
        .await?
        .ok_or_else(|| KernelError::Stored("a class's school is gone".into()))?;
    let id = Uuid::now_v7();
    let stands = Person::of(keys, standing)?;
    let index = document::index_of(keys)?;
    let same_name = name_key::of(index, &draft.display_name) == standing.name_key;
    let differences = [
        ("display_name", same_name),
        ("sex", draft.sex == standing.sex),
        ("birth_date", draft.birth_date == stands.birth_date),
        ("ethnicity", draft.ethnicity == standing.ethnicity),
    ];
    let claimed = Claimed {
        display_name: draft.display_name.clone(),
        identity_type: draft.identity_type,
        identity_number: draft.identity_number.clone(),
        sex: draft.sex,
        birth_date: draft.birth_date.clone(),
        ethnicity: draft.ethnicity.clone(),
        differs: differences
            .iter()
            .filter(|(_, same)| !same)
            .map(|(field, _)| (*field).to_owned())
            .collect(),
        evidence: Vec::new(),
    };
    Ok(duplicate_claim::Model {
        id,
        duplicate_case: case.id,
        school: class.school,
        place: class.place,
        region: school.region,
        school_class: class.id,
        student: second.unwrap_or_default(),
        child: child_of(index, draft),
        verdict: Verdict::Unspecified as i32,
        personal: claimed.seal(keys, id)?,
        create_micros: context.clock.now_micros(),
    })
}

/// What tells the children apart that one school claims: the document with name, sex and date of birth as written.
fn child_of(index: &BlindIndex, draft: &Draft) -> Vec<u8> {
    let written = [
        draft.identity_type.to_string(),
        draft.identity_number.clone(),
        draft.sex.to_string(),
        draft.birth_date.clone(),
        name_key::normalize(&draft.display_name),
    ];
    index
        .index("duplicate_claim.child", &written.join("/"))
        .to_vec()
}
