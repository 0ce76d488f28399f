//! What officers write beside a step: the note, and the reason for giving something back. Pure.

use junheng_kernel::fault::Violation;
use junheng_kernel::text::check_lines;

/// The longest note.
const MOST_NOTE: usize = 1_000;
/// The longest reason.
const MOST_REASON: usize = 500;

/// Everything that is wrong with a note, which may be empty.
pub fn check_note(note: &str) -> Vec<Violation> {
    let mut wrong: Vec<_> = check_lines("note", note).into_iter().collect();
    if note.chars().count() > MOST_NOTE {
        wrong.push(Violation::invalid(
            "note",
            format!("must have at most {MOST_NOTE} characters"),
            format!("不得超过{MOST_NOTE}字"),
        ));
    }
    wrong
}

/// Everything that is wrong with a reason.
pub fn check_reason(field: &str, reason: &str) -> Vec<Violation> {
    let mut wrong: Vec<_> = check_lines(field, reason).into_iter().collect();
    if !(2..=MOST_REASON).contains(&reason.trim().chars().count()) {
        wrong.push(Violation::invalid(
            field,
            format!("must say in 2 to {MOST_REASON} characters what is to be put right"),
            format!("应以2至{MOST_REASON}字说明需整改的内容"),
        ));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_is_of_visible_characters_and_not_too_long() {
        assert!(check_note("").is_empty());
        assert!(check_note("一\n二").is_empty());
        assert_eq!(check_note("一\0二").len(), 1);
        assert_eq!(check_note(&"字".repeat(1_001)).len(), 1);
        assert!(check_reason("reason", "请核实").is_empty());
        assert_eq!(check_reason("reason", " 核 ").len(), 1);
        assert_eq!(check_reason("reason", "请\0核实").len(), 1);
    }
}
