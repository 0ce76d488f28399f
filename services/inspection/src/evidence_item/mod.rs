//! Evidence items 评估项目: what people answer with evidence. An item may ask for figures; where a threshold decides, the
//! answer must agree with it, so that nobody can call 79 % met where 80 % are demanded. A veto item (一票否决) is met when
//! nothing of the kind happened. What the county has signed is locked until a review gives it back.

pub mod encode;
pub mod error;
pub mod rpc;
pub mod rules;
pub mod store;
pub mod workflow;
