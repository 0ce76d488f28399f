use super::*;

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn refusal(pairs: &[(&str, &str)]) -> String {
    load_with(None, variables(pairs))
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[test]
fn the_manual_alone_is_a_whole_configuration() {
    let config = load_with(None, []).unwrap();
    assert_eq!(config.serve.listen, "127.0.0.1:8740");
    assert_eq!(config.region.province_code(), "630000");
    assert!(config.browser.list().is_empty());
    // What the manual says of the gateway is what the gateway does when nobody sets anything.
    let gateway = junheng_gateway::Settings::default();
    assert_eq!(
        (config.limits, config.sessions),
        (gateway.limits, gateway.sessions)
    );
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_manual() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    std::fs::write(&file, "[serve]\nlisten = \"0.0.0.0:1\"\ndata_dir = \"b\"\n").unwrap();
    let set = variables(&[
        ("JUNHENG_SERVE__LISTEN", "0.0.0.0:2"),
        ("OTHER_SERVE__LISTEN", "x"),
    ]);
    let config = load_with(Some(&file), set).unwrap();
    assert_eq!(config.serve.listen, "0.0.0.0:2");
    assert_eq!(config.serve.data_dir, Path::new("b"));
    assert_eq!(config.telemetry.log, "info");
}

#[test]
fn a_value_of_the_environment_has_the_type_of_its_default() {
    let set = variables(&[
        ("JUNHENG_REGION__PROVINCE", "63"),
        ("JUNHENG_CLIENT__PASSWORD", "123456789012"),
        ("JUNHENG_TELEMETRY__JSON", "true"),
        ("JUNHENG_CLOCK__OFFSET_SECONDS", "-5"),
    ]);
    let config = load_with(None, set).unwrap();
    assert_eq!(config.client.password, "123456789012");
    assert!(config.telemetry.json);
    assert_eq!(config.clock.offset_seconds, -5);
    assert!(refusal(&[("JUNHENG_TELEMETRY__JSON", "maybe")]).contains("true or false"));
}

#[test]
fn an_unknown_key_is_refused_by_name_wherever_it_stands() {
    assert!(refusal(&[("JUNHENG_SERVE__LISTENN", "x")]).contains("serve.listenn"));
    assert!(refusal(&[("JUNHENG_SERVE", "x")]).contains("JUNHENG_SERVE"));
    let folder = tempfile::tempdir().unwrap();
    for (text, key) in [
        ("[serve]\nlistne = \"x\"", "listne"),
        ("[sevre]\n", "sevre"),
    ] {
        let file = folder.path().join("a.toml");
        std::fs::write(&file, text).unwrap();
        let refusal = load_with(Some(&file), []).err().unwrap().to_string();
        assert!(refusal.contains(key), "{refusal}");
    }
    assert!(load_with(Some(&folder.path().join("absent.toml")), []).is_err());
}

#[test]
fn secrets_are_made_once_and_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let first = Secrets::in_folder(folder.path()).unwrap();
    let again = Secrets::in_folder(folder.path()).unwrap();
    assert_eq!(
        first.trusted().unwrap().to_config(),
        again.trusted().unwrap().to_config()
    );
    assert_eq!(first.keyring, again.keyring);
    let mode = std::fs::metadata(folder.path().join("secrets.toml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn every_role_of_one_folder_believes_every_other() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Secrets::in_folder(folder.path()).unwrap();
    let trusted = secrets.trusted().unwrap();
    for (issuer, key) in &secrets.keys {
        let key = junheng_kernel::admission::SigningKey::from_config(key).unwrap();
        assert_eq!(
            trusted.get(issuer),
            Some(key.public().as_slice()),
            "{issuer}"
        );
    }
    assert_eq!(secrets.keys.len(), 5);
}
