//! `junheng-draw-1`: list, seed, order and sizes, as the contract describes them. Pure, without a clock or a generator.

use std::collections::BTreeMap;

use junheng_kernel::digest::sm3;
use junheng_proto::registration::v1::DrawMember;
use junheng_proto::registration::v1::DrawnClass;
use junheng_proto::registration::v1::draw_member::Group;

/// The algorithm's name in records.
pub const NAME: &str = "junheng-draw-1";

/// Groups, `GROUP_DISABLED` to `GROUP_OTHER`.
pub const GROUPS: usize = 6;

/// Choices of one more boy and one more girl, in the order in which they are tried.
const CHOICES: [[i64; 2]; 4] = [[0, 0], [1, 0], [0, 1], [1, 1]];

/// Students by group and sex.
type Table = [[i64; 2]; GROUPS];

/// What the groups of a student are told by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traits {
    /// Disabled.
    pub disabled: bool,
    /// Moved in with working parents.
    pub migrant: bool,
    /// Left behind by working parents.
    pub left_behind: bool,
    /// From a family in economic hardship.
    pub hardship: bool,
    /// Lives at school.
    pub boarder: bool,
}

// === impl Traits ===

impl Traits {
    /// The one group that counts: the first that fits.
    pub fn group(self) -> Group {
        match self {
            Self { disabled: true, .. } => Group::Disabled,
            Self { migrant: true, .. } => Group::Migrant,
            Self {
                left_behind: true, ..
            } => Group::LeftBehind,
            Self { hardship: true, .. } => Group::Hardship,
            Self { boarder: true, .. } => Group::Boarder,
            _ => Group::Other,
        }
    }
}

/// The members in the order of their lines, and SM3 over the list.
pub fn list(members: &[DrawMember]) -> (Vec<DrawMember>, String) {
    let mut members = members.to_vec();
    members.sort_by_cached_key(line);
    let text: String = members.iter().map(line).collect();
    (members, hex::encode(sm3(text.as_bytes())))
}

/// The seed of both parts.
pub fn seed(school_part: &str, county_part: &str, list_digest: &str) -> String {
    let text = format!("{school_part}\n{county_part}\n{list_digest}");
    hex::encode(sm3(text.as_bytes()))
}

/// The class of each member, from 1, in the order of `members`.
pub fn deal(members: &[DrawMember], class_count: usize, seed: &str) -> Vec<i32> {
    let mut strata: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (index, member) in members.iter().enumerate() {
        strata.entry(stratum(member)).or_default().push(index);
    }
    let mut left: Table = [[0; 2]; GROUPS];
    for ((group, sex), stratum) in &mut strata {
        stratum.sort_by_cached_key(|index| {
            sm3(format!("{seed}\n{}", members[*index].student).as_bytes())
        });
        left[*group][*sex] = count(stratum.len());
    }
    let mut classes = vec![0; members.len()];
    let mut next: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for class in 1..=class_count {
        let begin = |group: usize| {
            let text = format!("{seed}\n{class}\n{}", group + 1);
            usize::from(sm3(text.as_bytes())[0] % 4)
        };
        let takes = sizes(&left, count(class_count - class + 1), begin);
        for (at, stratum) in &strata {
            let taken = takes[at.0][at.1];
            let from = next.entry(*at).or_default();
            let to = (*from + usize::try_from(taken).unwrap_or(0)).min(stratum.len());
            for index in &stratum[*from..to] {
                classes[*index] = i32::try_from(class).unwrap_or(i32::MAX);
            }
            *from = to;
            left[at.0][at.1] -= taken;
        }
    }
    classes
}

/// The figures of each class.
pub fn figures(members: &[DrawMember], class_count: usize) -> Vec<DrawnClass> {
    let of_class = |class: usize| {
        let mut drawn = DrawnClass {
            class_index: i32::try_from(class).unwrap_or(i32::MAX),
            group_counts: vec![0; GROUPS],
            ..DrawnClass::default()
        };
        for member in members {
            if member.class_index == drawn.class_index {
                let (group, sex) = stratum(member);
                drawn.student_count += 1;
                drawn.group_counts[group] += 1;
                match sex {
                    0 => drawn.male_count += 1,
                    _ => drawn.female_count += 1,
                }
            }
        }
        drawn
    };
    (1..=class_count).map(of_class).collect()
}

