//! The rates by which dropout control is judged 控辍保学指标: dropout, retention and entry, as the documents define them: each formula names its own.
//!
//! A formula is a row of a table ([`formula`]): signed inputs above and below. An input is a number of the records with the request
//! that lists its rows; one that is not on record says so, and then the rate says nothing. Control lines are dated rules.

mod attending;
pub mod formula;
mod inputs;
mod lists;
pub mod population;
pub mod rpc;
pub mod rules;
mod store;
