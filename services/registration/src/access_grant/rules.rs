//! What a grant may ask for, and who may use it: pure.

use chrono::{Days, NaiveDate};
use junheng_kernel::fault::Violation;
use junheng_kernel::label;
use junheng_kernel::workflow::{Unmet, check_reason};
use junheng_proto::registration::v1::AccessGrant;

use super::workflow::{Guard, State, state_name, state_of};
use crate::approval::error::ApprovalError;
use crate::approval::{self, Held};
use crate::entity::access_grant::Model;

/// The most that a grant may allow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    /// Days from today.
    pub(crate) days: u32,
    /// Reveals.
    pub(crate) reveals: u32,
}

/// Everything that is wrong with a grant as it is asked for.
pub(crate) fn check(grant: &AccessGrant, most: Most, today: NaiveDate) -> Vec<Violation> {
    let mut wrong = check_reason("access_grant.purpose", &grant.purpose);
    if grant.fields.is_empty() {
        wrong.push(Violation::required("access_grant.fields"));
    }
    wrong.extend(approval::check_fields("access_grant.fields", &grant.fields));
    let last = today.checked_add_days(Days::new(u64::from(most.days)));
    match approval::day_of("access_grant.expire_date", &grant.expire_date) {
        Err(missing) => wrong.push(missing),
        Ok(day) if day < today || last.is_none_or(|last| day > last) => {
            wrong.push(Violation::invalid(
                "access_grant.expire_date",
                format!("must lie from today to {} days ahead: least privilege (未成年人网络保护条例 36)", most.days),
                format!("应在今日起{}日之内(最小授权,未成年人网络保护条例第三十六条)", most.days),
            ));
        }
        Ok(_) => {}
    }
    if !(1..=i64::from(most.reveals)).contains(&i64::from(grant.quota)) {
        wrong.push(Violation::invalid(
            "access_grant.quota",
            format!(
                "must be 1 to {}: least privilege (未成年人网络保护条例 36)",
                most.reveals
            ),
            format!(
                "应为1至{}次(最小授权,未成年人网络保护条例第三十六条)",
                most.reveals
            ),
        ));
    }
    wrong
}

/// Whether a guard lets a step pass.
pub(crate) fn judge(guard: Guard, note: &str) -> Result<(), Unmet> {
    match guard {
        Guard::ReasonGiven => approval::reason_given(note),
    }
}

/// Whether somebody may look under a grant, its quota aside.
pub(crate) fn check_use(
    name: &str,
    grant: &Model,
    account: &str,
    post: &str,
    today: NaiveDate,
) -> Result<(), ApprovalError> {
    let state: State = state_of(grant.state);
    let held = Held {
        name,
        holder: &grant.holder,
        holder_post: &grant.holder_post,
        in_force: state == State::Granted,
        state: (label::of(state), state_name(state)),
        until: &grant.expire_date,
    };
    approval::check_use(&held, account, post, today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_proto::registration::v1::ClearField;

    fn wrong(change: impl FnOnce(&mut AccessGrant)) -> Vec<String> {
        let mut grant = AccessGrant {
            purpose: "核对中考报名信息".into(),
            fields: vec![ClearField::IdentityNumber as i32],
            expire_date: "2026-03-31".into(),
            quota: 40,
            ..AccessGrant::default()
        };
        change(&mut grant);
        let most = Most {
            days: 30,
            reveals: 500,
        };
        let today = "2026-03-01".parse().unwrap();
        let fields = check(&grant, most, today).into_iter();
        fields.map(|wrong| wrong.field).collect()
    }

    #[test]
    fn a_grant_is_for_a_purpose_named_fields_a_short_time_and_few_looks() {
        assert!(wrong(|_| {}).is_empty());
        assert_eq!(
            wrong(|grant| grant.purpose = " ".into()),
            ["access_grant.purpose"]
        );
        assert_eq!(wrong(|grant| grant.fields.clear()), ["access_grant.fields"]);
        assert_eq!(
            wrong(|grant| grant.fields = vec![0]),
            ["access_grant.fields"]
        );
        for day in ["2026-02-28", "2026-04-01", "soon", ""] {
            let found = wrong(|grant| grant.expire_date = day.into());
            assert_eq!(found, ["access_grant.expire_date"], "{day}");
        }
        for quota in [0, -1, 501] {
            assert_eq!(wrong(|grant| grant.quota = quota), ["access_grant.quota"]);
        }
    }
}
