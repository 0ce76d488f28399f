//! What to measure, from the command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::stages::STAGES;

/// How much of each.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// Whether this is a run for the tests: tiny, in a debug build, with no word on times.
    pub short: bool,
    /// Pupils of the provinces to fill, smallest first.
    pub pupils: Vec<u64>,
    /// Only these benchmarks.
    pub only: Vec<String>,
    /// Where the results go.
    pub out: PathBuf,
    /// Rows of the import into a province that has pupils already, and of the one that is cut off.
    pub rows: u64,
    /// Rows of the files whose import's memory is measured.
    pub files: Vec<u64>,
    /// For how long single registrations are measured.
    pub time: Duration,
    /// Callers who register at once.
    pub clients: usize,
    /// Who race for one child.
    pub racers: usize,
    /// Calls of each list, and pages that are turned.
    pub calls: usize,
    /// Deep pages.
    pub pages: usize,
    /// Calls of the statistics.
    pub counts: usize,
}

// === impl Arguments ===

impl Arguments {
    /// Reads `--short`, `--pupils N,N`, `--only NAME,NAME` and `--out FILE`.
    pub fn read(words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        // First of all, wherever it stands: the others change what it sets.
        let (short, words): (Vec<String>, Vec<String>) = words.partition(|word| word == "--short");
        let mut read = match short.is_empty() {
            true => Self::full(),
            false => Self::short(),
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let value = words
                .next()
                .with_context(|| format!("{word} needs a value"))?;
            match word.as_str() {
                "--pupils" => read.pupils = numbers(&value)?,
                "--files" => read.files = numbers(&value)?,
                "--rows" => read.rows = value.parse()?,
                "--only" => read.only = value.split(',').map(str::to_owned).collect(),
                "--out" => read.out = value.into(),
                _ => bail!(
                    "{word} is not known; there are --short, --pupils, --rows, --files, --only, --out"
                ),
            }
        }
        for name in &read.only {
            let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
            ensure!(
                names.contains(&name.as_str()),
                "{name} is no benchmark; there are {}",
                names.join(", ")
            );
        }
        ensure!(!read.pupils.is_empty(), "--pupils needs a number");
        read.pupils.sort_unstable();
        Ok(read)
    }

    /// Whether a benchmark runs.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    /// The size at which what needs only one is measured: the one nearest to a million.
    pub fn main_size(&self) -> u64 {
        let far = |pupils: &&u64| pupils.abs_diff(1_000_000);
        self.pupils.iter().min_by_key(far).copied().unwrap_or(0)
    }

    fn full() -> Self {
        Self {
            short: false,
            pupils: vec![10_000, 1_000_000, 5_000_000],
            only: Vec::new(),
            out: "target/load/last.json".into(),
            rows: 200_000,
            files: vec![200_000, 1_000_000],
            time: Duration::from_secs(30),
            clients: 32,
            racers: 1_000,
            calls: 300,
            pages: 1_000,
            counts: 2_000,
        }
    }

    fn short() -> Self {
        Self {
            short: true,
            pupils: vec![600, 1_500],
            // Three sets, and enough for a first load that takes the indexes away.
            rows: 6_000,
            files: vec![300, 600],
            time: Duration::from_secs(2),
            clients: 8,
            racers: 60,
            calls: 10,
            pages: 10,
            counts: 20,
            ..Self::full()
        }
    }
}

fn numbers(text: &str) -> anyhow::Result<Vec<u64>> {
    text.split(',')
        .map(|number| {
            number
                .trim()
                .parse()
                .with_context(|| format!("{number} is no number"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_is_short_wherever_the_word_stands_and_the_other_words_count() {
        let read = |words: &str| Arguments::read(words.split(' ').map(str::to_owned)).unwrap();
        for words in ["--short --rows 7", "--rows 7 --short"] {
            let read = read(words);
            assert!(read.short && read.racers < 100, "{words}");
            assert_eq!(read.rows, 7, "{words}");
        }
        assert!(!read("--rows 7").short);
    }
}
