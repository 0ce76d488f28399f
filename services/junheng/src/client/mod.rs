//! The commands that work as clients of the gateway: they can do nothing that another client could not.

mod approved_export;
mod call;
mod cells;
mod errors;
mod export;
mod import;
mod kind;
mod progress;
mod refusal;
mod session;
pub mod verdicts;
mod wire;

pub use call::call;
pub use export::export;
pub use import::{Batch, import, send, stream};
pub use kind::{Field, Kind};
pub use progress::Progress;
pub use refusal::Refusal;
pub use session::{Account, Authorized, Session, post_of};
