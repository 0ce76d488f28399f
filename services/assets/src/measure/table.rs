//! What each figure takes from a site, and the summing.

use std::collections::BTreeMap;

use junheng_kernel::tally::Tally;
use uuid::Uuid;

use crate::entity::site::Model;

/// One figure: its name and what a site adds to it.
pub struct Figure {
    /// The name in the contract.
    pub measure: &'static str,
    /// The site's share, in the unit of the contract.
    pub of: fn(&Model) -> i64,
}

/// The figures. Areas are hundredths of a square metre, the value of equipment is in fen.
#[rustfmt::skip]
pub const FIGURES: &[Figure] = &[
    // 教学及辅助用房面积
    figure("area.teaching_auxiliary",        |site| site.teaching_auxiliary_area_centi_square_meters),
    // 室内体育用房面积
    figure("area.indoor_sports",             |site| site.indoor_sports_area_centi_square_meters),
    // 体育运动场馆面积
    figure("area.sports_ground",             |site| site.sports_ground_area_centi_square_meters),
    // 教学仪器设备值
    figure("equipment.value",                |site| site.equipment_value_fen),
    // 计算机台数
    figure("computers.count",                |site| site.computer_count.into()),
    // 图书册数
    figure("books.count",                    |site| site.book_count.into()),
    // 网络多媒体教室数
    figure("rooms.network_multimedia.count", |site| site.network_multimedia_room_count.into()),
];

const fn figure(measure: &'static str, of: fn(&Model) -> i64) -> Figure {
    Figure { measure, of }
}

/// The sites of one school and stage together.
pub struct Group {
    /// The list that was counted, or the one site.
    pub source: String,
    /// The sums, in the order of [`FIGURES`].
    pub tallies: Vec<Tally>,
}

/// Sums sites, which come in the order of ids, by school and stage.
pub fn sum(sites: &[Model]) -> BTreeMap<(Uuid, i32), Group> {
    let mut groups: BTreeMap<(Uuid, i32), Group> = BTreeMap::new();
    for site in sites {
        let group = groups
            .entry((site.school, site.stage))
            .and_modify(|group| group.source = format!("schools/{}/sites", site.school))
            .or_insert_with(|| Group {
                source: format!("sites/{}", site.id),
                tallies: FIGURES.iter().map(|_| Tally::default()).collect(),
            });
        for (tally, figure) in group.tallies.iter_mut().zip(FIGURES) {
            tally.add(site.id, site.version, (figure.of)(site));
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(id: u128, stage: i32) -> Model {
        Model {
            id: Uuid::from_u128(id),
            school: Uuid::from_u128(9),
            place: 630_103_000_000,
            display_name: format!("校区{id}"),
            stage,
            teaching_auxiliary_area_centi_square_meters: 1,
            indoor_sports_area_centi_square_meters: 2,
            sports_ground_area_centi_square_meters: 3,
            equipment_value_fen: 4,
            computer_count: 5,
            book_count: 6,
            network_multimedia_room_count: 7,
            version: 1,
        }
    }

    #[test]
    fn sites_of_the_same_stage_are_summed_and_each_figure_takes_its_own_field() {
        let groups = sum(&[site(1, 1), site(2, 0), site(3, 1)]);
        let found: Vec<_> = groups
            .into_iter()
            .map(|((_, stage), group)| {
                let values = group.tallies.into_iter().map(|tally| tally.finish().0);
                (stage, group.source, values.collect::<Vec<_>>())
            })
            .collect();
        let school = Uuid::from_u128(9);
        assert_eq!(
            found,
            [
                (
                    0,
                    format!("sites/{}", Uuid::from_u128(2)),
                    vec![1, 2, 3, 4, 5, 6, 7]
                ),
                (
                    1,
                    format!("schools/{school}/sites"),
                    vec![2, 4, 6, 8, 10, 12, 14]
                ),
            ]
        );
    }
}
