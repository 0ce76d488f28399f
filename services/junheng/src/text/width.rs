//! How many columns of a terminal a text takes.

/// Ranges of characters that take two columns (East Asian Wide and Fullwidth of UAX #11, as far as the suite prints them).
const WIDE: &[(char, char)] = &[
    ('\u{1100}', '\u{115f}'),
    ('\u{2e80}', '\u{303e}'),
    ('\u{3041}', '\u{33ff}'),
    ('\u{3400}', '\u{4dbf}'),
    ('\u{4e00}', '\u{9fff}'),
    ('\u{a000}', '\u{a4cf}'),
    ('\u{ac00}', '\u{d7a3}'),
    ('\u{f900}', '\u{faff}'),
    ('\u{fe30}', '\u{fe4f}'),
    ('\u{ff00}', '\u{ff60}'),
    ('\u{ffe0}', '\u{ffe6}'),
    ('\u{20000}', '\u{3fffd}'),
];

/// The columns that `text` takes.
pub fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn columns(character: char) -> usize {
    match character {
        '\0'..='\u{1f}' | '\u{7f}' | '\u{200b}'..='\u{200f}' | '\u{300}'..='\u{36f}' => 0,
        '\0'..='\u{10ff}' => 1,
        _ => {
            1 + usize::from(
                WIDE.iter()
                    .any(|(from, to)| (*from..=*to).contains(&character)),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_characters_and_punctuation_take_two_columns() {
        assert_eq!(width("城中区 630103"), 13);
        assert_eq!(width("达到,"), 5);
        assert_eq!(width("达到，"), 6);
        assert_eq!(width("≤0.65 m²"), 8);
        assert_eq!(width("𠮷·é"), 4);
    }
}
