//! What can be wrong with a table, with the remedy, in Chinese and English: one table.

use serde::{Deserialize, Serialize};

/// The kind of a problem, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The file cannot be opened or read.
    CannotRead,
    /// There is no header in row 1.
    NoHeader,
    /// An old binary workbook (.xls) or one with a password.
    OldOrLockedWorkbook,
    /// UTF-16 text.
    Utf16,
    /// Neither text nor a workbook.
    NotATable,
    /// Named .xlsx but no zip archive.
    NotAWorkbook,
    /// A workbook that cannot be unpacked or parsed.
    BrokenWorkbook,
    /// A workbook without a visible worksheet.
    NoWorksheet,
    /// Columns separated by something other than a comma.
    NotCommaSeparated,
    /// More columns than allowed.
    TooManyColumns,
    /// More rows than allowed.
    TooManyRows,
    /// A cell longer than allowed, often an unclosed quotation mark.
    CellTooLong,
    /// A cell that begins with a quotation mark and does not end with one.
    UnclosedQuote,
    /// Reading needs more memory than allowed.
    OutOfMemory,
    /// Reading takes more processor time than allowed.
    OutOfTime,
    /// The reading process failed for another reason.
    ReaderFailed,
    /// A header that the import does not know.
    UnknownColumn,
    /// A column that the import needs is absent.
    MissingColumn,
    /// Two headers mean the same column.
    RepeatedColumn,
    /// Bytes that the encoding of the file does not have.
    UndecodableBytes,
    /// A cell in another encoding than the file.
    MixedEncodings,
    /// A number with more digits than a numeric cell keeps.
    DigitsLost,
    /// A cell that holds the error of a formula.
    FormulaError,
    /// A value in a column that has no header.
    CellWithoutHeader,
}

/// Of each reason: whether it ends the reading, and the sentence with the remedy. `{}` is the detail.
type Sentence = (Reason, bool, &'static str, &'static str);

#[rustfmt::skip]
const SENTENCES: &[Sentence] = &[
    (Reason::CannotRead, true,
        "the file cannot be read ({}); check its path and the right to read it",
        "无法读取文件（{}），请检查路径和读取权限"),
    (Reason::NoHeader, true,
        "row 1 has no column names; put the names of the columns into row 1",
        "第1行没有列名，请把列名写在第1行"),
    (Reason::OldOrLockedWorkbook, true,
        "the file is an old workbook (.xls) or has a password; remove the password and save it as .xlsx",
        "文件是旧格式工作簿（.xls）或设有密码，请取消密码并另存为 .xlsx"),
    (Reason::Utf16, true,
        "the text is in UTF-16; save it as CSV in UTF-8 or GB18030",
        "文本为 UTF-16 编码，请另存为 UTF-8 或 GB18030 编码的 CSV"),
    (Reason::NotATable, true,
        "the file is neither CSV text nor an .xlsx workbook; save the table in one of the two formats",
        "文件既不是 CSV 文本也不是 .xlsx 工作簿，请另存为其中一种格式"),
    (Reason::NotAWorkbook, true,
        "the file is named as a workbook but is none; save it again as .xlsx, or name a text file .csv",
        "文件扩展名为工作簿但内容不是，请重新另存为 .xlsx，文本文件请命名为 .csv"),
    (Reason::BrokenWorkbook, true,
        "the workbook is damaged ({}); open it in a spreadsheet program and save it again, or send it again",
        "工作簿已损坏（{}），请用表格软件打开后重新保存，或重新传送"),
    (Reason::NoWorksheet, true,
        "the workbook has no visible worksheet; put the table on the first sheet",
        "工作簿没有可见的工作表，请把表格放在第一个工作表"),
    (Reason::NotCommaSeparated, true,
        "the columns are separated by {}; save the table as comma-separated CSV",
        "各列以{}分隔，请另存为逗号分隔的 CSV"),
    (Reason::TooManyColumns, true,
        "there is a value beyond column {}, the last one allowed; delete everything to the right of the table",
        "第{}列（允许的最后一列）之外还有内容，请删除表格右侧的内容"),
    (Reason::TooManyRows, true,
        "there is a value beyond row {}, the last one allowed; delete what lies below the table or divide it",
        "第{}行（允许的最后一行）之外还有内容，请删除表格下方的内容或拆分文件"),
    (Reason::CellTooLong, true,
        "a cell is longer than {} characters; shorten it, and in a CSV file look for a quotation mark not closed",
        "单元格超过{}个字符，请缩短内容；CSV 文件请检查引号是否未闭合"),
    (Reason::UnclosedQuote, true,
        "the cell begins with a quotation mark that is not closed at its end and takes in what follows; close it or remove it",
        "单元格以引号开头，但末尾没有闭合的引号，后面的内容被并入该单元格，请补上或删除引号"),
    (Reason::OutOfMemory, true,
        "reading the file needs more memory than the {} allowed; copy the table into a new file or divide it",
        "读取该文件所需内存超过允许的{}，请把表格复制到新文件或拆分后再导入"),
    (Reason::OutOfTime, true,
        "reading the file takes longer than the {} allowed; copy the table into a new file or divide it",
        "读取该文件所需时间超过允许的{}，请把表格复制到新文件或拆分后再导入"),
    (Reason::ReaderFailed, true,
        "the file could not be read to its end ({}); save it again as CSV in UTF-8",
        "文件未能读完（{}），请重新另存为 UTF-8 编码的 CSV"),
    (Reason::UnknownColumn, true,
        "the column is not one of this import; accepted are {}",
        "该列不属于本次导入，可用的列名为：{}"),
    (Reason::MissingColumn, true,
        "the column {} is missing; add it",
        "缺少列“{}”，请补上"),
    (Reason::RepeatedColumn, true,
        "two columns mean {}; keep one of them",
        "有两列都表示“{}”，请只保留一列"),
    (Reason::UndecodableBytes, false,
        "the cell holds bytes that are no text in {}; type it again or save the file in UTF-8",
        "单元格中有不属于{}编码的内容，请重新输入或将文件另存为 UTF-8"),
    (Reason::MixedEncodings, false,
        "the cell seems to be in UTF-8 while the file is in {}; save the whole file in UTF-8",
        "该单元格疑为 UTF-8 编码而文件为{}编码，请将整个文件另存为 UTF-8"),
    (Reason::DigitsLost, false,
        "the cell is a number of more than 15 digits, of which the last are lost; format the column as text and type it again",
        "单元格为超过15位的数字，末尾数位已丢失，请把该列设为文本格式后重新输入"),
    (Reason::FormulaError, false,
        "the formula in the cell failed with {}; replace it by its value",
        "单元格公式出错（{}），请改为数值"),
    (Reason::CellWithoutHeader, false,
        "there is a value in a column without a name; name the column in row 1 or delete the value",
        "没有列名的列中有内容，请在第1行写上列名或删除该内容"),
];

