//! The rules of signing in that need no database.

use junheng_kernel::post::Role;
use junheng_proto::identity::v1::{Duty, Level, Post};

use super::error::SessionError;
use crate::settings::Sessions;

/// Posts that a refusal names.
const MOST_NAMED: usize = 20;

/// The failures of a name so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// In a row.
    pub count: i32,
    /// Until when the name is locked, in microseconds; 0 when it is not.
    pub locked_until_micros: i64,
    /// When the last one was, in microseconds.
    pub last_micros: i64,
}

// === impl Failures ===

impl Failures {
    /// Fails with `SIGN_IN_LOCKED` while the name is locked.
    pub fn check(&self, now_micros: i64) -> Result<(), SessionError> {
        let left = self.locked_until_micros - now_micros;
        if left <= 0 {
            return Ok(());
        }
        Err(SessionError::Locked {
            retry_seconds: (left + 999_999) / 1_000_000,
        })
    }

    /// After one more failure: the last one allowed locks the name and starts the count anew; failures longer ago than a
    /// lock lasts are forgotten.
    pub fn one_more(self, settings: &Sessions, now_micros: i64) -> Self {
        let lock_micros = i64::from(settings.lock_minutes) * 60_000_000;
        let recent = now_micros - self.last_micros < lock_micros;
        let count = if recent { self.count + 1 } else { 1 };
        let is_last = i64::from(count) >= i64::from(settings.failures);
        Self {
            count: if is_last { 0 } else { count },
            locked_until_micros: if is_last { now_micros + lock_micros } else { 0 },
            last_micros: now_micros,
        }
    }
}

/// The post that a session acts in: the one named, or the only one.
///
/// Fails with `SIGN_IN_REFUSED` without any post, and with `POST_NOT_CHOSEN` when none or a foreign one was named among
/// several.
pub fn choose<'a>(held: &'a [Post], named: Option<&Post>) -> Result<&'a Post, SessionError> {
    let found = match (named, held) {
        (_, []) => return Err(SessionError::Refused),
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(named), _) => held.iter().find(|post| is_same(post, named)),
    };
    found.ok_or_else(|| SessionError::PostNotChosen {
        posts: listed(held),
    })
}

/// The posts as a refusal names them: the first of many, for a refusal travels in a header of limited size.
fn listed(held: &[Post]) -> String {
    let mut named: Vec<String> = held.iter().take(MOST_NAMED).map(write).collect();
    if held.len() > MOST_NAMED {
        named.push(format!("and {} more", held.len() - MOST_NAMED));
    }
    named.join(", ")
}

/// Whether two posts are one, whatever their titles.
pub fn is_same(one: &Post, other: &Post) -> bool {
    (one.level, one.duty, &one.organisation) == (other.level, other.duty, &other.organisation)
}

/// The role of a post; values that the contract does not know make none.
pub fn role_of(post: &Post) -> Option<Role> {
    let level = Level::try_from(post.level).ok()?;
    let duty = Duty::try_from(post.duty).ok()?;
    (level != Level::Unspecified && duty != Duty::Unspecified).then(|| Role::new(level, duty))
}

/// `county.approver@regions/630103`.
fn write(post: &Post) -> String {
    let role = role_of(post).map(|role| role.to_string());
    format!("{}@{}", role.unwrap_or_default(), post.organisation)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn post(duty: Duty) -> Post {
        Post {
            level: Level::County.into(),
            duty: duty.into(),
            organisation: "regions/630103".into(),
            title: String::new(),
            department: 0,
        }
    }

    #[test]
    fn a_refusal_names_the_first_of_many_posts_and_how_many_more_there_are() {
        let held: Vec<Post> = (0..300).map(|_| post(Duty::Clerk)).collect();
        let named = listed(&held);
        assert_eq!(named.matches("county.clerk@regions/630103").count(), 20);
        assert!(named.ends_with(", and 280 more"), "{named}");
        assert_eq!(listed(&held[..1]), "county.clerk@regions/630103");
    }

    #[test]
    fn five_failures_in_a_row_lock_a_name_for_a_quarter_of_an_hour() {
        let settings = Sessions::default();
        let mut failures = Failures::default();
        for _ in 0..4 {
            failures = failures.one_more(&settings, 100 * MINUTE);
            assert!(failures.check(100 * MINUTE).is_ok());
        }
        failures = failures.one_more(&settings, 100 * MINUTE);
        let locked = failures.check(101 * MINUTE).unwrap_err();
        assert!(
            matches!(locked, SessionError::Locked { retry_seconds: 840 }),
            "{locked}"
        );
        assert!(failures.check(115 * MINUTE).is_ok());
    }

    #[test]
    fn failures_of_long_ago_do_not_count() {
        let settings = Sessions::default();
        let mut failures = Failures::default();
        for hour in 1..20 {
            failures = failures.one_more(&settings, hour * 60 * MINUTE);
            assert_eq!(failures.count, 1);
        }
    }

    #[test]
    fn one_post_needs_no_choice_and_several_do() {
        let (clerk, approver) = (post(Duty::Clerk), post(Duty::Approver));
        assert!(matches!(choose(&[], None), Err(SessionError::Refused)));
        assert_eq!(choose(std::slice::from_ref(&clerk), None).unwrap(), &clerk);
        let both = [clerk, approver.clone()];
        let refused = choose(&both, None).unwrap_err().to_string();
        assert!(refused.contains("county.clerk@regions/630103"), "{refused}");
        assert_eq!(choose(&both, Some(&approver)).unwrap(), &approver);
        assert!(choose(&both, Some(&post(Duty::Audit))).is_err());
    }
}
