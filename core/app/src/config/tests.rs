#![expect(clippy::unwrap_used, reason = "a failed test")]

use std::path::PathBuf;

use super::*;

fn from_file(text: &str) -> Result<Loaded, ConfigError> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("soko.toml");
    std::fs::write(&path, text).unwrap();
    load(&Sources { file: Some(path), ..Sources::default() })
}

fn from_environment(name: &str, value: &str) -> Result<Loaded, ConfigError> {
    load(&Sources { environment: vec![(name.to_owned(), value.to_owned())], ..Sources::default() })
}

fn from_assignment(text: &str) -> Result<Loaded, ConfigError> {
    load(&Sources { assignments: vec![text.to_owned()], ..Sources::default() })
}

#[test]
fn the_defaults_are_valid_and_each_can_be_set_from_everywhere() {
    let loaded = load(&Sources::default()).unwrap();
    assert_eq!(loaded.settings.listen.0.to_string(), "127.0.0.1:3000");
    assert_eq!(loaded.settings.data.0, PathBuf::from("./soko-data"));
    for (key, entry) in &loaded.entries {
        assert_eq!(entry.origin, Origin::Default, "{key}");
        let text = match &entry.value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(list) => {
                list.iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>().join(",")
            }
            other => other.to_string(),
        };
        let again = from_environment(&variable_of(key), &text).unwrap();
        assert_eq!(again.entries[key].value, entry.value, "{key}");
        assert_eq!(again.entries[key].origin, Origin::Environment(variable_of(key)));
        from_assignment(&format!("{key}={text}")).unwrap();
    }
}

#[test]
fn no_two_settings_share_a_variable() {
    let loaded = load(&Sources::default()).unwrap();
    let names: std::collections::BTreeSet<String> =
        loaded.entries.keys().map(|key| variable_of(key)).collect();
    assert_eq!(names.len(), loaded.entries.len());
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("shop.toml");
    std::fs::write(
        &path,
        "listen = '127.0.0.1:1'\ndata = '/file'\n[database]\nreaders = 7\n[plugins.large]\nhard_ms = 90",
    )
    .unwrap();
    let mut sources = Sources {
        file: Some(path.clone()),
        environment: vec![
            ("SOKO_LISTEN".into(), "127.0.0.1:2".into()),
            ("SOKO_DATA".into(), "/environment".into()),
            ("HOME".into(), "/root".into()),
            ("SOKO_WASM_STD".into(), "debian".into()),
            ("SOKO_PORT_3000_TCP_ADDR".into(), "10.0.0.1".into()),
        ],
        flags: vec![("--listen", "listen", "[::1]:3".into())],
        assignments: vec!["http.cors_origins=https://a.example, https://b.example".into()],
    };
    let loaded = load(&sources).unwrap();
    assert_eq!(loaded.settings.listen.0.to_string(), "[::1]:3");
    assert_eq!(loaded.entries["listen"].origin, Origin::Flag("--listen"));
    assert_eq!(loaded.settings.data.0, PathBuf::from("/environment"));
    assert_eq!(loaded.settings.database.readers, 7);
    assert_eq!(loaded.entries["database.readers"].origin, Origin::File(path.clone()));
    assert_eq!(loaded.settings.plugins.large.hard_ms, 90);
    assert_eq!(loaded.settings.http.cors_origins, ["https://a.example", "https://b.example"]);

    sources.file = None;
    sources.environment.push((FILE_VARIABLE.into(), path.to_string_lossy().into_owned()));
    assert_eq!(load(&sources).unwrap().settings.database.readers, 7);
}

#[test]
fn refuses_unknown_settings_by_name_and_place() {
    let in_file = from_file("[http]\ncors_origin = []").unwrap_err().to_string();
    assert!(in_file.contains("`http.cors_origin`") && in_file.contains("soko.toml"), "{in_file}");
    assert!(from_file("[htpp]\nx = 1").unwrap_err().to_string().contains("`htpp`"));
    assert!(from_file("[log.level]\nx = 1").unwrap_err().to_string().contains("`log.level` must be a text"));
    assert!(from_file("http = 1").unwrap_err().to_string().contains("`http` must be a section"));
    assert_eq!(
        from_environment("SOKO_LISTENN", "x").unwrap_err(),
        ConfigError::UnknownVariable("SOKO_LISTENN".into())
    );
    assert!(
        from_assignment("nothing=1").unwrap_err().to_string().contains("`nothing` (set by the flag --set)")
    );
    assert_eq!(from_assignment("listen").unwrap_err(), ConfigError::NotAnAssignment("listen".into()));
}

