//! The bytes of an export: CSV in the encoding asked for, formulas disarmed, digest and rows counted on the way.

use junheng_kernel::digest::BytesDigest;
use junheng_kernel::error::KernelError;
use junheng_proto::registration::v1::export::Encoding;

/// First characters that make a cell a formula in a spreadsheet, or hide one behind white space.
const FORMULA_STARTS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];
/// What is put before such a cell; a spreadsheet shows the cell as text.
const GUARD: char = '\'';
/// The byte order mark, by which a spreadsheet knows UTF-8.
const MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

/// A file that is being made.
pub(super) struct File {
    encoding: Encoding,
    digest: BytesDigest,
    begun: bool,
}

// === impl File ===

impl File {
    pub(super) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            digest: BytesDigest::default(),
            begun: false,
        }
    }

    /// The next bytes of the file: these rows.
    pub(super) fn write(&mut self, rows: &[Vec<String>]) -> Result<Vec<u8>, KernelError> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .flexible(true)
            .from_writer(Vec::new());
        let broken =
            |why: String| KernelError::Stored(format!("the rows cannot be written: {why}"));
        for row in rows {
            let cells = row.iter().map(|cell| guarded(cell));
            writer
                .write_record(cells)
                .map_err(|error| broken(error.to_string()))?;
        }
        let text = writer
            .into_inner()
            .map_err(|error| broken(error.to_string()))?;
        let bytes = self.encoded(text)?;
        self.digest.add(&bytes);
        Ok(bytes)
    }

    fn encoded(&mut self, text: Vec<u8>) -> Result<Vec<u8>, KernelError> {
        let first = !std::mem::replace(&mut self.begun, true);
        if self.encoding == Encoding::Gb18030 {
            let text =
                String::from_utf8(text).map_err(|error| KernelError::Stored(error.to_string()))?;
            return Ok(encoding_rs::GB18030.encode(&text).0.into_owned());
        }
        Ok(if first { [MARK, &text].concat() } else { text })
    }

    /// SM3 over everything written, in hexadecimal.
    pub(super) fn digest(self) -> String {
        self.digest.finish_hex()
    }
}

/// The cell as it is written. Cells that begin with guards themselves count too, or taking one off would not give the cell
/// back.
fn guarded(cell: &str) -> String {
    if cell.trim_start_matches(GUARD).starts_with(FORMULA_STARTS) {
        format!("{GUARD}{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(encoding: Encoding, cells: &[&str]) -> Vec<u8> {
        let row = cells.iter().map(|cell| (*cell).to_owned()).collect();
        File::new(encoding).write(&[row]).unwrap()
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"] {
            assert_eq!(guarded(cell), format!("'{cell}"), "{cell:?}");
        }
        for cell in ["", "王小明", "1-2", "买买提·艾力", "'"] {
            assert_eq!(guarded(cell), cell);
        }
        let text = String::from_utf8(written(
            Encoding::Utf8,
            &["=HYPERLINK(\"http://x\")", "a,b"],
        ));
        assert_eq!(
            text.unwrap(),
            "\u{FEFF}\"'=HYPERLINK(\"\"http://x\"\")\",\"a,b\"\r\n"
        );
    }

    #[test]
    fn a_file_is_utf_8_with_a_mark_once_or_gb18030() {
        let mut file = File::new(Encoding::Utf8);
        let row = vec![vec!["𬱖".to_owned()]];
        assert!(file.write(&row).unwrap().starts_with(MARK));
        assert!(!file.write(&row).unwrap().starts_with(MARK));
        let bytes = written(Encoding::Gb18030, &["汉", "𬱖"]);
        assert_eq!(encoding_rs::GB18030.decode(&bytes).0, "汉,𬱖\r\n");
        assert_ne!(bytes[..2], MARK[..2]);
    }

    #[test]
    fn the_digest_is_over_the_bytes_however_they_were_cut() {
        let rows = vec![vec!["一".to_owned()], vec!["二".to_owned()]];
        let mut whole = File::new(Encoding::Utf8);
        let bytes = whole.write(&rows).unwrap();
        let mut parts = File::new(Encoding::Utf8);
        for row in &rows {
            parts.write(std::slice::from_ref(row)).unwrap();
        }
        let digest = whole.digest();
        assert_eq!(digest, parts.digest());
        let expected = junheng_kernel::digest::sm3(&bytes);
        let expected: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, expected);
    }
}
