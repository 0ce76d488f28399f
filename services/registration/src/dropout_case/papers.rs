//! Documents of which one proves something about a case, by their kinds: dated rules of the place. A title proves nothing.

use junheng_kernel::error::KernelError;
use junheng_kernel::label;
use junheng_kernel::workflow::read_kept;

use super::ground;
use super::opening::Scene;
use super::workflow::CLEAR;
use crate::entity::dropout_case::Model;
use crate::rule_book::RegionPath;

/// The kinds of evidence.
const KINDS: &str = "junheng.workflow.v1.Evidence.Kind";
/// The rule of what the county may clear a suspicion by.
const OF_CLEARING: &str = "dropout.proof_of_clearing";

/// The kinds of documents that count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Papers(Vec<i32>);

// === impl Papers ===

impl Papers {
    /// Those that count for a step of a case: of clearing it, or of the ground on which it is to be closed.
    pub(super) fn of(scene: &Scene<'_>, case: &Model, step: &str) -> Result<Self, KernelError> {
        let ground = ground::rule_of(case.ground);
        let has_record = case.student.is_some();
        let rule = match (step, ground) {
            (CLEAR, _) => OF_CLEARING,
            (_, Some(ground)) if ground.takes_papers(has_record) => ground.papers,
            _ => return Ok(Self::default()),
        };
        let path = RegionPath::of(scene.regions, &case.region);
        let kinds = scene.rules.list(rule, &path, scene.today)?;
        let kinds = kinds.iter().filter_map(|kind| i32::try_from(*kind).ok());
        Ok(Self(kinds.collect()))
    }

    /// How many of some pieces of evidence, as they are kept, are of a kind that counts.
    pub(super) fn among(&self, kept: &[String]) -> usize {
        let counts = |line: &&String| {
            read_kept(line).is_some_and(|piece| piece.kind != 0 && self.0.contains(&piece.kind))
        };
        kept.iter().filter(counts).count()
    }

    /// What is missing, with the kinds of which one would do.
    pub(super) fn beside(&self, missing: &str, missing_zh: &str) -> (String, String) {
        if self.0.is_empty() {
            return (missing.to_owned(), missing_zh.to_owned());
        }
        let labels = self.0.iter().map(|kind| label::by_number(KINDS, *kind));
        let labels = labels.collect::<Vec<_>>().join("、");
        (
            format!("{missing}; evidence is of one of the kinds {labels}"),
            format!("{missing_zh}(证明材料类别:{labels})"),
        )
    }
}

#[cfg(test)]
mod tests {
    use junheng_kernel::workflow::kept;
    use junheng_proto::workflow::v1::Evidence;
    use junheng_proto::workflow::v1::evidence::Kind;

    use super::*;

    #[test]
    fn a_document_counts_by_its_kind_whatever_its_title_says() {
        let piece = |kind: Kind| Evidence {
            title: "外省学校证明或记录".into(),
            digest: "ab".repeat(32),
            kind: kind.into(),
        };
        let given = kept(&[
            piece(Kind::GuardianStatement),
            piece(Kind::Unspecified),
            piece(Kind::SchoolRecord),
        ]);
        let papers = Papers(vec![Kind::SchoolRecord as i32]);
        assert_eq!(papers.among(&given), 1);
        assert_eq!(Papers::default().among(&given), 0);
        let (english, chinese) = papers.beside("a school", "须有学校");
        assert!(english.contains("学校证明或记录") && chinese.contains("学校证明或记录"));
    }
}
