//! The environment as settings: `JUNHENG_SERVE__LISTEN` is `serve.listen`.
//!
//! A value is read as the type that its default has, so that a password of digits stays a text.

use anyhow::bail;
use figment::value::{Dict, Map, Value};
use figment::{Error, Figment, Metadata, Profile, Provider};

const PREFIX: &str = "JUNHENG_";
const LEVELS: &str = "__";

/// The settings found in the environment.
pub(super) struct Environment(Dict);

// === impl Environment ===

impl Environment {
    /// Takes what begins with `JUNHENG_`.
    ///
    /// # Errors
    /// A variable that names no setting, or whose value is not of its type.
    pub(super) fn read(
        defaults: &Figment,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let mut found = Dict::new();
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix(PREFIX) else {
                continue;
            };
            let path: Vec<String> = rest.split(LEVELS).map(str::to_lowercase).collect();
            let dotted = path.join(".");
            let value = match defaults.find_value(&dotted) {
                Ok(Value::String(..)) => Value::from(text),
                Ok(Value::Bool(..)) => Value::from(parsed::<bool>(&name, &text, "true or false")?),
                Ok(Value::Num(..)) => Value::from(parsed::<i64>(&name, &text, "a whole number")?),
                _ => bail!("settings: the environment variable {name} names no setting ({dotted})"),
            };
            insert(&mut found, &path, value);
        }
        Ok(Self(found))
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.0.clone()))
    }
}

fn parsed<T: std::str::FromStr>(name: &str, text: &str, wanted: &str) -> anyhow::Result<T> {
    text.trim()
        .parse()
        .map_err(|_| anyhow::anyhow!("settings: {name} must be {wanted}"))
}

fn insert(into: &mut Dict, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => {
            into.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let mut below = match into.remove(first) {
                Some(Value::Dict(_, below)) => below,
                _ => Dict::new(),
            };
            insert(&mut below, rest, value);
            into.insert(first.clone(), below.into());
        }
    }
}
