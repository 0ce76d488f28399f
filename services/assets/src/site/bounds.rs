//! How large a figure of one site can plausibly be. These are no norms: they catch a wrong unit or a slipped decimal
//! point before it moves a county's coefficient. Since 2026-11.

use super::rules::Figures;

/// The upper bound of one figure.
pub(super) struct Bound {
    /// The field of the contract.
    pub(super) field: &'static str,
    /// The figure.
    pub(super) of: fn(&Figures) -> i64,
    /// The most that is believed, in the field's unit.
    pub(super) most: i64,
    /// The same for people.
    pub(super) most_zh: &'static str,
}

#[rustfmt::skip]
pub(super) const BOUNDS: &[Bound] = &[
    bound("teaching_auxiliary_area_centi_square_meters", |given| given.teaching_auxiliary_area,    20_000_000, "20万平方米"),
    bound("indoor_sports_area_centi_square_meters",      |given| given.indoor_sports_area,          5_000_000, "5万平方米"),
    bound("sports_ground_area_centi_square_meters",      |given| given.sports_ground_area,         20_000_000, "20万平方米"),
    bound("equipment_value_fen",                         |given| given.equipment_value_fen,    50_000_000_000, "5亿元"),
    bound("computer_count",                              |given| given.computer_count.into(),          20_000, "2万台"),
    bound("book_count",                                  |given| given.book_count.into(),           2_000_000, "200万册"),
    bound("network_multimedia_room_count",               |given| given.network_multimedia_room_count.into(), 1_000, "1000间"),
];

const fn bound(
    field: &'static str,
    of: fn(&Figures) -> i64,
    most: i64,
    most_zh: &'static str,
) -> Bound {
    Bound {
        field,
        of,
        most,
        most_zh,
    }
}
