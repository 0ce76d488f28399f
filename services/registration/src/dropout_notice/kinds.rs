//! The kinds of notices, read from `data/dropout_notices.toml`, and their texts filled in: pure.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use junheng_kernel::error::KernelError;
use junheng_kernel::label;
use junheng_kernel::post::Level;
pub use junheng_proto::registration::v1::dropout_notice::Kind;
use serde::Deserialize;

use crate::dropout_case::workflow::State;

static FORMS: LazyLock<Result<Vec<Form>, String>> =
    LazyLock::new(|| parse(include_str!("../../data/dropout_notices.toml")));

/// To whom a notice is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Addressee {
    /// The child's guardian.
    Guardian,
    /// The county's education bureau.
    County,
    /// Whom the one who draws it names.
    Named,
}

/// One kind of notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The kind.
    pub kind: Kind,
    /// The levels that draw it.
    pub by: Vec<Level>,
    /// The states of a case in which it is drawn.
    pub from: Vec<State>,
    /// The states of a case in which it can still be revoked: no step rests on it.
    pub revocable: Vec<State>,
    /// To whom it is addressed.
    pub addressee: Addressee,
    /// Kinds that must have been served before.
    pub needs: Vec<Kind>,
    /// Kinds whose days to comply must have passed before.
    pub expired: Vec<Kind>,
    /// The dated rule of the visits that must have been recorded before.
    pub visits: Option<String>,
    /// The dated rule of the days to comply.
    pub comply: Option<String>,
    /// The dated rule of the working days within which it must be served.
    pub serve_within: Option<String>,
    /// Whether it names a fine.
    pub fine: bool,
    /// Whether `detail` must be filled in.
    pub detail: bool,
    /// The title.
    pub title: String,
    /// The articles.
    pub basis: Vec<String>,
    /// The paragraphs.
    pub body: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    notice: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    kind: String,
    by: Vec<String>,
    from: Vec<String>,
    revocable: Vec<String>,
    addressee: Addressee,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    expired: Vec<String>,
    visits: Option<String>,
    comply: Option<String>,
    serve_within: Option<String>,
    #[serde(default)]
    fine: bool,
    #[serde(default)]
    detail: bool,
    title: String,
    basis: Vec<String>,
    body: String,
    #[expect(dead_code, reason = "says how far the form is known; read by people")]
    trust: String,
}

/// What a text is filled with.
pub type Fields = BTreeMap<&'static str, String>;

/// The form of a kind. Fails with `INTERNAL` when the file cannot be read, which its test excludes.
pub fn form_of(kind: Kind) -> Result<&'static Form, KernelError> {
    let broken = |why: &str| KernelError::Stored(format!("data/dropout_notices.toml: {why}"));
    let forms = FORMS.as_ref().map_err(|error| broken(error))?;
    let form = forms.iter().find(|form| form.kind == kind);
    form.ok_or_else(|| broken(kind.as_str_name()))
}

/// A text with its `{placeholders}` filled in; Err names one that has nothing to fill it. What is filled in is not looked at
/// again: a name with braces stays a name.
pub fn fill(text: &str, fields: &Fields) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}').ok_or("an open brace")?;
        let value = fields.get(name).ok_or_else(|| name.to_owned())?;
        filled.push_str(before);
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

// === impl Form ===

impl Form {
    /// Who draws it, in Chinese.
    pub fn by_label(&self) -> String {
        let labels: Vec<&str> = self.by.iter().map(|level| label::of(*level)).collect();
        labels.join("、")
    }

    /// Whether a notice can be revoked while its case is in a state: before the step that rests on it, and one to spare, which was not
    /// served and is not the only one of its kind, wherever another could be drawn.
    pub fn can_be_revoked(&self, state: State, is_spare: bool) -> bool {
        self.revocable.contains(&state) || is_spare && self.from.contains(&state)
    }

    /// The articles that are the same everywhere; those of a penalty are a place's own.
    pub fn basis_label(&self) -> String {
        let everywhere = self.basis.iter().filter(|text| !text.contains('{'));
        everywhere.cloned().collect::<Vec<_>>().join("、")
    }

    /// The states in which it is drawn, in Chinese.
    pub fn from_label(&self) -> String {
        let labels: Vec<&str> = self.from.iter().map(|state| label::of(*state)).collect();
        labels.join("、")
    }
}

fn parse(text: &str) -> Result<Vec<Form>, String> {
    let document: Document = toml::from_str(text).map_err(|error| error.to_string())?;
    document.notice.into_iter().map(form).collect()
}

