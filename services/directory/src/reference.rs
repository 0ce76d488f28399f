//! References to schools: what a call or an import row names, resolved and judged.

use std::collections::HashMap;

use junheng_kernel::admission::Caller;
use junheng_kernel::bulk::Refusal;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::{Fault, Violation};
use junheng_kernel::label;
use junheng_kernel::name::Parent;
use junheng_kernel::school_code;
use junheng_proto::education::v1::Stage;
use junheng_proto::error::v1::Reason;
use junheng_proto::obstacle::v1::ListObstaclesRequest;
use junheng_proto::registration::v1::school::State;
use sea_orm::DbErr;
use uuid::Uuid;

use crate::{Directory, DirectorySchool};

/// Why a reference to a school does not hold.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// Nobody registered the school.
    #[error("school {school} is not registered here; register it first or correct the reference")]
    SchoolUnknown {
        /// The school as it was named.
        school: String,
    },
    /// The school's kind does not run the stage.
    #[error("{school} does not run the stage {stage}")]
    StageNotRun {
        /// The school's name.
        school: String,
        /// The stage in Chinese.
        stage: &'static str,
    },
    /// The school closes or has closed.
    #[error("{school} closes; nothing new comes to it")]
    SchoolCloses {
        /// The school's name.
        school: String,
    },
    /// What any room can meet.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

/// Schools that a write holds until it ends.
#[derive(Debug)]
pub struct Held(HashMap<Uuid, DirectorySchool>);

/// Schools that a roster keeps at most; beyond it starts anew.
const MOST: usize = 20_000;

/// The schools that an import names, read a chunk of rows at a time and kept for the next one.
#[derive(Debug, Default)]
pub struct Roster {
    /// `None` for a code that was looked up and that nobody has registered.
    schools: HashMap<String, Option<DirectorySchool>>,
    has_waited: bool,
}

// === impl ReferenceError ===

