//! Which encoding a text file is in, and decoding one cell of it.
//!
//! Spreadsheets in Chinese offices save CSV in GB18030 (GBK) unless told otherwise, and no mark says so. UTF-8 is
//! strict enough to decide by: text in GB18030 hardly ever passes as UTF-8 throughout.

use std::io::{self, Read};

use super::Reason;
use super::lines::Cell;

/// The encodings read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// GB18030 and with it GBK and GB 2312.
    Gb18030,
}

/// What a look over the whole file found.
#[derive(Debug, PartialEq, Eq)]
pub enum Finding {
    /// Text in an encoding.
    Text(Encoding),
    /// Bytes that no text has.
    Binary,
}

/// The byte order mark of UTF-8.
pub const MARK: &[u8] = b"\xEF\xBB\xBF";
/// Longest piece looked at as a whole; a longer one is judged by its parts.
const PIECE_BYTES: usize = 64 * 1024;

/// Looks over the file, in constant memory.
///
/// The text is cut at bytes that are part of no character of either encoding, which are tab, line ends, quotation
/// mark, comma and semicolon, and each piece beyond ASCII is tried as UTF-8. All pass: UTF-8. Else the majority
/// decides, and pieces that do not fit it are problems of their rows.
pub fn find(mut file: impl Read) -> io::Result<Finding> {
    let mut chunk = vec![0; PIECE_BYTES];
    let mut piece: Vec<u8> = Vec::new();
    let mut tally = Tally::default();
    loop {
        let length = file.read(&mut chunk)?;
        for &byte in &chunk[..length] {
            match byte {
                0 => return Ok(Finding::Binary),
                b'\t' | b'\n' | b'\r' | b'"' | b',' | b';' => tally.count(&mut piece),
                _ => piece.push(byte),
            }
            if piece.len() >= PIECE_BYTES {
                tally.count(&mut piece);
            }
        }
        if length == 0 {
            tally.count(&mut piece);
            return Ok(Finding::Text(tally.encoding()));
        }
    }
}

/// Pieces beyond ASCII, by whether they are UTF-8.
#[derive(Default)]
struct Tally {
    utf8: u64,
    other: u64,
}

impl Tally {
    fn count(&mut self, piece: &mut Vec<u8>) {
        if !piece.is_ascii() {
            match std::str::from_utf8(piece) {
                Ok(_) => self.utf8 += 1,
                Err(_) => self.other += 1,
            }
        }
        piece.clear();
    }

    fn encoding(&self) -> Encoding {
        if self.utf8 >= self.other {
            Encoding::Utf8
        } else {
            Encoding::Gb18030
        }
    }
}

impl Encoding {
    /// The name to show.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030",
        }
    }

    /// The text of a cell.
    pub fn decode(self, bytes: &[u8]) -> Cell {
        let undecodable = || (Reason::UndecodableBytes, self.name().to_owned());
        if self == Self::Utf8 {
            return std::str::from_utf8(bytes)
                .map(str::to_owned)
                .map_err(|_| undecodable());
        }
        if std::str::from_utf8(bytes).is_ok_and(two_han) {
            return Err((Reason::MixedEncodings, self.name().to_owned()));
        }
        let text = encoding_rs::GB18030
            .decode_without_bom_handling_and_without_replacement(bytes)
            .ok_or_else(undecodable)?;
        // Characters that someone drew for one machine (造字) mean nothing on another.
        let private = |c: char| matches!(c, '\u{E000}'..='\u{F8FF}');
        if text.contains(private) {
            Err(undecodable())
        } else {
            Ok(text.into_owned())
        }
    }
}

/// Two or more Han characters, each three bytes long in UTF-8: by chance GB18030 text almost never reads so.
fn two_han(text: &str) -> bool {
    text.chars()
        .filter(|c| matches!(c, '\u{4E00}'..='\u{9FFF}'))
        .count()
        > 1
}