fn form(written: Written) -> Result<Form, String> {
    let lines = written.body.lines().map(str::trim);
    let kinds = |names: &[String]| -> Result<Vec<Kind>, String> {
        names.iter().map(|name| kind_named(name)).collect()
    };
    let states = |names: &[String]| -> Result<Vec<State>, String> {
        let state = |name: &String| State::from_str_name(&format!("STATE_{name}"));
        let named = |name| state(name).ok_or(format!("state {name}"));
        names.iter().map(named).collect()
    };
    Ok(Form {
        kind: kind_named(&written.kind)?,
        by: written
            .by
            .iter()
            .map(|name| match name.as_str() {
                "school" => Ok(Level::School),
                "county" => Ok(Level::County),
                _ => Err(format!("level {name}")),
            })
            .collect::<Result<_, _>>()?,
        from: states(&written.from)?,
        revocable: states(&written.revocable)?,
        addressee: written.addressee,
        needs: kinds(&written.needs)?,
        expired: kinds(&written.expired)?,
        visits: written.visits,
        comply: written.comply,
        serve_within: written.serve_within,
        fine: written.fine,
        detail: written.detail,
        title: written.title,
        basis: written.basis,
        body: lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

fn kind_named(name: &str) -> Result<Kind, String> {
    Kind::from_str_name(&format!("KIND_{name}")).ok_or(format!("kind {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dropout_case::workflow::{ESCALATE, ORDER, PENALISE, URGE, WORKFLOW};
    use crate::dropout_notice::draw::{FIELDS, PENALTY_FIELDS};

    fn kinds() -> impl Iterator<Item = Kind> {
        (1..=8).map(|number| Kind::try_from(number).unwrap())
    }

    #[test]
    fn every_kind_of_the_contract_has_a_form() {
        for kind in kinds() {
            let form = form_of(kind).unwrap();
            assert!(!form.by.is_empty() && !form.from.is_empty(), "{kind:?}");
            assert!(!form.body.is_empty() && !form.basis.is_empty(), "{kind:?}");
        }
        assert!(Kind::try_from(9).is_err());
    }

    #[test]
    fn every_placeholder_of_a_form_can_be_filled() {
        for kind in kinds() {
            let form = form_of(kind).unwrap();
            let names = FIELDS
                .iter()
                .chain(PENALTY_FIELDS.iter().filter(|_| form.fine));
            let mut fields: Fields = names.map(|name| (*name, "x".to_owned())).collect();
            if form.comply.is_some() {
                fields.insert("days", "10".into());
            }
            for text in form.body.iter().chain(&form.basis).chain([&form.title]) {
                assert!(fill(text, &fields).is_ok(), "{kind:?}: {text}");
            }
        }
    }

    #[test]
    fn no_error_shows_a_placeholder() {
        for kind in kinds() {
            let basis = form_of(kind).unwrap().basis_label();
            assert!(!basis.is_empty() && !basis.contains('{'), "{kind:?}");
        }
    }

    #[test]
    fn only_the_county_orders_and_only_what_the_law_knows_names_a_fine() {
        let order = form_of(Kind::Order).unwrap();
        assert_eq!(order.by, [Level::County]);
        let with_fine: Vec<Kind> = kinds()
            .filter(|kind| form_of(*kind).unwrap().fine)
            .collect();
        assert_eq!(with_fine, [Kind::PenaltyPriorNotice, Kind::PenaltyDecision]);
    }

    #[test]
    fn what_says_that_days_have_passed_waits_for_them_and_only_for_what_has_days() {
        for kind in kinds() {
            let form = form_of(kind).unwrap();
            let says = form.body.iter().any(|text| text.contains("逾期未"));
            assert!(
                !says || !form.expired.is_empty() || !form.needs.is_empty(),
                "{kind:?}"
            );
            for other in &form.expired {
                assert!(form_of(*other).unwrap().comply.is_some(), "{kind:?}");
            }
        }
        assert_eq!(
            form_of(Kind::PenaltyUrge).unwrap().expired,
            [Kind::PenaltyDecision]
        );
        assert_eq!(
            form_of(Kind::PenaltyPriorNotice).unwrap().expired,
            [Kind::Order]
        );
        assert!(
            form_of(Kind::PenaltyDecision)
                .unwrap()
                .serve_within
                .is_some()
        );
    }

    /// The step that rests on each kind, where one does.
    const RESTING: [(Kind, &str); 5] = [
        (Kind::WrittenReport, ESCALATE),
        (Kind::Order, ORDER),
        (Kind::PenaltyPriorNotice, PENALISE),
        (Kind::PenaltyDecision, URGE),
        (Kind::PenaltyUrge, URGE),
    ];

    #[test]
    fn what_a_step_rests_on_can_be_revoked_before_the_step_and_not_after_it() {
        for kind in kinds() {
            let form = form_of(kind).unwrap();
            let resting = RESTING.iter().find(|(own, _)| *own == kind);
            let Some((_, step)) = resting else {
                assert_eq!(form.revocable, form.from, "{kind:?}: nothing rests on it");
                continue;
            };
            let row = WORKFLOW.rows.iter().find(|row| row.step == *step).unwrap();
            assert_eq!(form.revocable, row.from, "{kind:?}");
        }
    }

    #[test]
    fn what_is_filled_in_is_not_read_as_a_placeholder() {
        let fields = Fields::from([("child", "{fine}".to_owned())]);
        assert_eq!(fill("送{child}返校", &fields).unwrap(), "送{fine}返校");
        assert!(fill("{nobody}", &fields).is_err());
        assert!(fill("{child", &fields).is_err());
    }
}