impl Reason {
    /// Whether the whole file is refused, so that no row follows.
    pub fn ends(self) -> bool {
        self.sentence().is_none_or(|sentence| sentence.1)
    }

    fn sentence(self) -> Option<&'static Sentence> {
        SENTENCES.iter().find(|sentence| sentence.0 == self)
    }
}

/// What is wrong, where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}{en}", self.place())]
pub struct TableError {
    /// Row in the file, when one is to blame; the header is 1.
    pub row: Option<u64>,
    /// Column by its name in the header, or by its letter in the header itself.
    pub column: Option<String>,
    /// The kind.
    pub reason: Reason,
    /// Sentence with remedy in Chinese.
    pub zh: String,
    /// Sentence with remedy in English.
    pub en: String,
    /// With the first problem of a row: its cells, those that could be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<String>,
}

impl TableError {
    /// A problem of the file; `detail` fills the sentence and must name no person.
    pub fn new(reason: Reason, detail: &str) -> Self {
        let (en, zh) = reason
            .sentence()
            .map_or(("", ""), |sentence| (sentence.2, sentence.3));
        let fill = |text: &str| text.replace("{}", detail);
        Self {
            row: None,
            column: None,
            reason,
            zh: fill(zh),
            en: fill(en),
            texts: Vec::new(),
        }
    }

    /// The same problem at a row, and at a column when it is known.
    #[must_use]
    pub fn at(mut self, row: u64, column: Option<String>) -> Self {
        (self.row, self.column) = (Some(row), column);
        self
    }

    fn place(&self) -> String {
        let row = self.row.map(|row| format!("row {row}"));
        let column = self
            .column
            .as_ref()
            .map(|column| format!("column {column}"));
        match [row, column]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
        {
            place if place.is_empty() => place,
            place => format!("{place}: "),
        }
    }
}

/// The letters of a column as spreadsheets show it, counted from 0: A, B … Z, AA.
pub fn letters(mut column: usize) -> String {
    let mut text = String::new();
    loop {
        text.insert(0, char::from(b'A' + (column % 26) as u8));
        if column < 26 {
            return text;
        }
        column = column / 26 - 1;
    }
}
