//! The results: a table for people, JSON for programs.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

/// The unit of a promise.
const HOLDS: &str = "holds";

/// How good is good enough.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// The value must reach the first number and aims at the second.
    AtLeast(f64, f64),
    /// The value must not exceed this.
    AtMost(f64),
    /// A figure to know.
    None,
}

/// One line of the table.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    value: f64,
    unit: &'static str,
    bound: Bound,
    detail: Value,
}

/// All lines.
#[derive(Clone, Debug, Default)]
pub struct Report {
    lines: Vec<Line>,
    broken: Vec<String>,
}

// === impl Bound ===

impl Bound {
    fn judge(self, value: f64) -> &'static str {
        match self {
            Self::AtLeast(_, aim) if value >= aim => "aim",
            Self::AtLeast(must, _) if value >= must => "must",
            Self::AtMost(most) if value <= most => "must",
            Self::None => "",
            Self::AtLeast(..) | Self::AtMost(_) => "MISSED",
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(must, aim) if aim > must => {
                format!(">= {} / {}", short(must), short(aim))
            }
            Self::AtLeast(must, _) => format!(">= {}", short(must)),
            Self::AtMost(most) => format!("<= {}", short(most)),
            Self::None => String::new(),
        }
    }
}

// === impl Report ===

impl Report {
    /// Adds a figure and says it at once, for a run takes long.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        bound: Bound,
        detail: Value,
    ) {
        let name = name.into();
        eprintln!("  {name}: {} {unit} {}", short(value), bound.judge(value));
        self.lines.push(Line {
            name,
            value,
            unit,
            bound,
            detail,
        });
    }

    /// Something that must hold, whatever the times.
    pub fn hold(&mut self, promise: &str, holds: bool, detail: Value) {
        eprintln!("  {promise}: {}", if holds { "yes" } else { "NO" });
        if !holds {
            self.broken.push(format!("{promise}: {detail}"));
        }
        self.lines.push(Line {
            name: promise.to_owned(),
            value: f64::from(u8::from(holds)),
            unit: HOLDS,
            bound: Bound::AtLeast(1.0, 1.0),
            detail,
        });
    }

    /// How many promises held, and how many did not.
    pub fn promises(&self) -> (usize, usize) {
        let promised = self.lines.iter().filter(|line| line.unit == HOLDS).count();
        (promised - self.broken.len(), self.broken.len())
    }

    /// What did not hold.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// Prints the table.
    pub fn print(&self) {
        let width = self.lines.iter().map(|line| line.name.chars().count());
        let width = width.max().unwrap_or_default();
        println!(
            "\n{:width$}  {:>12} {:8}  {:>18}  met",
            "benchmark", "value", "", "must / aim"
        );
        for line in &self.lines {
            println!(
                "{:width$}  {:>12} {:8}  {:>18}  {}",
                line.name,
                short(line.value),
                line.unit,
                line.bound.text(),
                line.bound.judge(line.value)
            );
        }
    }

    /// Writes the JSON file.
    pub fn write(&self, path: &Path, machine: &Value) -> anyhow::Result<()> {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                json!({
                    "name": line.name,
                    "value": line.value,
                    "unit": line.unit,
                    "bound": line.bound.text(),
                    "met": line.bound.judge(line.value),
                    "detail": line.detail,
                })
            })
            .collect();
        let text = serde_json::to_string_pretty(&json!({ "machine": machine, "results": lines }))?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// Four digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1_000.0 => format!("{value:.0}"),
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
