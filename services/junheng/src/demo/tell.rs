//! How the story is told: scenes, sentences, refusals.

use anyhow::{bail, ensure};
use junheng_kernel::fault::reason_name;
use junheng_proto::error::v1::Reason;

use crate::client::Refusal;

/// Begins a scene.
pub fn scene(zh: &str, en: &str) {
    println!("\n━━ {zh} · {en}");
}

/// Something that happened.
pub fn done(what: &str) {
    println!("  ✓ {what}");
}

/// Expects that a call was refused for `reason`, and shows what the caller was told.
///
/// # Errors
/// When it went through, or was refused for another reason: then the story is wrong.
pub fn refused<T>(what: &str, outcome: anyhow::Result<T>, reason: Reason) -> anyhow::Result<()> {
    let error = match outcome {
        Ok(_) => bail!(
            "{what}: this should have been refused with {}",
            reason_name(reason)
        ),
        Err(error) => error,
    };
    let refusal = match error.downcast::<Refusal>() {
        Ok(refusal) => refusal,
        Err(error) => return Err(error.context(format!("{what}: no answer of the gateway"))),
    };
    ensure!(
        refusal.reason == reason_name(reason),
        "{what}: expected {}, but it was refused otherwise: {refusal}",
        reason_name(reason)
    );
    ensure!(
        !refusal.zh.is_empty(),
        "{what}: the refusal has no Chinese sentence"
    );
    println!("  ✗ {what}\n      {:?} {}", refusal.code, refusal.reason);
    println!("      {}\n      {}", refusal.zh, refusal.en);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use junheng_kernel::error::KernelError;
    use junheng_kernel::fault::into_status;

    #[test]
    fn a_wrong_turn_that_is_not_refused_for_its_reason_ends_the_story() {
        let missing =
            || Err::<(), _>(Refusal::from(into_status(KernelError::not_found("x"))).into());
        assert!(refused("reads", missing(), Reason::NotFound).is_ok());
        assert!(refused("reads", missing(), Reason::OutOfScope).is_err());
        assert!(refused("reads", Ok(()), Reason::NotFound).is_err());
        assert!(
            refused(
                "reads",
                Err::<(), _>(anyhow::anyhow!("x")),
                Reason::NotFound
            )
            .is_err()
        );
    }
}
