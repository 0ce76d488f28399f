//! Why a region was refused.

/// Why a code or a table line was refused: English by `Display`, Chinese by [`zh`](Self::zh).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// Something other than the digits 0 to 9 (full-width digits and blanks included).
    #[error("a region code consists of digits, found {character:?}")]
    NotDigits {
        /// The first character that is none.
        character: char,
    },
    /// Neither 2, 4, 6 nor 9 digits.
    #[error("a region code has 2, 4, 6 or 9 digits, found {found}")]
    Length {
        /// Digits found.
        found: usize,
    },
    /// A row that the statistics bureau puts where no city is, such as 429000.
    #[error("{code} is a statistical placeholder, not a region")]
    Placeholder {
        /// The code.
        code: String,
    },
    /// The code was in force once.
    #[error("region {code} is retired{}", successor_en(.successor))]
    Retired {
        /// The code.
        code: String,
        /// The code in force that took its place, where there is one.
        successor: Option<String>,
    },
    /// Not in the table.
    #[error("region {code} is unknown")]
    Unknown {
        /// The code.
        code: String,
    },
    /// A line of an additional table cannot be used.
    #[error("region table, line {line}: {problem}")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: LineProblem,
    },
}

/// What is wrong with a line of an additional table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// Too few columns.
    #[error("expected code, name, parent, level, kind and replaced codes, separated by tabs")]
    Columns,
    /// A code is malformed.
    #[error("the code {code:?} is malformed")]
    Code {
        /// As written.
        code: String,
    },
    /// The name is empty.
    #[error("the name is empty")]
    Name,
    /// The level is none of `province`, `city`, `county`, `town`, or does not fit the number of digits.
    #[error("the level {level:?} is unknown or does not fit the code")]
    Level {
        /// As written.
        level: String,
    },
    /// The kind is not one of those listed.
    #[error("the kind {kind:?} is unknown")]
    Kind {
        /// As written.
        kind: String,
    },
    /// The parent is unknown or not of a higher level.
    #[error("the parent {parent} is unknown or not of a higher level")]
    Parent {
        /// As written.
        parent: String,
    },
    /// The replaced code is unknown, or the same as the new one.
    #[error("the replaced code {code} is unknown or the same as the new one")]
    Replaced {
        /// As written.
        code: String,
    },
}

// === impl RegionError ===

impl RegionError {
    /// The sentence in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::NotDigits { character } => format!("区划代码只能由数字组成，出现了“{character}”"),
            Self::Length { found } => format!("区划代码应为2、4、6或9位数字，实为{found}位"),
            Self::Placeholder { code } => format!("{code}是统计用占位代码，不是行政区划"),
            Self::Retired {
                code,
                successor: None,
            } => format!("区划代码{code}已撤销"),
            Self::Retired {
                code,
                successor: Some(new),
            } => format!("区划代码{code}已撤销，现为{new}"),
            Self::Unknown { code } => format!("没有代码为{code}的行政区划"),
            Self::Line { line, problem } => format!("区划补充表第{line}行：{}", problem.zh()),
        }
    }
}

impl LineProblem {
    fn zh(&self) -> String {
        match self {
            Self::Columns => {
                "应有代码、名称、上级、层级、类别、被替代代码六列，以制表符分隔".to_owned()
            }
            Self::Code { code } => format!("代码“{code}”格式不正确"),
            Self::Name => "名称为空".to_owned(),
            Self::Level { level } => format!("层级“{level}”未知或与代码位数不符"),
            Self::Kind { kind } => format!("类别“{kind}”未知"),
            Self::Parent { parent } => format!("上级{parent}不存在或层级不高于本级"),
            Self::Replaced { code } => format!("被替代代码{code}不存在或与新代码相同"),
        }
    }
}

fn successor_en(successor: &Option<String>) -> String {
    successor
        .as_ref()
        .map(|code| format!(", now {code}"))
        .unwrap_or_default()
}
