//! Campaigns 督导任务: the inspection of one county under one framework, from the notice to the published verdict.
//!
//! The chain is that of 教督〔2012〕3号 and 教督〔2017〕6号: schools report, the county assesses itself (县级自评), the city
//! reviews (市级复核), the province evaluates (省级评估), publishes for objections (公示) and announces (公布); the steps of
//! the nation are beyond this system. States and days are our own proposal where no text gives them (a rule of this system).
//!
//! - The county's signature freezes reports and items. A review returns single parts with a reason; the rest stays
//!   signed, and nobody passes the campaign on while a returned part is open.
//! - Every submission keeps a snapshot of verdict and figures. What is published is the snapshot, never a new computation.
//! - A level that the county does not have (省直辖县) is passed over by rule, and the history says so.

mod draft;
pub mod error;
mod facts;
mod moves;
pub mod rpc;
pub mod rules;
mod steps;
pub mod store;
pub mod workflow;
