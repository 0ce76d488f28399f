//! Keyset pages: the token names the last record read and is bound to the other fields of the request. It gives no
//! access by itself; scope is in every query.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::digest::PartsDigest;
use crate::error::KernelError;
use crate::fault::Violation;

const DEFAULT_SIZE: i32 = 50;
const MOST: i32 = 500;

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    size: u64,
    after: Option<String>,
    binding: String,
}

// === impl Page ===

impl Page {
    /// Reads size and token; `method` and `fields`, the request's other fields, are what the token must have been given for.
    ///
    /// Fails with `FIELD_INVALID` for a negative size and `PAGE_TOKEN_INVALID` for a token of another list.
    pub fn of(method: &str, size: i32, token: &str, fields: &[&str]) -> Result<Self, KernelError> {
        if size < 0 {
            return Err(KernelError::Fields(vec![Violation::invalid(
                "page_size",
                "must not be negative; 0 means 50, more than 500 is read as 500",
                "不得为负数,0 表示 50,超过 500 按 500 处理",
            )]));
        }
        let size = if size == 0 {
            DEFAULT_SIZE
        } else {
            size.min(MOST)
        };
        let mut digest = PartsDigest::default();
        digest.add(method.as_bytes());
        for field in fields {
            digest.add(field.as_bytes());
        }
        let binding = URL_SAFE_NO_PAD.encode(&digest.finish()[..9]);
        let after = match token {
            "" => None,
            _ => Some(read(token, &binding).ok_or(KernelError::PageToken)?),
        };
        Ok(Self {
            size: u64::try_from(size).unwrap_or(MOST as u64),
            after,
            binding,
        })
    }

    /// The key of the last record of the page before. Fails with `PAGE_TOKEN_INVALID` when the token holds no such key.
    pub fn after<K: FromStr>(&self) -> Result<Option<K>, KernelError> {
        let read = |key: &String| key.parse().map_err(|_| KernelError::PageToken);
        self.after.as_ref().map(read).transpose()
    }

    /// How many rows to read: one more than the page holds, to know whether another follows.
    pub fn limit(&self) -> u64 {
        self.size + 1
    }

    /// The rows of the page and the token of the next one, empty when there is none.
    pub fn cut<R>(&self, mut rows: Vec<R>, key: impl Fn(&R) -> String) -> (Vec<R>, String) {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let token = match rows.last() {
            Some(last) if more => self.token(&key(last)),
            _ => String::new(),
        };
        (rows, token)
    }

    /// The token of a page that goes on behind a key: for a list that stops looking before its page is full.
    pub fn token(&self, key: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}{key}", self.binding))
    }
}

fn read(token: &str, binding: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix(binding).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let numbers: Vec<i64> = (1..=7).collect();
        let (mut token, mut seen) = (String::new(), Vec::new());
        loop {
            let page = Page::of("/schools", 3, &token, &["regions/63"]).unwrap();
            let after: i64 = page.after().unwrap().unwrap_or(0);
            let rows: Vec<i64> = numbers
                .iter()
                .copied()
                .filter(|number| *number > after)
                .take(page.limit() as usize)
                .collect();
            let (rows, next) = page.cut(rows, i64::to_string);
            seen.extend(rows);
            token = next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, numbers);
    }

    #[test]
    fn a_token_belongs_to_its_list() {
        let page = Page::of("/schools", 1, "", &["regions/63"]).unwrap();
        let (_, token) = page.cut(vec![1, 2], i32::to_string);
        assert!(Page::of("/schools", 1, &token, &["regions/63"]).is_ok());
        assert!(matches!(
            Page::of("/schools", 1, &token, &["regions/62"]),
            Err(KernelError::PageToken)
        ));
        assert!(matches!(
            Page::of("/classes", 1, &token, &["regions/63"]),
            Err(KernelError::PageToken)
        ));
        assert!(matches!(
            Page::of("/schools", 1, "nonsense", &["regions/63"]),
            Err(KernelError::PageToken)
        ));
    }

    #[test]
    fn a_negative_size_is_refused_and_a_large_one_is_cut() {
        assert!(Page::of("/schools", -1, "", &[]).is_err());
        assert_eq!(Page::of("/schools", 9_999, "", &[]).unwrap().limit(), 501);
        assert_eq!(Page::of("/schools", 0, "", &[]).unwrap().limit(), 51);
    }
}
