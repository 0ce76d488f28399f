//! Admission 招生: the yearly list of a school, from the plan to the arrival of the children.
//!
//! Children enter compulsory school at six, near home and without examination (义务教育法 11, 12); disabled children may enter
//! later (残疾人教育条例 14). The contract has no field for marks. Migrant children (随迁子女) stand on the same list by the same
//! conditions: their families are asked for no document beyond a dated list, and where there are more children than places the
//! draw does not ask who is whose.
//!
//! - A child stands on one list of a year in the whole province; the keyed hash of the document decides it at the write.
//!   Who is not drawn is free for another list once the county has confirmed the first, and who was admitted and does not come once
//!   the county has released the place.
//! - The source of a draw's seed is named when the list is closed, before anybody can know what it will give.
//! - A record is a result of enrolment: who has arrived is registered by [`enrol`], without a class until the class draw. Who
//!   was admitted and has not arrived is a list.

pub(crate) mod child;
mod counts;
mod draw;
mod enrol;
mod entries;
pub mod error;
mod leave;
pub mod rpc;
pub mod rules;
mod steps;
pub mod store;
pub mod workflow;
