//! The figures that inspection judges the conditions of schools by (基础数据), summed over a school's sites.
//!
//! Sites of one stage are summed there; sites that the stages share are summed without a stage and divided where they are
//! judged. A school without sites has entered nothing and gives no figure, which is another thing than zero.

pub mod rpc;
pub mod table;
