//! The promises of the frameworks, tested on the embedded data.

mod county_basic;
mod county_quality;
mod data;
mod gaps;
mod properties;
mod sample;
