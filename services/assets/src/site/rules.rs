//! What a site's entry must look like.

use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::text::check_text;

use super::bounds::BOUNDS;

/// A site as a call or a row gives it, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The name within the school.
    pub display_name: String,
    /// What may change.
    pub figures: Figures,
}

/// What stands on a site and who uses it; all of it may change. Areas are hundredths of a square metre.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The one stage that uses the site, or 0 when the school's stages share it.
    pub stage: i32,
    /// Teaching and auxiliary rooms (教学及辅助用房), indoor sports included.
    pub teaching_auxiliary_area: i64,
    /// Of these the indoor sports rooms (室内体育用房).
    pub indoor_sports_area: i64,
    /// Gymnasium and sports grounds (体育馆、运动场馆).
    pub sports_ground_area: i64,
    /// Teaching equipment at book value (教学仪器设备值), fen.
    pub equipment_value_fen: i64,
    /// Computers for teaching.
    pub computer_count: i32,
    /// Printed books in the library, volumes.
    pub book_count: i32,
    /// Classrooms with network multimedia (网络多媒体教室).
    pub network_multimedia_room_count: i32,
}

/// Everything that is wrong with a draft.
pub fn check(draft: &Draft) -> Vec<Violation> {
    let mut wrong = Vec::new();
    if !(1..=50).contains(&draft.display_name.chars().count()) {
        wrong.push(Violation::invalid(
            "display_name",
            "must have 1 to 50 characters",
            "应为1至50个字",
        ));
    }
    wrong.extend(check_text("display_name", &draft.display_name));
    wrong.extend(check_figures(&draft.figures));
    wrong
}

/// Everything that is wrong with what may change.
pub fn check_figures(figures: &Figures) -> Vec<Violation> {
    let mut wrong = Vec::new();
    if figures.stage != 0 {
        wrong.extend(label::check(
            "stage",
            "junheng.education.v1.Stage",
            figures.stage,
        ));
    }
    for bound in BOUNDS {
        let value = (bound.of)(figures);
        if !(0..=bound.most).contains(&value) {
            wrong.push(Violation::invalid(
                bound.field,
                format!(
                    "{value} is not between 0 and {}; check the unit",
                    bound.most
                ),
                format!("应在0至{}之间,请核对单位", bound.most_zh),
            ));
        }
    }
    // The indicators take the sports rooms out of the teaching rooms, of which they are a part.
    if figures.indoor_sports_area > figures.teaching_auxiliary_area {
        wrong.push(Violation::invalid(
            "indoor_sports_area_centi_square_meters",
            "is larger than the teaching and auxiliary rooms that it is a part of",
            "室内体育用房面积不得大于教学及辅助用房面积",
        ));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            display_name: "本部".into(),
            figures: Figures {
                stage: 1,
                teaching_auxiliary_area: 456_789,
                indoor_sports_area: 45_678,
                sports_ground_area: 600_000,
                equipment_value_fen: 123_456_789,
                computer_count: 120,
                book_count: 30_000,
                network_multimedia_room_count: 24,
            },
        }
    }

    fn fields(change: impl Fn(&mut Draft)) -> Vec<String> {
        let mut draft = draft();
        change(&mut draft);
        check(&draft).into_iter().map(|wrong| wrong.field).collect()
    }

    #[test]
    fn a_whole_entry_passes_and_so_does_a_site_shared_by_the_stages() {
        assert!(fields(|_| {}).is_empty());
        assert!(fields(|draft| draft.figures.stage = 0).is_empty());
        assert!(fields(|draft| draft.figures = Figures::default()).is_empty());
    }

    #[test]
    fn a_name_with_a_control_character_is_refused() {
        let wrong = fields(|draft| draft.display_name = "本\u{0}部".into());
        assert_eq!(wrong, ["display_name"]);
    }

    #[test]
    fn indoor_sports_rooms_are_a_part_of_the_teaching_rooms() {
        let larger = fields(|draft| draft.figures.indoor_sports_area = 456_790);
        assert_eq!(larger, ["indoor_sports_area_centi_square_meters"]);
        assert!(fields(|draft| draft.figures.indoor_sports_area = 456_789).is_empty());
    }

    #[test]
    fn each_figure_has_its_bounds() {
        let figures = |sign: i64| Figures {
            stage: 9,
            teaching_auxiliary_area: sign * 20_000_001,
            indoor_sports_area: sign * 20_000_001,
            sports_ground_area: sign * 20_000_001,
            equipment_value_fen: sign * 50_000_000_001,
            computer_count: sign as i32 * 20_001,
            book_count: sign as i32 * 2_000_001,
            network_multimedia_room_count: sign as i32 * 1_001,
        };
        let mut expected = vec!["stage"];
        expected.extend(BOUNDS.iter().map(|bound| bound.field));
        for sign in [1, -1] {
            assert_eq!(fields(|draft| draft.figures = figures(sign)), expected);
        }
    }

    #[test]
    fn the_bounds_name_fields_of_the_contract() {
        let site = junheng_proto::POOL
            .get_message_by_name("junheng.assets.v1.Site")
            .unwrap();
        for bound in BOUNDS {
            assert!(
                site.get_field_by_name(bound.field).is_some(),
                "{}",
                bound.field
            );
        }
    }
}
