//! Names as they are searched for (姓名检索). The name itself is kept exactly as the household register has it; the key
//! forgets what people write differently: the kind of interpunct, blanks, width, case and the form of a rare character.

use junheng_kernel::privacy::BlindIndex;

/// Marks between the parts of a name, as they are typed: 买买提·艾力, 买买提•艾力, O’Brien …
const MARKS: &[char] = &[
    '·', '•', '・', '･', '‧', '∙', '⋅', '.', '-', '‐', '‑', '\'', '’', '‘', '`', 'ʼ', '′',
];

/// The marks among them that part the name of a minority; an apostrophe or a hyphen does not.
const PARTING: &[char] = &['·', '•', '・', '･', '‧', '∙', '⋅', '.'];

/// What of a name is compared.
pub(crate) fn normalize(name: &str) -> String {
    name.chars()
        .map(half_width)
        .filter(|character| !character.is_whitespace() && !MARKS.contains(character))
        .filter(|character| !is_variation(*character) && !is_zero_width(*character))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The key of a name: 8 bytes of its keyed hash. Two names can share it; who searches compares the names too.
pub(crate) fn of(index: &BlindIndex, name: &str) -> i64 {
    key(index, "student.name", name)
}

/// The key by which a name in parts is found by its first.
pub(super) fn of_part(index: &BlindIndex, part: &str) -> i64 {
    key(index, "student.name_part", part)
}

/// The key of the first part of a name; `None` for a name without parts.
pub(super) fn of_first_part(index: &BlindIndex, name: &str) -> Option<i64> {
    first_part(name).map(|part| of_part(index, &part))
}

/// Whether a name is the one typed, or begins with it as its first part.
pub(super) fn matches(name: &str, typed: &str) -> bool {
    let typed = normalize(typed);
    normalize(name) == typed || first_part(name).is_some_and(|part| normalize(&part) == typed)
}

fn first_part(name: &str) -> Option<String> {
    let plain: String = name.chars().map(half_width).collect();
    let (first, rest) = plain.split_once(PARTING)?;
    let whole = normalize(first).is_empty() || normalize(rest).is_empty();
    (!whole).then(|| first.to_owned())
}

fn key(index: &BlindIndex, domain: &'static str, name: &str) -> i64 {
    let hash = index.index(domain, &normalize(name));
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(first)
}

/// Full-width letters, digits and marks (Ａ, １, ．) as their ordinary ones.
fn half_width(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
        }
        _ => character,
    }
}

/// Chooses between forms of one character; typed by few, printed by some.
fn is_variation(character: char) -> bool {
    matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Comes along when a name is copied from a web page; no name may hold it, but who searches with it means the name.
fn is_zero_width(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use junheng_kernel::privacy::Keyring;

    use super::*;

    #[test]
    fn writings_of_one_name_meet_and_other_names_do_not() {
        for (one, other) in [
            ("买买提·艾力", "买买提•艾力"),
            ("买买提·艾力", "买买提 艾力"),
            ("买买提·艾力", "买买提．艾力"),
            ("买买提·艾力", "买买提･艾力"),
            ("陈Ａ", "陈a"),
            ("O’Brien", "o'brien"),
            ("葛\u{E0100}", "葛"),
            ("张三", "张\u{200B}三"),
            ("李四", "李　四"),
        ] {
            assert_eq!(normalize(one), normalize(other), "{one} {other}");
        }
        assert_ne!(normalize("王𠮷"), normalize("王吉"));
        assert_ne!(normalize("㛃晓雅"), normalize("晓雅"));
    }

    #[test]
    fn a_name_in_parts_is_found_by_its_first_part_and_another_is_not() {
        let name = "阿卜杜外力·阿卜杜如苏力";
        for typed in ["阿卜杜外力", "阿卜杜外力•", "阿卜杜外力阿卜杜如苏力", name]
        {
            assert!(matches(name, typed), "{typed}");
        }
        assert!(!matches(name, "阿卜杜如苏力"));
        assert!(!matches(name, "阿卜杜"));
        assert!(!matches("张三", "张"));
        assert!(!matches("O’Brien", "O"), "an apostrophe parts no name");
    }

    #[test]
    fn only_a_name_in_parts_has_the_key_of_a_part() {
        let keys = Keyring::generate().unwrap();
        let index = keys.blind_index().unwrap();
        assert_eq!(of_first_part(index, "张三丰"), None);
        assert_eq!(of_first_part(index, "刘·"), None);
        assert_eq!(
            of_first_part(index, "买买提·吐尔逊"),
            Some(of_part(index, "买买提"))
        );
        assert_ne!(of_part(index, "买买提"), of(index, "买买提"));
    }
}
