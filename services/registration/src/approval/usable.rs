//! Who may use an approval, and until when: pure.

use chrono::NaiveDate;

use super::error::ApprovalError;

/// An approval as it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held<'a> {
    /// Its resource name.
    pub(crate) name: &'a str,
    /// Who asked, `accounts/{id}`.
    pub(crate) holder: &'a str,
    /// The post that asked.
    pub(crate) holder_post: &'a str,
    /// Whether its state allows use.
    pub(crate) in_force: bool,
    /// The state's label and name.
    pub(crate) state: (&'static str, &'static str),
    /// The last day, `YYYY-MM-DD`.
    pub(crate) until: &'a str,
}

/// Fails with `NOT_THE_HOLDER`, `NOT_IN_FORCE` or `APPROVAL_EXPIRED`, in this order: a stranger learns nothing of its state.
pub(crate) fn check_use(
    held: &Held<'_>,
    account: &str,
    post: &str,
    today: NaiveDate,
) -> Result<(), ApprovalError> {
    let name = || held.name.to_owned();
    if (held.holder, held.holder_post) != (account, post) {
        return Err(ApprovalError::NotTheHolder { name: name() });
    }
    if !held.in_force {
        return Err(ApprovalError::NotInForce {
            name: name(),
            state: held.state.0,
            state_name: held.state.1,
        });
    }
    // Dates of the form YYYY-MM-DD compare as text.
    if held.until < today.to_string().as_str() {
        return Err(ApprovalError::Expired {
            name: name(),
            until: held.until.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_kernel::fault::Fault as _;
    use junheng_proto::error::v1::Reason;

    const POST: &str = "county.clerk@regions/630103";

    fn judged(account: &str, post: &str, in_force: bool, today: &str) -> Option<Reason> {
        let held = Held {
            name: "accessGrants/1",
            holder: "accounts/1",
            holder_post: POST,
            in_force,
            state: ("已授权", "GRANTED"),
            until: "2026-03-31",
        };
        let today = today.parse().unwrap();
        check_use(&held, account, post, today)
            .err()
            .map(|error| error.reason())
    }

    #[test]
    fn an_approval_is_used_by_its_holder_in_its_post_while_it_is_in_force() {
        let day = "2026-03-31";
        assert_eq!(judged("accounts/1", POST, true, day), None);
        let other_post = "county.clerk@regions/630104";
        let stranger = Some(Reason::NotTheHolder);
        assert_eq!(judged("accounts/2", POST, true, day), stranger);
        assert_eq!(judged("accounts/1", other_post, true, day), stranger);
        assert_eq!(judged("accounts/2", POST, false, "2026-04-01"), stranger);
        assert_eq!(
            judged("accounts/1", POST, false, day),
            Some(Reason::NotInForce)
        );
        assert_eq!(
            judged("accounts/1", POST, true, "2026-04-01"),
            Some(Reason::ApprovalExpired)
        );
    }
}
