//! What there is to be entitled to: the items, who is entitled, and the dated rules with their amounts.

use junheng_proto::education::v1::Stage;
use junheng_proto::registration::v1::AidItem;

/// Who is entitled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Every pupil in compulsory education.
    Everybody,
    /// Boarders in hardship.
    BoarderInHardship,
    /// Day pupils in hardship.
    DayPupilInHardship,
}

/// One item at one stage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entitlement {
    /// The item.
    pub(crate) item: AidItem,
    /// Who is entitled.
    pub(crate) who: Who,
    /// The stage.
    pub(crate) stage: Stage,
    /// The rule with the fen of a school year of two terms, 0 of what is given in kind.
    pub(crate) rule: &'static str,
}

/// Every item at every stage. An item that a rule does not know yet on the day of a term is not due in it.
#[rustfmt::skip]
pub(crate) const ENTITLEMENTS: &[Entitlement] = {
    use AidItem::*;
    use Stage::*;
    use Who::*;
    &[
        Entitlement { item: FeeExemption,      who: Everybody,          stage: Primary, rule: "aid.fee_exemption_primary_year_fen" },
        Entitlement { item: FeeExemption,      who: Everybody,          stage: Junior,  rule: "aid.fee_exemption_junior_year_fen" },
        Entitlement { item: FreeTextbooks,     who: Everybody,          stage: Primary, rule: "aid.free_textbooks_primary_year_fen" },
        Entitlement { item: FreeTextbooks,     who: Everybody,          stage: Junior,  rule: "aid.free_textbooks_junior_year_fen" },
        Entitlement { item: BoarderAllowance,  who: BoarderInHardship,  stage: Primary, rule: "aid.boarder_allowance_primary_year_fen" },
        Entitlement { item: BoarderAllowance,  who: BoarderInHardship,  stage: Junior,  rule: "aid.boarder_allowance_junior_year_fen" },
        Entitlement { item: DayPupilAllowance, who: DayPupilInHardship, stage: Primary, rule: "aid.day_pupil_allowance_primary_year_fen" },
        Entitlement { item: DayPupilAllowance, who: DayPupilInHardship, stage: Junior,  rule: "aid.day_pupil_allowance_junior_year_fen" },
    ]
};
