//! Which students a list shows.

use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::name::{Parent, id_of};
use junheng_proto::registration::v1::ListStudentsRequest;
use junheng_proto::registration::v1::list_students_request::Group;
use junheng_proto::registration::v1::student::State;
use sea_orm::{Condition, ConnectionTrait, DbErr};
use uuid::Uuid;

use super::store::{self, Rows};
use crate::tally::counted::{BY_STATE, ENROLLED, index_of};
use crate::tally::spans::{self, Asked};

/// Groups and the column by which they are counted.
#[rustfmt::skip]
const GROUPS: [(Group, &str); 12] = [
    (Group::Girls,      "girls"),
    (Group::Minority,   "minority"),
    (Group::Boarders,   "boarders"),
    (Group::Migrants,   "migrants"),
    (Group::LeftBehind, "left_behind"),
    (Group::Disabled,   "disabled"),
    (Group::Inclusive,  "inclusive"),
    (Group::Special,    "special"),
    (Group::HomeTaught, "home_taught"),
    (Group::Hardship,   "hardship"),
    (Group::Placed,     "placed"),
    (Group::HardshipBoarders, "hardship_boarders"),
];

/// A filter as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    class: Option<Uuid>,
    state: i32,
    stage: i32,
    grade: i32,
    /// A row of [`COUNTED`](crate::tally::counted::COUNTED) that says whom, where the filter comes to one.
    counted: Option<usize>,
}

// === impl Filter ===

impl Filter {
    /// Reads a filter. Fails with `FIELD_INVALID` for numbers that mean nothing, and for a group of those who attend
    /// together with another state.
    pub(super) fn of(message: &ListStudentsRequest) -> Result<Self, KernelError> {
        let class = match message.school_class.as_str() {
            "" => None,
            name => Some(id_of("classes", name)?),
        };
        let labels = [
            (
                "state",
                "junheng.registration.v1.Student.State",
                message.state,
            ),
            ("stage", "junheng.education.v1.Stage", message.stage),
            (
                "group",
                "junheng.registration.v1.ListStudentsRequest.Group",
                message.group,
            ),
        ];
        let wrong = labels
            .into_iter()
            .filter(|(.., number)| *number != 0)
            .filter_map(|(field, full_name, number)| label::check(field, full_name, number));
        let mut wrong: Vec<Violation> = wrong.collect();
        let group = GROUPS
            .iter()
            .find(|(group, _)| *group as i32 == message.group);
        let attends = [State::Unspecified as i32, State::Enrolled as i32];
        if group.is_some() && !attends.contains(&message.state) {
            wrong.push(Violation::invalid(
                "state",
                "must be STATE_ENROLLED or absent beside a group: groups are of those who attend",
                "按群体查询只适用于在读学生",
            ));
        }
        if message.grade < 0 {
            wrong.push(Violation::invalid(
                "grade",
                "must not be negative; 0 means every grade",
                "年级不得为负数,0 表示所有年级",
            ));
        }
        KernelError::unless_empty(wrong)?;
        let mut by_state = BY_STATE.iter();
        let by_state = by_state.find(|(state, _)| *state as i32 == message.state);
        let by_state = by_state.and_then(|(_, column)| index_of(column));
        Ok(Self {
            class,
            state: message.state,
            stage: message.stage,
            grade: message.grade,
            counted: group.map_or(by_state, |(_, column)| index_of(column)),
        })
    }

    /// What of a request decides which list it is, for its page tokens.
    pub(super) fn fields(message: &ListStudentsRequest) -> [String; 6] {
        [
            message.parent.clone(),
            message.school_class.clone(),
            message.state.to_string(),
            message.stage.to_string(),
            message.grade.to_string(),
            message.group.to_string(),
        ]
    }

    /// The condition on rows.
    pub(super) fn condition(&self) -> Condition {
        let rows = match (self.counted, self.state) {
            (Some(counted), _) => Rows::Counted(counted),
            (None, 0) => Rows::Open,
            (None, state) => Rows::Away(state),
        };
        store::wanted(rows, self.class, self.stage, self.grade)
    }

    /// Where below `parent` to look: the counts know where nobody is.
    pub(super) async fn narrowed(
        &self,
        database: &impl ConnectionTrait,
        parent: Parent,
    ) -> Result<Parent, DbErr> {
        let is_everybody = self.counted == Some(ENROLLED) && (self.stage, self.grade) == (0, 0);
        let is_open = self.counted.is_none() && self.state == 0;
        let counted = match self.counted {
            Some(counted) if !is_everybody => Some(counted),
            // A stage or grade alone: not every place has it.
            None if is_open && (self.stage, self.grade) != (0, 0) => None,
            _ => return Ok(parent),
        };
        let asked = Asked {
            counted,
            stage: self.stage,
            grade: self.grade,
        };
        spans::narrowed(database, &parent, asked).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(state: State, group: Group) -> Result<Filter, KernelError> {
        Filter::of(&ListStudentsRequest {
            state: state.into(),
            group: group.into(),
            ..ListStudentsRequest::default()
        })
    }

    #[test]
    fn every_group_is_counted() {
        for (group, column) in GROUPS {
            let filter = filter(State::Unspecified, group).unwrap();
            assert_eq!(filter.counted, index_of(column), "{column}");
            assert!(filter.counted.is_some(), "{column}");
        }
        for number in 1..=GROUPS.len() as i32 {
            let group = Group::try_from(number).unwrap();
            assert!(GROUPS.iter().any(|(known, _)| *known == group), "{group:?}");
        }
    }

    #[test]
    fn groups_are_of_those_who_attend() {
        assert!(filter(State::Enrolled, Group::Girls).is_ok());
        assert!(filter(State::Graduated, Group::Girls).is_err());
        assert_eq!(
            filter(State::Graduated, Group::Unspecified)
                .unwrap()
                .counted,
            None
        );
        let unknown = ListStudentsRequest {
            state: 77,
            ..ListStudentsRequest::default()
        };
        assert!(Filter::of(&unknown).is_err());
    }
}
