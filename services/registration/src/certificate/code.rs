//! Verification codes: 80 secret bits as 16 letters and digits, and two check characters. Pure.

use junheng_kernel::error::KernelError;
use junheng_kernel::privacy::{BlindIndex, Keyring};
use uuid::Uuid;

/// Digits and letters without I, L, O and U, which are mistaken for others.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Symbols that carry the secret.
const SECRET: usize = 16;

/// The largest prime that two symbols can hold: any one wrong symbol and any two neighbours exchanged are found.
const MODULUS: u32 = 1_021;

/// The code of a certificate, in groups for printing: it follows from the id and the key.
pub fn of(keys: &Keyring, id: Uuid) -> Result<String, KernelError> {
    let secret = index_of(keys)?.index("certificates.code", &id.to_string());
    let symbols = symbols_of(&secret);
    let (high, low) = check_of(&symbols);
    let groups: Vec<String> = symbols
        .chunks(4)
        .map(|group| group.iter().map(|symbol| shown(*symbol)).collect())
        .collect();
    Ok(format!(
        "{}-{}{}",
        groups.join("-"),
        shown(high),
        shown(low)
    ))
}

/// What the row keeps of a code, as it is read back.
pub fn hash(keys: &Keyring, normal: &str) -> Result<Vec<u8>, KernelError> {
    Ok(index_of(keys)?
        .index("certificates.lookup", normal)
        .to_vec())
}

/// The code as it was typed, without what does not matter; `None` when its check characters are wrong.
pub fn read(written: &str) -> Option<String> {
    let mut symbols = Vec::with_capacity(SECRET + 2);
    for letter in written.chars() {
        if letter == '-' || letter.is_whitespace() {
            continue;
        }
        symbols.push(symbol_of(letter)?);
    }
    let (secret, check) = symbols.split_at_checked(SECRET)?;
    let (high, low) = check_of(secret);
    (check == [high, low]).then(|| symbols.iter().map(|symbol| shown(*symbol)).collect())
}

fn index_of(keys: &Keyring) -> Result<&BlindIndex, KernelError> {
    keys.blind_index()
        .map_err(|error| KernelError::Stored(error.to_string()))
}

/// The first 80 bits in groups of five.
fn symbols_of(secret: &[u8; 32]) -> Vec<u8> {
    let bit = |at: usize| (secret[at / 8] >> (7 - at % 8)) & 1;
    (0..SECRET)
        .map(|symbol| (0..5).fold(0, |value, at| value << 1 | bit(symbol * 5 + at)))
        .collect()
}

fn check_of(symbols: &[u8]) -> (u8, u8) {
    let value = symbols.iter().fold(0, |value, symbol| {
        (value * 32 + u32::from(*symbol)) % MODULUS
    });
    // Shifted, so that a code of zeros does not check itself.
    let value = (value * 32 * 32 + 7) % MODULUS;
    let part = |value: u32| u8::try_from(value % 32).unwrap_or(0);
    (part(value / 32), part(value))
}

fn shown(symbol: u8) -> char {
    char::from(SYMBOLS[usize::from(symbol % 32)])
}

fn symbol_of(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let at = SYMBOLS
        .iter()
        .position(|symbol| char::from(*symbol) == letter)?;
    u8::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_back_however_it_is_typed() {
        let keys = Keyring::generate().unwrap();
        let code = of(&keys, Uuid::now_v7()).unwrap();
        assert_eq!(code.len(), 16 + 4 + 2, "{code}");
        let plain = code.replace('-', "");
        assert_eq!(read(&code), Some(plain.clone()));
        assert_eq!(read(&code.to_lowercase()), Some(plain.clone()));
        let careless = plain.replace('0', "o").replace('1', "l");
        assert_eq!(read(&format!(" {careless} ")), Some(plain));
    }

    #[test]
    fn every_slip_of_one_symbol_and_every_exchange_of_neighbours_is_found() {
        let keys = Keyring::generate().unwrap();
        let code = of(&keys, Uuid::now_v7()).unwrap().replace('-', "");
        let symbols: Vec<char> = code.chars().collect();
        let written = |symbols: &[char]| symbols.iter().collect::<String>();
        for at in 0..symbols.len() {
            for other in SYMBOLS.iter().map(|symbol| char::from(*symbol)) {
                let mut wrong = symbols.clone();
                wrong[at] = other;
                assert_eq!(read(&written(&wrong)).is_some(), wrong == symbols);
            }
            if at + 1 < SECRET {
                let mut wrong = symbols.clone();
                wrong.swap(at, at + 1);
                assert_eq!(read(&written(&wrong)).is_some(), wrong == symbols);
            }
        }
        for text in [
            "",
            "0",
            &"0".repeat(18),
            &"U".repeat(18),
            &format!("{code}0"),
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_code_follows_from_the_key_and_not_from_the_id_alone() {
        let id = Uuid::now_v7();
        let (one, other) = (Keyring::generate().unwrap(), Keyring::generate().unwrap());
        assert_eq!(of(&one, id).unwrap(), of(&one, id).unwrap());
        assert_ne!(of(&one, id).unwrap(), of(&other, id).unwrap());
        assert_ne!(of(&one, id).unwrap(), of(&one, Uuid::now_v7()).unwrap());
    }
}
