//! `keys`: a fresh set of secrets for roles that do not share a data folder.

use std::path::Path;

use crate::config::Secrets;
use crate::private;
use crate::serve::Component;

/// Prints the lines of each role, or writes `{role}.env` files into a folder.
///
/// # Errors
/// A folder that cannot be written, a file that exists.
pub fn keys(out: Option<&Path>) -> anyhow::Result<()> {
    let secrets = Secrets::generate()?;
    for component in Component::ALL {
        let lines = lines_of(component, &secrets)?;
        match out {
            None => println!("# {}\n{lines}", component.issuer()),
            Some(folder) => {
                private::folder(folder)?;
                let file = folder.join(format!("{}.env", component.issuer()));
                private::write(&file, &lines)?;
                println!("{}", file.display());
            }
        }
    }
    Ok(())
}

/// The settings of one role as `NAME=value` lines.
fn lines_of(component: Component, secrets: &Secrets) -> anyhow::Result<String> {
    let key = secrets.key_of(component)?.to_config();
    let trusted = secrets.trusted()?.to_config();
    Ok(format!(
        "JUNHENG_IDENTITY__KEY={key}\nJUNHENG_IDENTITY__TRUSTED={trusted}\nJUNHENG_PRIVACY__KEYRING={}\n",
        secrets.keyring
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roles_of_a_set_believe_each_other_and_share_the_keyring() {
        let secrets = Secrets::generate().unwrap();
        let shared = |component| {
            let lines = lines_of(component, &secrets).unwrap();
            lines.split_once('\n').unwrap().1.to_owned()
        };
        let own = |component| lines_of(component, &secrets).unwrap();
        assert_eq!(shared(Component::Staffing), shared(Component::Gateway));
        assert_ne!(own(Component::Staffing), own(Component::Gateway));
        assert!(junheng_kernel::privacy::Keyring::from_config(&secrets.keyring).is_ok());
    }
}
