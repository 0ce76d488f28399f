//! Who may call what: the table in `access.tsv`, written out, against the rules that stand beside the methods.

use std::collections::{BTreeMap, BTreeSet};

use junheng_proto::POOL;
use libtest_mimic::Trial;
use prost_reflect::{MethodDescriptor, Value};

const TABLE: &str = include_str!("access.tsv");

/// A method as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The request field that names organisation or record; empty when there is none.
    pub scope: String,
    /// The roles that may call, services included.
    pub roles: BTreeSet<String>,
}

/// The table by method, `junheng.registration.v1.SchoolService/GetSchool`.
pub fn table() -> BTreeMap<String, Row> {
    let mut lines = TABLE
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    lines
        .map(|cells| {
            assert_eq!(cells.len(), header.len(), "{cells:?}");
            let allowed = header[2..]
                .iter()
                .zip(&cells[2..])
                .filter(|(_, cell)| **cell == "x");
            let row = Row {
                scope: cells[1].trim_matches('-').to_owned(),
                roles: allowed.map(|(role, _)| (*role).to_owned()).collect(),
            };
            (cells[0].to_owned(), row)
        })
        .collect()
}

/// The roles that accounts can hold: four levels, seven duties.
pub fn roles() -> Vec<String> {
    let header = TABLE.lines().next().expect("a header");
    let roles = header
        .split('\t')
        .skip(2)
        .filter(|role| !role.ends_with(".service"));
    roles.map(str::to_owned).collect()
}

/// The trials that need no installation.
pub fn trials() -> Vec<Trial> {
    let promises: [(&str, fn()); 3] = [
        (
            "every method stands in the access table with the roles that its rule expands to",
            table_equals_rules,
        ),
        (
            "the access table knows 28 roles of accounts and no service but the province's",
            all_roles,
        ),
        (
            "administrators never hold a business right and officers never an administrator's",
            separated_duties,
        ),
    ];
    let trial = |(promise, check): (&str, fn())| {
        Trial::test(
            format!("contract::{}", promise.replace(' ', "_")),
            move || {
                check();
                Ok(())
            },
        )
    };
    promises.map(trial).into()
}

fn table_equals_rules() {
    let services = POOL.services();
    let rules: BTreeMap<String, Row> = services
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .map(|method| (name_of(&method), rule_of(&method)))
        .collect();
    let table = table();
    for (method, rule) in &rules {
        let written = table
            .get(method)
            .unwrap_or_else(|| panic!("{method} is not in access.tsv"));
        assert_eq!(written, rule, "{method}");
    }
    let gone: Vec<_> = table
        .keys()
        .filter(|method| !rules.contains_key(*method))
        .collect();
    assert!(gone.is_empty(), "no such methods: {gone:?}");
}

fn all_roles() {
    let roles = roles();
    assert_eq!(roles.len(), 28);
    assert_eq!(roles.iter().collect::<BTreeSet<_>>().len(), 28);
    let services: BTreeSet<String> = table()
        .into_values()
        .flat_map(|row| row.roles)
        .filter(|role| role.ends_with(".service"))
        .collect();
    assert!(
        services.iter().all(|role| role == "province.service"),
        "{services:?}"
    );
}

fn separated_duties() {
    let administrators = ["system", "security", "audit"];
    for (method, row) in table() {
        let changes = [
            "Create", "Update", "Import", "Grant", "Revoke", "Issue", "Assess", "Submit", "Review",
            "Evaluate", "Publish", "Return", "Confirm", "Answer", "Discard",
        ];
        let name = method.rsplit('/').next().expect("a name");
        let is_change = changes.iter().any(|verb| name.starts_with(verb));
        if !is_change {
            continue;
        }
        let of_accounts = method.contains(".AccountService/");
        for role in row.roles {
            let duty = role.split_once('.').expect("a role").1;
            assert_eq!(
                administrators.contains(&duty),
                of_accounts,
                "{method}: {role}"
            );
            assert_ne!(duty, "audit", "{method}: the auditor changes nothing");
        }
    }
}

fn name_of(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().full_name(), method.name())
}

/// The rule beside the method, read and expanded without the product's code.
fn rule_of(method: &MethodDescriptor) -> Row {
    let option = POOL
        .get_extension_by_name("junheng.options.v1.policy")
        .expect("the option");
    let options = method.options();
    let value = options.get_extension(&option);
    let policy = value.as_message().expect("a policy");
    let allow = policy.get_field_by_name("allow").expect("allow");
    let patterns: Vec<&str> = allow
        .as_list()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let levels = ["school", "county", "city", "province"];
    let duties = [
        "clerk",
        "approver",
        "inspector",
        "partner",
        "system",
        "security",
        "audit",
    ];
    let mut expanded = BTreeSet::new();
    for pattern in patterns {
        if pattern == "province.service" {
            expanded.insert(pattern.to_owned());
            continue;
        }
        let (level, duty) = pattern.split_once('.').unwrap_or(("*", "*"));
        for one in levels.iter().filter(|one| ["*", **one].contains(&level)) {
            for other in duties.iter().filter(|other| ["*", **other].contains(&duty)) {
                expanded.insert(format!("{one}.{other}"));
            }
        }
        if pattern == "anyone" {
            expanded.insert("province.service".to_owned());
        }
    }
    let scope = policy
        .get_field_by_name("scope_field")
        .expect("scope_field");
    Row {
        scope: scope.as_str().unwrap_or_default().to_owned(),
        roles: expanded,
    }
}
