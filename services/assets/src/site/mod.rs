//! Sites 校园. A school has one site or several; each carries what the indicators of basic balance (2012) and quality
//! balance (2017) measure: rooms, sports grounds, equipment, computers, books, network multimedia classrooms.
//!
//! A site that one stage uses alone counts there whole; a site shared by the stages of a mixed school is divided among
//! them by weighted pupils where it is judged (calculation notes of both measures), so that here it stays undivided.
//! The name is unique in the school and stays: together with the school it tells an import which site a row means.

mod bounds;
pub mod error;
mod import;
pub mod rpc;
pub mod rules;
pub mod store;
