//! Rows that wait for a parent which nobody has registered (待处理数据).
//!
//! A school sends its pupils before the county has registered the class, a county before the new school has its code: such
//! rows are right but early. They are kept, sealed as they were sent, with who sent them in which post. As soon as the
//! parent is registered they are judged again in the name of that post and go in through the same writer as an import; what
//! is wrong otherwise then stays, under its new cause, for somebody to correct or discard.

mod drain;
pub mod rpc;
mod sent;
mod set_aside;
mod store;

use std::sync::Arc;

use junheng_kernel::service::Context;
use tokio::sync::Notify;

use crate::student::first_load::FirstLoad;
pub(crate) use sent::Sent;
pub(crate) use set_aside::{Collection, Origin, set_aside};

/// Wakes the task that lets rows in whose cause is mended.
#[derive(Clone, Debug, Default)]
pub struct Quarantine {
    wake: Arc<Notify>,
}

// === impl Quarantine ===

impl Quarantine {
    /// Starts the task. It looks once at the start, so that what a crash left is done, whenever it is woken, and now and
    /// then for what another replica has registered.
    pub(crate) fn watch(context: &Context, load: &FirstLoad) -> Self {
        let quarantine = Self::default();
        let (context, load, wake) = (context.clone(), load.clone(), quarantine.wake.clone());
        context
            .tasks
            .clone()
            .spawn(async move { drain::keep_draining(&context, &load, &wake).await });
        quarantine
    }

    /// A parent may have come, or rows whose parent came in the meantime.
    pub fn look_again(&self) {
        self.wake.notify_one();
    }
}
