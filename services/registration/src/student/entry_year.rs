//! The school year in which a new student entered the stage: as given, or as the grade says it. Before September a grade says
//! the year that ends, unless the class has been promoted: who is registered ahead of the first day is given the year that
//! comes.

use chrono::NaiveDate;
use junheng_kernel::error::KernelError;
use junheng_kernel::fault::Violation;
use junheng_kernel::region::RegionTable;

use super::rules;
use crate::approval;
use crate::entity::school_class;
use crate::rule_book::{RegionPath, RuleBook};
use crate::school_class::rules as classes;

/// The year for a student of a class, 0 when none was given, or what is wrong with the one that was.
pub(super) fn judged(
    regions: &RegionTable,
    class: &school_class::Model,
    given: i32,
    today: NaiveDate,
) -> Result<Result<i32, Violation>, KernelError> {
    let of_grade = classes::entered(class, today);
    if given == 0 {
        return Ok(Ok(of_grade));
    }
    let book = RuleBook::builtin()?;
    let path = RegionPath::of(regions, &approval::region_of(class.place));
    let earlier = book.rule("entry.most_years_earlier", &path, today)?;
    let later = book.rule("entry.most_years_later", &path, today)?;
    let (earlier, later) = (earlier.count()?, later.count()?);
    let wrong = rules::check_entry_year(given, of_grade, earlier, later);
    Ok(wrong.map_or(Ok(given), Err))
}
