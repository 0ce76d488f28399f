//! Plausible names by ethnicity (民族) and sex.
//!
//! Frequencies of surnames and of given-name characters are data; the parts of 藏族 and 蒙古族 names, which have
//! no surname, stand below. A few rare-character names are added to each county, since registers meet them.

use super::prng::Prng;

/// Surnames with their weight in per cent, below a header.
pub const SURNAMES: &str = include_str!("../../../data/names/surname_weight.tsv");
/// Characters of given names with their count among men and women, below a header.
pub const GIVEN: &str = include_str!("../../../data/names/given_char_freq.tsv");
const HARD: &str = include_str!("../../../data/names/hard_names.json");

/// GB/T 3304 codes and their share in a thousand. 青海 counted 57.7 % minorities in 2012; the split among
/// them is our own estimate.
#[rustfmt::skip]
const ETHNICITIES: &[(&str, u64)] = &[
    ("01", 423), // 汉族
    ("03", 240), // 回族
    ("04", 190), // 藏族
    ("30",  70), // 土族
    ("35",  45), // 撒拉族
    ("02",  25), // 蒙古族
    ("11",   7), // 满族
];

/// How names of an ethnicity are made, where not as 汉族 names are.
#[derive(Debug)]
pub enum Making {
    /// A surname of this list, with its weight, and a given name as 汉族 have it.
    Surname(&'static [(&'static str, u64)]),
    /// A first and a second part; the second by sex, male then female.
    Parts(&'static [&'static str], [&'static [&'static str]; 2]),
}

/// The ethnicities whose names are made otherwise.
#[rustfmt::skip]
pub const MAKINGS: &[(&str, Making)] = &[
    ("03", Making::Surname(&[("马", 55), ("韩", 8), ("冶", 8), ("李", 6), ("丁", 4), ("白", 4), ("米", 3), ("苏", 3), ("沙", 2), ("哈", 2), ("喇", 1)])),
    ("35", Making::Surname(&[("韩", 60), ("马", 25), ("沈", 4), ("何", 3)])),
    ("04", Making::Parts(
        &["扎西", "才让", "索南", "尕藏", "桑杰", "旦增", "仁青", "尼玛", "达瓦", "格桑", "久美", "完德", "华旦", "拉毛", "更藏", "周毛"],
        [&["多杰", "扎西", "顿珠", "东智", "南杰", "尖措", "次仁", "加", "才旦", "本"], &["卓玛", "措", "吉", "央金", "卓嘎", "措毛", "草", "拉姆"]],
    )),
    ("02", Making::Parts(
        &["巴图", "乌兰", "斯琴", "阿拉坦", "娜仁", "苏和", "孟和", "额尔登"],
        [&["巴特尔", "吉日格", "巴雅尔", "朝鲁", "布和"], &["其其格", "高娃", "图雅", "萨娜"]],
    )),
];

/// A person's name and ethnicity.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// 姓名.
    pub name: String,
    /// 民族, GB/T 3304.
    pub ethnicity: &'static str,
}

/// The name tables, read once.
#[derive(Debug)]
pub struct Namer {
    surnames: Vec<(&'static str, u64)>,
    /// Characters of given names, male then female.
    given: [Vec<(&'static str, u64)>; 2],
    hard: Vec<String>,
}

impl Namer {
    /// Reads the tables.
    pub fn new() -> Self {
        let surname = |line: &'static str| {
            let (name, percent) = line.split_once('\t')?;
            // Two decimals of a per cent at most, so ten-thousandths are whole.
            let weight: f64 = percent.parse().ok()?;
            Some((name, (weight * 10_000.0).round() as u64))
        };
        let given = |column: usize| {
            let entry = move |line: &'static str| {
                let mut fields = line.split('\t');
                let name = fields.next()?;
                Some((name, fields.nth(column)?.parse().ok()?))
            };
            GIVEN.lines().skip(1).filter_map(entry).collect()
        };
        let hard: Vec<String> = serde_json::from_str(HARD).unwrap_or_default();
        Self {
            surnames: SURNAMES.lines().skip(1).filter_map(surname).collect(),
            given: [given(0), given(1)],
            hard: hard.into_iter().filter(|name| acceptable(name)).collect(),
        }
    }

    /// The rare-character names, each to be given once.
    pub fn hard(&self) -> Vec<Named> {
        let ethnicity = |name: &str| if name.contains('·') { "05" } else { "01" };
        self.hard
            .iter()
            .map(|name| Named {
                ethnicity: ethnicity(name),
                name: name.clone(),
            })
            .collect()
    }

    /// Draws a name for a person of this sex (1 male, 2 female).
    pub fn draw(&self, sex: u8, chance: &mut Prng) -> Named {
        let ethnicity = chance.weighted(ETHNICITIES).copied().unwrap_or("01");
        let female = usize::from(sex == 2);
        let name = match MAKINGS.iter().find(|entry| entry.0 == ethnicity) {
            Some((_, Making::Parts(firsts, seconds))) => parts(firsts, seconds[female], chance),
            Some((_, Making::Surname(surnames))) => self.full(surnames, female, chance),
            None => self.full(&self.surnames, female, chance),
        };
        Named { name, ethnicity }
    }

    fn full(&self, surnames: &[(&str, u64)], female: usize, chance: &mut Prng) -> String {
        let surname = chance.weighted(surnames).copied().unwrap_or_default();
        // About one given name in eight has a single character.
        let length = if chance.chance(125) { 1 } else { 2 };
        let characters = (0..length).filter_map(|_| chance.weighted(&self.given[female]).copied());
        [surname].into_iter().chain(characters).collect()
    }
}

impl Default for Namer {
    fn default() -> Self {
        Self::new()
    }
}

fn parts(firsts: &[&str], seconds: &[&str], chance: &mut Prng) -> String {
    let first = firsts[chance.index(firsts.len())];
    let others: Vec<&&str> = seconds.iter().filter(|&&second| second != first).collect();
    format!("{first}{}", others[chance.index(others.len())])
}

/// Two characters or more, all Han, but for interpuncts inside.
fn acceptable(name: &str) -> bool {
    let han = |c: char| matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}');
    name.chars().count() > 1
        && name
            .split('·')
            .all(|part| !part.is_empty() && part.chars().all(han))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_read_whole() {
        let namer = Namer::new();
        assert_eq!(namer.surnames.len(), 399);
        assert!(namer.given[0].len() > 1_000);
        assert!(namer.hard.contains(&"王𠮷".to_owned()));
        assert!(namer.hard.contains(&"买买提·吐尔逊".to_owned()));
    }

    #[test]
    fn names_that_no_register_accepts_are_left_out() {
        for name in ["乜", "王 五", "刘·", "陈Ａ", "O’Brien", "张\u{200b}三"] {
            assert!(!acceptable(name), "{name}");
        }
    }
}
