//! Transfers 转学 (中小学生学籍管理办法, 教基一〔2013〕7号, 教基〔2025〕1号). The guardian asks the receiving school, and only that
//! school begins: no school may order a pupil away, nor expel (义务教育法 27). Each route has its own table in [`workflow`],
//! row for row in the order of the regulation; each party acts within ten working days of its own, and silence approves
//! nothing: what is overdue is shown as such.
//!
//! The record stays with the old school until the receiving school has confirmed the file (档案移交); then it moves in one
//! transaction, with the history of both schools. A school of another province is named in words, and the province's clerk
//! records its steps with what proves them.
//!
//! Invariants:
//! - a pupil has at most one open transfer (`open_key` is unique),
//! - the receiving school learns of a record only what it has said itself: number, name and date of birth must all agree,
//! - what a place adds to the rules (leave, entry and leaving grades, full classes) is dated data in [`block`].

mod begin;
pub mod block;
mod complete;
mod encode;
pub mod error;
mod facts;
pub mod rpc;
pub mod rules;
mod steps;
pub mod store;
pub mod workflow;

pub(crate) use complete::seated;
