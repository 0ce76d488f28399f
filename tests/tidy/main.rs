//! The house rules that no compiler checks.

use std::path::{Path, PathBuf};

/// Lines that no source file may exceed.
const MOST_LINES: usize = 600;

/// Names that say nothing.
const EMPTY_NAMES: [&str; 6] = ["common", "util", "utils", "helper", "helpers", "manager"];

/// The folders that hold our sources.
const FOLDERS: [&str; 5] = ["proto", "services", "gateway", "tests", "k8s"];

#[test]
fn no_source_file_has_more_than_600_lines() {
    let mut counts: Vec<(usize, PathBuf)> = sources(&["rs", "proto", "py"])
        .into_iter()
        .map(|path| (text(&path).lines().count(), path))
        .collect();
    counts.sort();
    let long: Vec<_> = counts
        .iter()
        .filter(|(lines, _)| *lines > MOST_LINES)
        .collect();
    assert!(long.is_empty(), "{long:?}");
    let middle = counts[counts.len() / 2].0;
    println!(
        "{} source files, median {middle} lines, longest {}",
        counts.len(),
        counts[counts.len() - 1].0
    );
}

#[test]
fn no_file_is_named_after_nothing() {
    for path in sources(&["rs", "proto", "py", "toml", "yaml"]) {
        let parts = path.iter().filter_map(|part| part.to_str());
        for part in parts {
            let stem = part.split('.').next().unwrap_or(part);
            assert!(!EMPTY_NAMES.contains(&stem), "{}", path.display());
        }
    }
}

#[test]
fn nothing_is_left_to_do_and_no_test_is_ignored() {
    // Put together here, so that this file does not hold what it forbids.
    let forbidden =
        [["todo", "!("], ["unimplemented", "!("], ["#[ign", "ore"]].map(|parts| parts.concat());
    for path in sources(&["rs"]) {
        let source = text(&path);
        for word in &forbidden {
            assert!(
                !source.contains(word.as_str()),
                "{} holds {word}",
                path.display()
            );
        }
    }
}

#[test]
fn workflows_and_rules_need_no_database_no_network_and_no_clock() {
    for path in sources(&["rs"]) {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if !["workflow.rs", "rules.rs"].contains(&name) || path.starts_with("proto") {
            continue;
        }
        let source = text(&path);
        for word in ["sea_orm", "tonic", "async ", "now("] {
            assert!(!source.contains(word), "{} holds {word}", path.display());
        }
    }
}

#[test]
fn a_status_is_made_in_the_kernels_fault_alone() {
    let makers = [
        "Status::new(",
        "Status::internal(",
        "Status::not_found(",
        "Status::invalid_argument(",
        "Status::permission_denied(",
        "Status::unauthenticated(",
        "Status::failed_precondition(",
        "Status::already_exists(",
        "Status::aborted(",
        "Status::unavailable(",
        "Status::deadline_exceeded(",
        "Status::resource_exhausted(",
        "Status::unimplemented(",
        "Status::cancelled(",
        "Status::out_of_range(",
        "Status::unknown(",
        "Status::data_loss(",
    ];
    for path in sources(&["rs"]) {
        let ours = path.starts_with("services") || path.starts_with("gateway");
        if !ours || path.ends_with("kernel/src/fault.rs") {
            continue;
        }
        let source = text(&path);
        let product = source.split("#[cfg(test)]").next().unwrap_or_default();
        for maker in makers {
            let is_test = path
                .iter()
                .any(|part| part == "tests" || part == "tests.rs" || part == "testing.rs");
            assert!(
                is_test || !product.contains(maker),
                "{} builds {maker}",
                path.display()
            );
        }
    }
}

#[test]
fn the_project_names_no_machine_and_nobody_s_workshop() {
    // Put together here, for the same reason as above.
    let forbidden =
        [["/wo", "rk/"], ["/ro", "ot/"], ["local", "host:3128"]].map(|parts| parts.concat());
    for path in sources(&["rs", "proto", "py", "toml", "yaml", "md", "tsv"]) {
        let source = text(&path);
        for word in &forbidden {
            assert!(
                !source.contains(word.as_str()),
                "{} holds {word}",
                path.display()
            );
        }
    }
}

#[test]
fn the_top_of_the_tree_is_the_house() {
    let expected = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "gateway",
        "k8s",
        "proto",
        "services",
        "target",
        "tests",
    ];
    let entries = std::fs::read_dir(root()).expect("the tree");
    let mut shown: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    shown.sort();
    for name in &shown {
        assert!(
            expected.contains(&name.as_str()),
            "{name} does not belong at the top"
        );
    }
    for name in expected.iter().filter(|name| **name != "target") {
        assert!(shown.iter().any(|found| found == name), "{name} is missing");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Our files with one of these endings, relative to the root.
fn sources(endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        collect(&root(), Path::new(folder), endings, &mut found);
    }
    assert!(!found.is_empty());
    found
}

fn collect(root: &Path, folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(root.join(folder))
        .into_iter()
        .flatten()
        .flatten();
    for entry in entries {
        let path = folder.join(entry.file_name());
        if root.join(&path).is_dir() {
            collect(root, &path, endings, found);
        } else if endings
            .iter()
            .any(|ending| path.extension().is_some_and(|found| found == *ending))
        {
            found.push(path);
        }
    }
}
