//! Path templates of `google.api.http`: `/v1/{parent=*/*}/sites`, `/v1/{name=campaigns/*}:submit`.

/// A template, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    segments: Vec<Segment>,
    variables: Vec<Variable>,
    verb: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// Exactly this.
    Literal(String),
    /// `*`: any one segment.
    Any,
}

/// The segments `from..to` are the value of `field`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Variable {
    field: String,
    from: usize,
    to: usize,
}

/// Fields and values that a path binds.
pub type Bound = Vec<(String, String)>;

// === impl Template ===

impl Template {
    /// Reads a template. `None` when it is none that this contract uses: `**` and nested braces are not.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, verb) = split_verb(text.strip_prefix('/')?);
        let mut template = Self {
            segments: Vec::new(),
            variables: Vec::new(),
            verb: verb.map(str::to_owned),
        };
        let mut rest = path;
        while !rest.is_empty() {
            rest = match rest.strip_prefix('{') {
                Some(variable) => {
                    let (inside, after) = variable.split_once('}')?;
                    let (field, pattern) = inside.split_once('=').unwrap_or((inside, "*"));
                    let from = template.segments.len();
                    template
                        .segments
                        .extend(pattern.split('/').map(Segment::read));
                    template.variables.push(Variable {
                        field: field.to_owned(),
                        from,
                        to: template.segments.len(),
                    });
                    after
                }
                None => {
                    let end = rest.find('/').unwrap_or(rest.len());
                    let (segment, after) = rest.split_at(end);
                    template.segments.push(Segment::read(segment));
                    after
                }
            };
            if !rest.is_empty() {
                rest = rest.strip_prefix('/')?;
            }
        }
        Some(template)
    }

    /// What the path of a URL binds, or `None` when it is another's.
    pub fn bind(&self, path: &str) -> Option<Bound> {
        let (path, verb) = split_verb(path.strip_prefix('/')?);
        if verb != self.verb.as_deref() {
            return None;
        }
        let given: Vec<&str> = path.split('/').collect();
        let fits = given.len() == self.segments.len()
            && self
                .segments
                .iter()
                .zip(&given)
                .all(|(segment, given)| segment.fits(given));
        if !fits {
            return None;
        }
        let bind = |variable: &Variable| {
            let parts = given.get(variable.from..variable.to)?;
            let parts: Option<Vec<String>> = parts.iter().map(|part| decode(part)).collect();
            Some((variable.field.clone(), parts?.join("/")))
        };
        self.variables.iter().map(bind).collect()
    }

    /// A path that the template binds.
    #[cfg(test)]
    pub fn sample(&self) -> String {
        let segments = self.segments.iter().map(|segment| match segment {
            Segment::Literal(literal) => literal.as_str(),
            Segment::Any => "any",
        });
        let path: Vec<&str> = segments.collect();
        let verb = self.verb.as_ref().map(|verb| format!(":{verb}"));
        format!("/{}{}", path.join("/"), verb.unwrap_or_default())
    }
}

// === impl Segment ===

impl Segment {
    fn read(text: &str) -> Self {
        match text {
            "*" => Self::Any,
            literal => Self::Literal(literal.to_owned()),
        }
    }

    fn fits(&self, given: &str) -> bool {
        match self {
            Self::Any => !given.is_empty(),
            Self::Literal(literal) => literal == given,
        }
    }
}

/// The verb after the last colon behind every slash and brace.
fn split_verb(path: &str) -> (&str, Option<&str>) {
    match path.rsplit_once(':') {
        Some((before, verb)) if !verb.contains(['/', '}']) => (before, Some(verb)),
        _ => (path, None),
    }
}

/// A segment without its percent signs. `None` for a damaged one and for one that would hide a slash.
pub fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(
            u8::from_str_radix(digits, 16)
                .ok()
                .filter(|byte| *byte != b'/')?,
        );
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(template: &str, path: &str) -> Option<Bound> {
        Template::parse(template).unwrap().bind(path)
    }

    fn bound(pairs: &[(&str, &str)]) -> Option<Bound> {
        let pair = |(field, value): &(&str, &str)| ((*field).to_owned(), (*value).to_owned());
        Some(pairs.iter().map(pair).collect())
    }

    #[test]
    fn names_parents_and_verbs_are_bound() {
        for (template, path, expected) in [
            ("/v1/session", "/v1/session", bound(&[])),
            ("/v1/session:signIn", "/v1/session:signIn", bound(&[])),
            (
                "/v1/{name=schools/*}",
                "/v1/schools/7",
                bound(&[("name", "schools/7")]),
            ),
            (
                "/v1/{parent=*/*}/sites",
                "/v1/regions/63/sites",
                bound(&[("parent", "regions/63")]),
            ),
            (
                "/v1/{school.name=schools/*}",
                "/v1/schools/7",
                bound(&[("school.name", "schools/7")]),
            ),
            (
                "/v1/{parent=*/*}/students:count",
                "/v1/schools/7/students:count",
                bound(&[("parent", "schools/7")]),
            ),
            (
                "/v1/journals/{service}/{name=entries/*}:proof",
                "/v1/journals/staffing/entries/9:proof",
                bound(&[("service", "staffing"), ("name", "entries/9")]),
            ),
            (
                "/v1/{name=a/*}",
                "/v1/a/%E6%A0%A1",
                bound(&[("name", "a/校")]),
            ),
        ] {
            assert_eq!(bind(template, path), expected, "{template} {path}");
        }
    }

    #[test]
    fn another_path_is_not_taken() {
        for (template, path) in [
            ("/v1/{name=schools/*}", "/v1/classes/7"),
            ("/v1/{name=schools/*}", "/v1/schools/"),
            ("/v1/{name=schools/*}", "/v1/schools/7/sites"),
            ("/v1/{name=schools/*}", "/v1/schools/7:close"),
            ("/v1/{name=schools/*}", "/v1/schools/7%2Fsites"),
            ("/v1/{name=schools/*}:close", "/v1/schools/7"),
            ("/v1/session", "/v1/session:signIn"),
            ("/v1/session", "v1/session"),
        ] {
            assert_eq!(bind(template, path), None, "{template} {path}");
        }
    }
}
