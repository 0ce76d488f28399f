//! What is left of personal data on screen. Masks have a fixed number of stars, so that they do not tell the length.

/// Stands for a value too short to keep anything of.
const HIDDEN: &str = "***";

/// Identity number: first and last character kept, `6***4`. Three characters or fewer: all hidden. Empty stays empty.
pub fn identity_number(number: &str) -> String {
    let number = number.trim();
    let mut characters = number.chars();
    match (characters.next(), characters.next_back()) {
        (None, _) => String::new(),
        (Some(first), Some(last)) if characters.count() > 1 => format!("{first}***{last}"),
        _ => HIDDEN.to_owned(),
    }
}

/// Name: first character kept, `王**`; of a name in parts (买买提·艾力) the first part's first character. Empty stays empty.
pub fn name(name: &str) -> String {
    let parts = name.split(['·', '•', '・', '.']);
    let first = parts.map(str::trim).find_map(|part| part.chars().next());
    first.map(|first| format!("{first}**")).unwrap_or_default()
}

/// Phone number: `138****5678` of a mobile number (with or without +86); of any other number of 7 digits or more the last two,
/// `****56`; else all hidden. Empty stays empty.
pub fn phone(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let national = match digits.strip_prefix("86") {
        Some(rest) if rest.len() == 11 => rest,
        _ => digits.as_str(),
    };
    match national.len() {
        _ if phone.trim().is_empty() => String::new(),
        11 if national.starts_with('1') => format!("{}****{}", &national[..3], &national[7..]),
        7.. => format!("****{}", &national[national.len() - 2..]),
        _ => HIDDEN.to_owned(),
    }
}

/// Address: province, city and county kept, the rest hidden: `青海省西宁市城中区****`. What does not begin with such names is
/// hidden whole. Empty stays empty.
pub fn address(address: &str) -> String {
    let address = address.trim();
    if address.is_empty() {
        return String::new();
    }
    let mut kept = 0;
    while let Some((length, reached_county)) = leading_region(&address[kept..]) {
        kept += length;
        if reached_county {
            break;
        }
    }
    format!("{}****", &address[..kept])
}

// === address segments ===

/// Endings of region names above the county, longest first, then those of counties.
const UPPER: &[&str] = &[
    "特别行政区",
    "自治区",
    "自治州",
    "地区",
    "省",
    "市",
    "盟",
    "州",
];
const COUNTY: &[&str] = &["自治县", "自治旗", "新区", "林区", "县", "区", "旗"];
/// Characters that show that the text has gone below the county.
const BELOW: &str = "镇乡街道路村巷号组栋弄社屯小校园院室楼";
/// Places that end like a county and are none: a housing estate, a campus.
const ESTATES: &[&str] = &["小区", "社区", "校区", "院区", "园区"];
/// No region name is longer, in characters (双江拉祜族佤族布朗族傣族自治县 has 15).
const LONGEST: usize = 16;

/// The region name the text begins with: its length in bytes, and whether it is a county. `None` where there is no such name.
fn leading_region(text: &str) -> Option<(usize, bool)> {
    // A name has two characters or more, so that no ending is looked for at the first.
    for (at, character) in text.char_indices().take(LONGEST).skip(1) {
        let rest = &text[at..];
        let after = &rest[character.len_utf8()..];
        if let Some(ending) = starts_with_any(rest, UPPER) {
            return Some((at + ending.len(), false));
        }
        if let Some(ending) = starts_with_any(rest, COUNTY) {
            return Some((at + ending.len(), true));
        }
        // 新乡市, 武乡县, 镇平县: part of the name where an ending follows at once.
        let ends_next = starts_with_any(after, UPPER)
            .or(starts_with_any(after, COUNTY))
            .is_some();
        let below = BELOW.contains(character) && !ends_next;
        if below || starts_with_any(rest, ESTATES).is_some() || character.is_ascii_digit() {
            return None;
        }
    }
    None
}

fn starts_with_any<'a>(text: &str, endings: &[&'a str]) -> Option<&'a str> {
    endings
        .iter()
        .copied()
        .find(|ending| text.starts_with(ending))
}
