//! Registration through its service, in one process on SQLite: what the rooms promise each other. The suite in `tests/` tells
//! the same kinds of stories through the gateway and on both databases.

#![allow(missing_docs, reason = "tests")]

mod admitted;
mod away_again;
mod closing;
mod comparisons;
mod corrected;
mod dropout;
mod dropout_control;
mod dropout_history;
mod dropout_reports;
mod dropout_roads;
mod first_grade;
mod held;
mod intake;
mod leaves;
mod newcomers;
mod notices;
mod once_and_twice;
mod one_case;
mod one_summer;
mod outsiders;
mod partners;
mod population;
mod probes;
mod reshaped;
mod returns;
mod rooms;
mod school_says;
mod second_records;
mod standing_reports;
mod support;
mod watch_lists;
mod year_turn;
