//! Forecast 生源预测: pupils and places for six school years ahead, so that places are built before the children come.
//!
//! Entrants come from births and residents by place, the other grades from those before them by survival rates of the own
//! record: what was frozen of one year against what stood in the next. Every figure is a whole number, rounded half up at each
//! step, so that it can be computed by hand from those before; every assumption is told. The formulas stand in the contract.

pub mod error;
mod gaps;
pub mod rpc;
pub mod rules;
pub mod store;
mod unit;