/// What the next of `k` classes takes of each stratum: the floor of its share or one more, so that each sex, each group and all
/// together are rounded likewise.
fn sizes(left: &Table, k: i64, begin: impl Fn(usize) -> usize) -> Table {
    let rounding = Rounding::of(left, k);
    let mut memo = BTreeMap::new();
    let mut takes: Table = [[0; 2]; GROUPS];
    let mut more = [0, 0];
    for group in 0..GROUPS {
        let first = begin(group);
        let mut tried = (0..4).map(|turn| CHOICES[(first + turn) % 4]);
        let fits = |choice: &[i64; 2]| {
            let after = [more[0] + choice[0], more[1] + choice[1]];
            rounding.allows(group, *choice) && rounding.completes(group + 1, after, &mut memo)
        };
        let choice = tried.find(fits);
        debug_assert!(choice.is_some(), "a table can always be rounded");
        let choice = choice.unwrap_or_default();
        for sex in 0..2 {
            takes[group][sex] = left[group][sex] / k + choice[sex];
            more[sex] += choice[sex];
        }
    }
    takes
}

/// How many more than the floors each stratum, group and sex, and all together, may give.
struct Rounding {
    strata: Table,
    groups: [[i64; 2]; GROUPS],
    sexes: [[i64; 2]; 2],
    all: [i64; 2],
}

// === impl Rounding ===

impl Rounding {
    fn of(left: &Table, k: i64) -> Self {
        let range = |cells: &[i64]| {
            let floors: i64 = cells.iter().map(|cell| cell / k).sum();
            let all: i64 = cells.iter().sum();
            [all / k - floors, (all + k - 1) / k - floors]
        };
        let column = |sex: usize| left.map(|group| group[sex]);
        Self {
            strata: left.map(|group| group.map(|cell| i64::from(cell % k != 0))),
            groups: left.map(|group| range(&group)),
            sexes: [range(&column(0)), range(&column(1))],
            all: range(left.as_flattened()),
        }
    }

    fn allows(&self, group: usize, choice: [i64; 2]) -> bool {
        let [least, most] = self.groups[group];
        let strata = self.strata[group];
        choice[0] <= strata[0]
            && choice[1] <= strata[1]
            && (least..=most).contains(&(choice[0] + choice[1]))
    }

    /// Whether the groups from `group` on can be chosen so that sexes and all together come right.
    fn completes(
        &self,
        group: usize,
        more: [i64; 2],
        memo: &mut BTreeMap<(usize, [i64; 2]), bool>,
    ) -> bool {
        let within = |[least, most]: [i64; 2], value: i64| (least..=most).contains(&value);
        if group == GROUPS {
            return within(self.sexes[0], more[0])
                && within(self.sexes[1], more[1])
                && within(self.all, more[0] + more[1]);
        }
        if let Some(known) = memo.get(&(group, more)) {
            return *known;
        }
        let completes = CHOICES.iter().any(|choice| {
            let after = [more[0] + choice[0], more[1] + choice[1]];
            self.allows(group, *choice) && self.completes(group + 1, after, memo)
        });
        memo.insert((group, more), completes);
        completes
    }
}

fn line(member: &DrawMember) -> String {
    format!("{}\t{}\t{}\n", member.student, member.sex, member.group)
}

