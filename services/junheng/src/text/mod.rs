//! Text for terminals: columns that stay aligned when Chinese and Latin characters mix.

mod grid;
mod width;

pub use grid::{Align, Grid};
