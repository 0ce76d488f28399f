use super::cipher::{schedule, sm4_gcm_open, sm4_gcm_seal};
use super::index::{hmac_sm3, keyed};
use super::*;
use zeroize::Zeroizing;

const K1: &str = "k1:AAAAAAAAAAAAAAAAAAAAAA==";
const K2: &str = "k2:AQEBAQEBAQEBAQEBAQEBAQ==";
const AT: FieldAddress<'static> = FieldAddress {
    table: "students",
    field: "identity_number",
    row: "a",
};

fn config(keyring: &Keyring) -> String {
    keyring.to_config().as_str().unwrap().to_owned()
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    hex::decode(hex).unwrap().try_into().unwrap()
}

#[test]
fn the_cipher_agrees_with_rfc_8998() {
    let key = schedule(&bytes("0123456789abcdeffedcba9876543210"));
    let nonce = bytes("00001234567800000000abcd");
    let plain: [u8; 64] = bytes(
        &["aa", "bb", "cc", "dd", "ee", "ff", "ee", "aa"]
            .map(|pair| pair.repeat(8))
            .concat(),
    );
    let aad: [u8; 20] = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let expected = "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735\
                    d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d\
                    83de3541e4c2b58177e065a9bf7b62ec";
    let sealed = sm4_gcm_seal(&key, nonce, &plain, &aad).unwrap();
    assert_eq!(hex::encode(&sealed), expected);
    assert_eq!(
        sm4_gcm_open(&key, nonce, &sealed, &aad).unwrap().as_bytes(),
        plain
    );
}

#[test]
fn the_keyed_hash_agrees_with_a_published_vector() {
    let key: [u8; 32] = bytes("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20");
    let message = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".repeat(2);
    let expected = "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a";
    assert_eq!(
        hex::encode(hmac_sm3(&keyed(&key), &[message.as_bytes()])),
        expected
    );
}

#[test]
fn a_sealed_value_opens_only_at_its_own_address() {
    let keyring = Keyring::generate().unwrap();
    let sealed = keyring.seal(b"secret", &AT.to_aad()).unwrap();
    assert_eq!(
        keyring.open(&sealed, &AT.to_aad()).unwrap().as_bytes(),
        b"secret"
    );
    let elsewhere = [
        FieldAddress {
            table: "teachers",
            ..AT
        },
        FieldAddress {
            field: "phone",
            ..AT
        },
        FieldAddress { row: "b", ..AT },
        FieldAddress {
            table: "student",
            field: "sidentity_number",
            ..AT
        },
    ];
    for address in elsewhere {
        assert_eq!(
            keyring.open(&sealed, &address.to_aad()),
            Err(CipherError::Rejected)
        );
    }
}

#[test]
fn a_sealed_value_does_not_open_once_any_bit_or_its_length_changed() {
    let keyring = Keyring::generate().unwrap();
    let sealed = keyring.seal(b"secret", b"").unwrap();
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(keyring.open(&altered, b"").is_err(), "byte {at}");
        assert!(keyring.open(&sealed[..at], b"").is_err(), "cut at {at}");
    }
}

#[test]
fn the_same_value_is_never_sealed_to_the_same_bytes() {
    let keyring = Keyring::generate().unwrap();
    assert_ne!(
        keyring.seal(b"secret", b"").unwrap(),
        keyring.seal(b"secret", b"").unwrap()
    );
}

#[test]
fn after_rotation_old_values_open_and_are_named_for_resealing() {
    let mut keyring = Keyring::from_config(K1).unwrap();
    let old = keyring.seal(b"secret", b"").unwrap();
    assert_eq!(keyring.needs_reseal(&old), Ok(false));
    keyring.rotate().unwrap();
    assert_eq!(keyring.active_id(), "k2");
    let again = Keyring::from_config(&config(&keyring)).unwrap();
    assert_eq!(again.open(&old, b"").unwrap().as_bytes(), b"secret");
    assert_eq!(again.needs_reseal(&old), Ok(true));
    let new = again.seal(b"secret", b"").unwrap();
    assert_eq!(again.needs_reseal(&new), Ok(false));
    let late = Keyring::from_config(K1).unwrap();
    assert_eq!(
        late.open(&new, b""),
        Err(CipherError::UnknownKey {
            id: "k2".to_owned()
        })
    );
}

#[test]
fn the_first_key_seals_and_all_open() {
    let sealed = Keyring::from_config(K1)
        .unwrap()
        .seal(b"secret", b"")
        .unwrap();
    let both = Keyring::from_config(&format!("{K2}, {K1}")).unwrap();
    assert_eq!(both.active_id(), "k2");
    assert_eq!(both.open(&sealed, b"").unwrap().as_bytes(), b"secret");
}

#[test]
fn a_generated_keyring_survives_being_written_and_read() {
    let keyring = Keyring::generate().unwrap();
    let again = Keyring::from_config(&config(&keyring)).unwrap();
    let number = "630103201403150019";
    let index = |keyring: &Keyring| keyring.blind_index().unwrap().index("students", number);
    assert_eq!(index(&keyring), index(&again));
    assert_eq!(
        BlindIndex::from_config(&config(&keyring))
            .unwrap()
            .index("students", number),
        index(&again)
    );
    assert_eq!(
        again
            .open(&keyring.seal(b"x", b"").unwrap(), b"")
            .unwrap()
            .as_bytes(),
        b"x"
    );
}