impl Fault for ReferenceError {
    fn reason(&self) -> Reason {
        match self {
            Self::SchoolUnknown { .. } => Reason::SchoolUnknown,
            Self::StageNotRun { .. } => Reason::StageNotRun,
            Self::SchoolCloses { .. } => Reason::SchoolCloses,
            Self::Kernel(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::SchoolUnknown { school } | Self::SchoolCloses { school } => {
                vec![("school", school.clone())]
            }
            Self::StageNotRun { school, stage } => {
                vec![("school", school.clone()), ("stage", (*stage).to_owned())]
            }
            Self::Kernel(error) => error.metadata(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::SchoolUnknown { .. } | Self::StageNotRun { .. } | Self::SchoolCloses { .. } => {
                &[]
            }
            Self::Kernel(error) => error.violations(),
        }
    }
}

impl From<DbErr> for ReferenceError {
    fn from(error: DbErr) -> Self {
        Self::Kernel(error.into())
    }
}

// === impl Held ===

impl Held {
    pub(crate) fn of(schools: Vec<DirectorySchool>) -> Self {
        Self(
            schools
                .into_iter()
                .map(|school| (school.id, school))
                .collect(),
        )
    }

    /// Where the school lies.
    pub fn place_of(&self, school: &DirectorySchool) -> i64 {
        self.0
            .get(&school.id)
            .map_or(school.place, |held| held.place)
    }

    /// Where the school lies that something new comes to. Fails with `SCHOOL_CLOSES` for one that closes.
    pub fn receive(&self, school: &DirectorySchool) -> Result<i64, ReferenceError> {
        self.0
            .get(&school.id)
            .unwrap_or(school)
            .require_receives()?;
        Ok(self.place_of(school))
    }
}

// === impl DirectorySchool ===

impl DirectorySchool {
    /// Whether nothing new comes to it: it closes, or has closed.
    pub fn closes(&self) -> bool {
        self.closing || self.state == State::Closed as i32
    }

    /// Fails with `SCHOOL_CLOSES` for a school that nothing new comes to.
    pub fn require_receives(&self) -> Result<(), ReferenceError> {
        if self.closes() {
            let school = self.display_name.clone();
            return Err(ReferenceError::SchoolCloses { school });
        }
        Ok(())
    }

    /// Fails with `STAGE_NOT_RUN` unless the school's kind runs `stage`.
    pub fn require_stage(&self, stage: i32) -> Result<(), ReferenceError> {
        if self.stages().iter().any(|run| *run as i32 == stage) {
            return Ok(());
        }
        Err(ReferenceError::StageNotRun {
            school: self.display_name.clone(),
            stage: label::of(Stage::try_from(stage).unwrap_or_default()),
        })
    }
}

// === impl Directory ===

impl Directory {
    /// The school that a request names as the parent of something new.
    ///
    /// Fails with `FIELD_INVALID` for a region, `SCHOOL_UNKNOWN` when the feed does not bring it in time, and
    /// `OUT_OF_SCOPE` when the caller's post does not cover it.
    pub async fn school_of(
        &self,
        caller: &Caller,
        field: &str,
        value: &str,
    ) -> Result<DirectorySchool, ReferenceError> {
        let parent = Parent::of(caller, &self.context.regions, field, value)?;
        let Some(id) = parent.school() else {
            return Err(KernelError::Fields(vec![Violation::invalid(
                field,
                "must be schools/{id}: the record belongs to one school",
                "应为 schools/{学校标识}",
            )])
            .into());
        };
        let school = self
            .get(id)
            .await?
            .ok_or_else(|| ReferenceError::SchoolUnknown {
                school: value.to_owned(),
            })?;
        if caller.scope.covers(school.place, Some(school.id)) {
            Ok(school)
        } else {
            Err(KernelError::OutOfScope {
                organisation: value.to_owned(),
                own: caller.organisation.clone(),
            }
            .into())
        }
    }

    /// The school that a call about obstacles is about. When the answer is to be one that stays, it waits until the copy knows
    /// that the school closes: every write that held the school before has ended then, and every later one is refused.
    ///
    /// Fails as [`school_of`](Self::school_of) does, and with `UNAVAILABLE` when the feed does not bring the closing in time.
    pub async fn obstructed(
        &self,
        caller: &Caller,
        asked: &ListObstaclesRequest,
    ) -> Result<DirectorySchool, ReferenceError> {
        let school = self.school_of(caller, "school", &asked.school).await?;
        if !asked.settled || school.closes() {
            return Ok(school);
        }
        let heard = self.closing(school.id).await?;
        heard.ok_or_else(|| KernelError::Behind.into())
    }

    /// The place number of a region or of a school; 0 for a school that nobody registered.
    pub async fn place_of(&self, parent: &Parent) -> Result<i64, KernelError> {
        Ok(match (parent.place(), parent.school()) {
            (Some(place), _) => place,
            (None, Some(id)) => self.get(id).await?.map_or(0, |school| school.place),
            (None, None) => 0,
        })
    }

    /// Brings the schools with these codes, of an import's rows, into the roster; what has not the shape of a code is left
    /// out, for no school has it. Waits for the feed once in an import: a file with many unknown codes is not to take hours.
    pub async fn look_up<'a>(
        &self,
        roster: &mut Roster,
        codes: impl Iterator<Item = &'a str>,
    ) -> Result<(), KernelError> {
        if roster.schools.len() > MOST {
            roster.schools.clear();
        }
        let is_new =
            |code: &&str| school_code::has_shape(code) && !roster.schools.contains_key(*code);
        let mut codes: Vec<&str> = codes.filter(is_new).collect();
        codes.sort_unstable();
        codes.dedup();
        let found = if roster.has_waited {
            self.known(&codes).await?
        } else {
            self.by_codes(&codes).await?
        };
        roster.has_waited |= found.len() < codes.len();
        for code in codes {
            roster.schools.insert(code.to_owned(), None);
        }
        for school in found {
            roster
                .schools
                .insert(school.school_code.clone(), Some(school));
        }
        Ok(())
    }
}

// === impl Roster ===

impl Roster {
    /// The school of a row. Refused with `FIELD_REQUIRED` or `FIELD_INVALID` for a code that has not the shape of one, with
    /// `SCHOOL_UNKNOWN`, listed once with all its rows, for a code that nobody
    /// registered, and with `ROW_OUT_OF_PARENT` for a school outside the import's parent or the caller's post.
    pub fn admit(
        &self,
        caller: &Caller,
        parent: &Parent,
        code: &str,
    ) -> Result<&DirectorySchool, Refusal> {
        let field = "school_code";
        if let Some(wrong) = school_code::check(field, code) {
            return Err(Refusal::from(wrong));
        }
        let Some(school) = self.schools.get(code).and_then(Option::as_ref) else {
            let school = code.to_owned();
            let wrong = Violation::of(field, &ReferenceError::SchoolUnknown { school });
            let key = code.to_owned();
            return Err(Refusal::MissingParent { key, wrong });
        };
        let own = Some(school.id);
        if parent.contains(school.place, own) && caller.scope.covers(school.place, own) {
            return Ok(school);
        }
        Err(Refusal::from(Violation {
            field: field.to_owned(),
            reason: Reason::RowOutOfParent,
            why: format!("{} lies outside the import's parent", school.display_name),
            why_zh: format!("{}不在本次导入范围内", school.display_name),
        }))
    }
}
