//! Text that people write: names, notes, reasons, statements. It is shown on screens and printed in reports, so that
//! nothing in it may be invisible; U+0000 cannot even be stored in a PostgreSQL column.

use std::ops::RangeInclusive;

use crate::fault::Violation;

/// Characters that change the order of others or show nothing. Variation selectors are none: they choose between forms of
/// a rare character.
const INVISIBLE: [RangeInclusive<char>; 5] = [
    '\u{200B}'..='\u{200F}',
    '\u{2028}'..='\u{202E}',
    '\u{2060}'..='\u{206F}',
    '\u{FEFF}'..='\u{FEFF}',
    '\u{FFFD}'..='\u{FFFD}',
];

/// What is wrong with a text of one line: control characters and those that show nothing. Its length is its field's
/// business.
pub fn check_text(field: &str, text: &str) -> Option<Violation> {
    let line = |character: char| character.is_control() || is_invisible(character);
    text.chars().any(line).then(|| refusal(field))
}

/// The same for a text of several lines, which may hold line breaks and tabs.
pub fn check_lines(field: &str, text: &str) -> Option<Violation> {
    let control = |character: char| character.is_control() && !"\n\r\t".contains(character);
    let any = text
        .chars()
        .any(|character| control(character) || is_invisible(character));
    any.then(|| refusal(field))
}

fn is_invisible(character: char) -> bool {
    INVISIBLE.iter().any(|range| range.contains(&character))
}

fn refusal(field: &str) -> Violation {
    Violation::invalid(
        field,
        "must not contain control characters or characters that show nothing",
        "不得含有控制字符或不可见字符",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_shows_nothing_is_refused_and_a_rare_one_is_not() {
        for text in [
            "王\u{0}明",
            "王\u{7}",
            "\u{200B}王",
            "王\u{202E}明",
            "王\n明",
        ] {
            assert!(check_text("display_name", text).is_some(), "{text:?}");
        }
        for text in ["", "𠮷野", "葛\u{E0100}城", "扎西·多吉", "a b"] {
            assert_eq!(check_text("display_name", text), None, "{text:?}");
        }
    }

    #[test]
    fn a_text_of_several_lines_keeps_its_line_breaks() {
        assert_eq!(check_lines("note", "一\r\n\t二"), None);
        assert!(check_lines("note", "一\u{0}二").is_some());
    }
}
