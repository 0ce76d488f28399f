//! The figures that inspection takes from registration: pupils, classes and the largest class of each school and stage
//! (县域义务教育均衡发展督导评估, 教督〔2012〕3号 and 教督〔2017〕6号 count pupils per stage and class sizes).

pub mod rpc;
mod rules;
mod store;
