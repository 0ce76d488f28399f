//! Grants to see masked fields (脱敏查阅授权). Identity numbers, student numbers, phones and addresses are masked in every answer;
//! who needs one in clear asks for a grant that says whose, which, what for, until when and how often. Somebody else who
//! answers for the same organisation, or one above it, grants it, and every look is counted and kept (least privilege,
//! approval by a responsible person and a log: 未成年人网络保护条例 36, 2023-10-16).

pub mod encode;
pub mod error;
mod reveal;
pub mod rpc;
pub mod rules;
mod steps;
pub mod store;
pub mod workflow;