#[test]
fn refuses_values_of_another_kind_or_range_by_name_and_place() {
    for (assignment, expected) in [
        ("database.readers=many", "`database.readers` must be a whole number"),
        ("database.readers=0", "`database.readers` must be 1 to 1024, not 0"),
        ("database.readers=-1", "`database.readers` is not acceptable"),
        ("listen=localhost", "`listen` is not acceptable: invalid socket address"),
        ("log.format=xml", "`log.format` is not acceptable"),
        ("log.level=soko=loud", "`log.level` is no log level"),
        ("node.name=a b", "`node.name` must be at most 253 visible"),
        ("telemetry.otlp_endpoint=https://a.example", "`telemetry.otlp_endpoint` must be such as http://"),
        ("telemetry.sampled_percent=101", "`telemetry.sampled_percent` must be 0 to 100"),
        ("data=", "`data` must name a directory"),
        ("database.url=mysql://shop", "`database.url` must begin with postgres://"),
        ("superadmin_password=short", "`superadmin_password` must have at least 8 characters"),
        ("http.cors_origins=shop.example", "`http.cors_origins` must hold"),
        ("http.cors_origins=*,https://a.example", "`http.cors_origins` cannot have `*`"),
        ("http.public_url=shop.example/x", "`http.public_url` must be such as"),
        ("argon2.memory_kib=7", "`argon2.memory_kib` must be 8 to"),
        ("uploads.component_bytes_max=999999999", "`uploads.component_bytes_max` must be"),
        ("plugins.ordinary.hard_ms=0", "`plugins.ordinary` is refused"),
        ("sms.platform_provider=pigeon", "`sms.platform_provider` must be africastalking or textsms"),
        ("plugins.concurrent_calls=0", "`plugins.concurrent_calls` is refused"),
    ] {
        let message = from_assignment(assignment).unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains("--set"), "{assignment}: {message}");
    }
    for (half, expected) in [
        ("sms.platform_provider=textsms", "`sms.platform_username` is needed with sms.platform_provider"),
        ("sms.platform_username=duka", "`sms.platform_provider` is needed with the rest of the account"),
    ] {
        let message = from_assignment(half).unwrap_err().to_string();
        assert!(message.contains(expected), "{half}: {message}");
    }
    let in_file = from_file("[server]\ndrain_s = 'long'").unwrap_err().to_string();
    assert!(in_file.contains("`server.drain_s` must be a whole number") && in_file.contains("soko.toml"));
}

#[test]
fn refuses_a_file_that_is_missing_or_broken() {
    let missing =
        load(&Sources { file: Some("/nowhere/soko.toml".into()), ..Sources::default() }).unwrap_err();
    assert!(matches!(missing, ConfigError::Unreadable { .. }), "{missing}");
    let broken = from_file("listen = '127.0.0.1:1'\n\nreaders 4").unwrap_err();
    assert!(broken.to_string().contains("line 3"), "{broken}");
}

#[test]
fn never_shows_the_password() {
    let loaded = from_assignment("superadmin_password=correct horse").unwrap();
    assert_eq!(loaded.settings.superadmin_password.reveal(), Some("correct horse"));
    assert!(!format!("{:?}", loaded.settings).contains("horse"));
}

/// What the README promises about settings.
#[test]
fn knows_every_setting_of_the_readme() {
    let readme = include_str!("../../../../README.md");
    let loaded = load(&Sources::default()).unwrap();
    let rows = readme.lines().skip_while(|line| !line.starts_with("| Key |")).skip(2);
    let first_cells = rows.take_while(|line| line.starts_with('|')).filter_map(|row| row.split('|').nth(1));
    let quoted = first_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let keys: Vec<&str> = quoted.filter(|key| !key.starts_with("--") && !key.ends_with('*')).collect();
    assert!(keys.len() > 20, "{keys:?}");
    for key in keys {
        assert!(loaded.entries.contains_key(key), "{key}");
    }
}
