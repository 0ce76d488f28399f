//! Who plays: the officers of four levels, and two people in every school.

use junheng_proto::identity::v1::{Department, Duty, Level, Post};
use junheng_proto::registration::v1::School;

use crate::client::Account;

/// Somebody who can sign in.
#[derive(Clone)]
pub struct Person {
    /// How.
    pub account: Account,
    /// The name shown.
    pub display_name: String,
    /// The region that keeps the account.
    pub home: String,
    /// The post; `None` for the administrators, who have theirs already.
    pub post: Option<Post>,
}

/// A line of the cast: sign-in name, name shown, level, duty, region.
type Line = (&'static str, &'static str, Level, Duty, &'static str);

/// The county that is inspected.
pub const COUNTY: &str = "regions/630103";

/// The officers of regions. Names are made up.
#[rustfmt::skip]
const OFFICERS: &[Line] = &[
    ("clerk.630103",     "城中区教育局经办",       Level::County,   Duty::Clerk,     "regions/630103"),
    ("approver.630103",  "城中区教育局局长",       Level::County,   Duty::Approver,  "regions/630103"),
    ("inspector.630103", "城中区督学",             Level::County,   Duty::Inspector, "regions/630103"),
    ("approver.630104",  "城西区教育局局长",       Level::County,   Duty::Approver,  "regions/630104"),
    ("approver.6301",    "西宁市教育局局长",       Level::City,     Duty::Approver,  "regions/630100"),
    ("inspector.6301",   "西宁市督学",             Level::City,     Duty::Inspector, "regions/630100"),
    ("clerk.63",         "省督导委办经办",         Level::Province, Duty::Clerk,     "regions/630000"),
    ("approver-1.63",    "省督导委办主任",         Level::Province, Duty::Approver,  "regions/630000"),
    ("approver-2.63",    "省督导委办副主任",       Level::Province, Duty::Approver,  "regions/630000"),
];

/// The district next door, whose approver stands among the officers above.
pub const NEXT_DOOR: &str = "regions/630104";

/// The others of that district who fight dropout, and its police.
#[rustfmt::skip]
const OFFICERS_NEXT_DOOR: &[Line] = &[
    ("clerk.630104",     "城西区教育局经办",       Level::County,   Duty::Clerk,     NEXT_DOOR),
    ("police.630104",    "城西区公安分局",         Level::County,   Duty::Partner,   NEXT_DOOR),
];

/// Who holds two posts of that district at once, as clerk and as approver.
const DEPUTY: [Line; 2] = [
    (
        "deputy.630104",
        "城西区教育局副局长",
        Level::County,
        Duty::Clerk,
        NEXT_DOOR,
    ),
    (
        "deputy.630104",
        "城西区教育局副局长",
        Level::County,
        Duty::Approver,
        NEXT_DOOR,
    ),
];

/// The sign-in name of a school's clerk.
pub fn clerk_of(school: &School) -> String {
    format!("clerk.{}", school.school_code)
}

/// The sign-in name of a school's head.
pub fn head_of(school: &School) -> String {
    format!("head.{}", school.school_code)
}

/// The officers, all with the same password.
pub fn officers(password: &str) -> Vec<Person> {
    OFFICERS
        .iter()
        .map(|line| officer(line, password))
        .collect()
}

/// The officers of the district next door.
pub fn officers_next_door(password: &str) -> Vec<Person> {
    let lines = OFFICERS_NEXT_DOOR.iter();
    lines.map(|line| officer(line, password)).collect()
}

/// The deputy, once in each post.
pub fn deputy(password: &str) -> [Person; 2] {
    DEPUTY.map(|line| {
        let mut person = officer(&line, password);
        person.account.post.clone_from(&person.post);
        person
    })
}

fn officer(line: &Line, password: &str) -> Person {
    let &(sign_in, display_name, level, duty, region) = line;
    Person::new(
        sign_in.to_owned(),
        password,
        display_name.to_owned(),
        region,
        post(level, duty, region),
    )
}

/// The clerk and the head of each school.
pub fn school_staff(schools: &[School], password: &str) -> Vec<Person> {
    let of = |school: &School| {
        let person = |sign_in, title: &str, duty| {
            let name = format!("{}{title}", school.display_name);
            Person::new(
                sign_in,
                password,
                name,
                &school.region,
                post(Level::School, duty, &school.name),
            )
        };
        [
            person(clerk_of(school), "经办", Duty::Clerk),
            person(head_of(school), "校长", Duty::Approver),
        ]
    };
    schools.iter().flat_map(of).collect()
}

fn post(level: Level, duty: Duty, organisation: &str) -> Post {
    Post {
        level: level as i32,
        duty: duty as i32,
        organisation: organisation.to_owned(),
        title: String::new(),
        department: match duty {
            Duty::Partner => Department::PublicSecurity.into(),
            _ => Department::Unspecified.into(),
        },
    }
}

// === impl Person ===

impl Person {
    fn new(sign_in: String, password: &str, display_name: String, home: &str, post: Post) -> Self {
        Self {
            account: Account {
                sign_in,
                password: password.to_owned(),
                post: None,
            },
            display_name,
            home: home.to_owned(),
            post: Some(post),
        }
    }

    /// An administrator, who was made when the suite started.
    pub fn administrator(sign_in: &str, password: &str, title: &str) -> Self {
        Self {
            account: Account {
                sign_in: sign_in.to_owned(),
                password: password.to_owned(),
                post: None,
            },
            display_name: title.to_owned(),
            home: "regions/630000".to_owned(),
            post: None,
        }
    }
}
