//! Registration through its service, in one process on SQLite: what the rooms promise each other. The suite in `tests/` tells
//! the same kinds of stories through the gateway and on both databases.

#![allow(missing_docs, reason = "tests")]

mod admitted;
mod comparisons;
mod dropout;
mod dropout_control;
mod dropout_history;
mod notices;
mod population;
mod probes;
mod returns;
mod rooms;
mod second_records;
mod support;