/// Group and sex from 0; what is out of range counts as the last.
fn stratum(member: &DrawMember) -> (usize, usize) {
    let place = |number: i32, most: usize| {
        usize::try_from(number - 1).map_or(most - 1, |number| number.min(most - 1))
    };
    (place(member.group, GROUPS), place(member.sex, 2))
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn member(number: u32, sex: i32, group: i32) -> DrawMember {
        DrawMember {
            student: uuid::Uuid::from_u128(u128::from(number) * 0x9E37_79B9_7F4A_7C15).to_string(),
            sex,
            group,
            class_index: 0,
        }
    }

    /// A roll of so many students in each stratum.
    fn roll(strata: &[u32]) -> Vec<DrawMember> {
        let mut members = Vec::new();
        for (index, count) in strata.iter().enumerate() {
            let (sex, group) = (index as i32 % 2 + 1, index as i32 / 2 + 1);
            for _ in 0..*count {
                members.push(member(members.len() as u32 + 1, sex, group));
            }
        }
        members
    }

    /// The differences between classes of whatever `key` tells students apart by.
    fn widest<K: Eq + std::hash::Hash>(
        members: &[DrawMember],
        classes: &[i32],
        class_count: usize,
        key: impl Fn(&DrawMember) -> K,
    ) -> usize {
        let mut counts: HashMap<K, Vec<usize>> = HashMap::new();
        for (member, class) in members.iter().zip(classes) {
            let of_key = counts
                .entry(key(member))
                .or_insert_with(|| vec![0; class_count]);
            of_key[*class as usize - 1] += 1;
        }
        let spread =
            |counts: &Vec<usize>| counts.iter().max().unwrap() - counts.iter().min().unwrap();
        counts.values().map(spread).max().unwrap_or(0)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn numbers_sexes_groups_and_groups_within_a_sex_differ_by_one_at_most_all_at_once(
            strata in proptest::collection::vec(0_u32..23, 12),
            class_count in 1_usize..13,
            seed in "[a-z]{16}",
        ) {
            let members = roll(&strata);
            let classes = deal(&members, class_count, &seed);
            prop_assert!(classes.iter().all(|class| (1..=class_count as i32).contains(class)));
            prop_assert!(widest(&members, &classes, class_count, |_| ()) <= 1);
            prop_assert!(widest(&members, &classes, class_count, |member| member.sex) <= 1);
            prop_assert!(widest(&members, &classes, class_count, |member| member.group) <= 1);
            prop_assert!(widest(&members, &classes, class_count, |member| (member.sex, member.group)) <= 1);
        }

        #[test]
        fn the_order_in_which_students_come_does_not_matter(
            strata in proptest::collection::vec(0_u32..9, 12),
            class_count in 1_usize..6,
        ) {
            let members = roll(&strata);
            let mut other_way = members.clone();
            other_way.reverse();
            let ((one, digest), (other, same)) = (list(&members), list(&other_way));
            prop_assert_eq!(digest, same);
            prop_assert_eq!(deal(&one, class_count, "seed"), deal(&other, class_count, "seed"));
        }
    }

    #[test]
    fn a_student_counts_for_the_first_group_that_fits() {
        let traits = Traits {
            disabled: true,
            migrant: true,
            boarder: true,
            ..Traits::default()
        };
        assert_eq!(traits.group(), Group::Disabled);
        let boarder = Traits {
            boarder: true,
            ..Traits::default()
        };
        assert_eq!(boarder.group(), Group::Boarder);
        assert_eq!(Traits::default().group(), Group::Other);
    }

    #[test]
    fn another_seed_is_another_draw() {
        let members = roll(&[9, 8, 0, 3, 0, 0, 0, 0, 0, 0, 20, 21]);
        assert_ne!(deal(&members, 3, "one"), deal(&members, 3, "two"));
        assert_eq!(deal(&members, 3, "one"), deal(&members, 3, "one"));
    }

    #[test]
    fn everybody_has_the_same_chance_of_every_class() {
        let members = roll(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 6]);
        let mut hits = [0; 3];
        for turn in 0..600 {
            let class = deal(&members, 3, &format!("seed {turn}"))[0];
            hits[class as usize - 1] += 1;
        }
        assert!(
            hits.iter().all(|hits| (150..=250).contains(hits)),
            "{hits:?}"
        );
    }

    #[test]
    fn the_figures_of_the_classes_add_up_to_the_list() {
        let mut members = roll(&[1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 10, 11]);
        let classes = deal(&members, 2, "seed");
        for (member, class) in members.iter_mut().zip(classes) {
            member.class_index = class;
        }
        let drawn = figures(&members, 2);
        let students: i32 = drawn.iter().map(|class| class.student_count).sum();
        assert_eq!(students, 31);
        for class in drawn {
            assert_eq!(class.male_count + class.female_count, class.student_count);
            assert_eq!(class.group_counts.iter().sum::<i32>(), class.student_count);
        }
    }
}
