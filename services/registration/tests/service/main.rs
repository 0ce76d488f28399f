//! Registration through its service, in one process on SQLite: what the rooms promise each other. The suite in `tests/` tells
//! the same kinds of stories through the gateway and on both databases.

#![allow(missing_docs, reason = "tests")]

mod admitted;
mod allowances;
mod away_again;
mod claims;
mod closing;
mod comparisons;
mod corrected;
mod dropout;
mod dropout_control;
mod dropout_history;
mod dropout_reports;
mod dropout_roads;
mod first_grade;
mod forecasts;
mod held;
mod intake;
mod leaves;
mod listed_students;
mod lists;
mod long_lists;
mod marks;
mod newcomers;
mod notices;
mod once_and_twice;
mod one_case;
mod one_summer;
mod outsiders;
mod papers;
mod partners;
mod population;
mod probes;
mod reshaped;
mod returns;
mod rooms;
mod school_says;
mod second_records;
mod set_aside;
mod slow_readers;
mod standing_reports;
mod support;
mod told_children;
mod watch_lists;
mod year_turn;
