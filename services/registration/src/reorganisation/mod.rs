//! Reorganisations of the network of schools 学校布局调整: opening, renaming, change of kind, merger, split, closure.
//!
//! A school keeps its code for life, under any name; a change of kind or a closure ends the code, and an old code is never
//! given again (学校代码编制规则, V). Before a rural school is closed, a plan is made, argued, put before the public and approved
//! (国办发〔2012〕48号, R+), and a school that closes needs one that stands to receive its students (先建后撤). When the day has
//! come, and its teachers and sites are with other schools (each service that keeps some is asked), school, classes and students change in one transaction; classes keep their identity, so their history follows.
//!
//! The lineage (沿革) keeps which school went into which, so that the five years of figures that inspections ask for stay
//! whole over it.

mod copies;
pub mod error;
mod execute;
mod moves;
pub mod obstacles;
mod open;
mod recode;
pub mod rpc;
pub mod rules;
pub(crate) mod series;
mod steps;
pub mod store;
pub mod workflow;
pub(crate) mod yearbook;