#[test]
fn a_wrong_entry_is_named_by_position_and_not_shown() {
    use EntryProblem::*;
    #[rustfmt::skip]
    let cases = [
        (format!("{K1},k2"),                              2, Shape),
        (format!("{K1},"),                                2, Shape),
        ("U0VDUkVUU0VDUkVUU0U=:k1".to_owned(),            1, Id),
        (format!("{K1},k2:secret!"),                      2, Base64),
        (format!("{K1},k2:c2VjcmV0"),                     2, Length { expected: 16, found: 6 }),
        (format!("{K1},index:c2VjcmV0"),                  2, Length { expected: 32, found: 6 }),
        (format!("{K1},{K2},{K1}"),                       3, RepeatedId),
        (format!("{K1},{}", K1.replace("k1", "k9")),      2, RepeatedKey),
    ];
    for (text, position, problem) in cases {
        let error = Keyring::from_config(&text).unwrap_err();
        assert_eq!(error, KeyringError::Entry { position, problem });
        assert!(!format!("{error} {error:?}").contains("ecret"));
    }
    assert_eq!(
        Keyring::from_config("").unwrap_err(),
        KeyringError::NoCipherKey
    );
    assert_eq!(
        Keyring::from_config(K1).unwrap().blind_index().unwrap_err(),
        KeyringError::NoIndexKey
    );
}

#[test]
fn no_key_and_no_plain_text_is_ever_printed() {
    let keyring = Keyring::generate().unwrap();
    let printed = format!("{keyring:?} {:?}", keyring.blind_index().unwrap());
    assert_eq!(printed, r#"Keyring { ids: ["k1"], .. } BlindIndex"#);
    let opened = keyring.open(&keyring.seal(b"plain", b"").unwrap(), b"");
    assert_eq!(
        format!("{:?} {opened:?}", keyring.to_config()),
        "Secret Ok(Secret)"
    );
}

/// What is stored is found by these bytes for ever: computed apart from here, by HMAC over domain, zero and value.
#[test]
fn a_value_has_the_hash_by_which_it_was_stored() {
    let index = BlindIndex::new(Zeroizing::new(std::array::from_fn(|at| at as u8)));
    assert_eq!(
        hex::encode(index.index("person.resident", "630103201501010011")),
        "65b78d61ad75236bcca98748ce4bf54c6b52f95efc3fdbec9611ea1ba38fe07a"
    );
    assert_eq!(
        hex::encode(index.hash("journal.record", &[0; 32])),
        "e3423286e054c4634dbbfe67a81535608edf79705e95c9d2f8d2a88c78828ef7"
    );
}

#[test]
fn equal_values_of_two_domains_have_different_hashes() {
    let keyring = Keyring::generate().unwrap();
    let index = keyring.blind_index().unwrap();
    assert_eq!(index.index("students", "x"), index.index("students", "x"));
    assert_ne!(index.index("students", "x"), index.index("teachers", "x"));
    assert_ne!(index.index("ab", "c"), index.index("a", "bc"));
}

type Mask = fn(&str) -> String;

#[test]
fn masks_keep_what_they_promise_and_no_more() {
    #[rustfmt::skip]
    let cases: &[(Mask, &str, &str)] = &[
        (mask::identity_number, "630103201403150014",        "6***4"),
        (mask::identity_number, "42900420130909108X",        "4***X"),
        (mask::identity_number, "H12",                       "***"),
        (mask::identity_number, "7",                         "***"),
        (mask::identity_number, "",                          ""),
        (mask::name,            "王芳",                      "王**"),
        (mask::name,            "欧阳娜娜",                  "欧**"),
        (mask::name,            "买买提·艾力",               "买**"),
        (mask::name,            "𠅤明",                      "𠅤**"),
        (mask::name,            "",                          ""),
        (mask::phone,           "13812345678",               "138****5678"),
        (mask::phone,           "+86 138-1234-5678",         "138****5678"),
        (mask::phone,           "0971-6123456",              "****56"),
        (mask::phone,           "12345",                     "***"),
        (mask::phone,           "",                          ""),
        (mask::address,         "青海省西宁市城中区南关街12号",         "青海省西宁市城中区****"),
        (mask::address,         "西宁市城中区幸福小区3号楼",            "西宁市城中区****"),
        (mask::address,         "广西壮族自治区柳州市城中区中山路",     "广西壮族自治区柳州市城中区****"),
        (mask::address,         "仙桃市毛嘴镇好邻居超市旁",             "仙桃市****"),
        (mask::address,         "河南省新乡市封丘县陈桥镇",             "河南省新乡市封丘县****"),
        (mask::address,         "河南省南阳市镇平县某村",               "河南省南阳市镇平县****"),
        (mask::address,         "湖北省荆州市洪湖市新堤街",             "湖北省荆州市洪湖市****"),
        (mask::address,         "幸福小区3号楼",                        "****"),
        (mask::address,         "",                                     ""),
    ];
    for (mask, plain, expected) in cases {
        assert_eq!(mask(plain), *expected, "{plain}");
    }
}
