//! How far a long command is: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Where there is no terminal, a line each time so many parts of the whole are done.
const LINES: u64 = 4;

/// The progress of one command. Clones show the same.
#[derive(Clone)]
pub struct Progress(Arc<Shown>);

enum Shown {
    Bar(ProgressBar),
    Lines {
        label: String,
        total: u64,
        done: AtomicU64,
    },
}

// === impl Progress ===

impl Progress {
    /// Begins with `total` things to do; 0 when nobody knows how many.
    pub fn begin(label: &str, total: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(Arc::new(Shown::Lines {
                label: label.to_owned(),
                total,
                done: AtomicU64::new(0),
            }));
        }
        let template = match total {
            0 => "  {spinner} {prefix} {human_pos} {msg}",
            _ => "  {prefix} {bar:30} {human_pos}/{human_len} {per_sec} {msg}",
        };
        let bar = if total == 0 {
            ProgressBar::no_length()
        } else {
            ProgressBar::new(total)
        };
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(label.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(Arc::new(Shown::Bar(bar)))
    }

    /// `count` more are done.
    pub fn advance(&self, count: u64) {
        match &*self.0 {
            Shown::Bar(bar) => bar.inc(count),
            Shown::Lines { label, total, done } => {
                let before = done.fetch_add(count, Ordering::Relaxed);
                let part = |done: u64| (done * LINES).checked_div(*total).unwrap_or(0);
                if part(before + count) > part(before) {
                    eprintln!("  {label}: {} of {total}", before + count);
                }
            }
        }
    }

    /// What is being done now, when it takes long.
    pub fn say(&self, what: &str) {
        match &*self.0 {
            Shown::Bar(bar) => bar.set_message(what.to_owned()),
            Shown::Lines { label, .. } => eprintln!("  {label}: {what}"),
        }
    }

    /// Takes a bar off the screen.
    pub fn end(&self) {
        if let Shown::Bar(bar) = &*self.0 {
            bar.finish_and_clear();
        }
    }
}
