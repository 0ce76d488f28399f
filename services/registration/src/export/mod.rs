//! Exports of student records (学籍数据导出). Taking records out of the system needs the written approval of the education
//! department in charge (主管部门, 中小学生学籍管理办法, 教基一〔2013〕7号, R+). Who asked downloads it, within days, and every
//! download is recorded before its first byte. The file is made while it is sent, page by page from one moment of the
//! database, so that no copy stays on the server and memory does not grow with it.
//!
//! The file is CSV. Its last column and its last line name who took it, when and by which export; a cell that a
//! spreadsheet would run as a formula gets an apostrophe; fields that can be masked are, unless the approval names them.

mod columns;
mod content;
mod download;
pub mod encode;
pub mod error;
mod file;
pub mod rpc;
pub mod rules;
mod steps;
pub mod store;
pub mod turns;
pub mod workflow;
