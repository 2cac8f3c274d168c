use std::collections::BTreeSet;

use secrecy::ExposeSecret;

use super::*;

fn load(variables: &[(&str, &str)]) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    load_in(folder.path(), variables)
}

fn load_in(folder: &std::path::Path, variables: &[(&str, &str)]) -> Result<Settings, String> {
    let mut environment: std::collections::BTreeMap<_, _> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    environment.entry("ENGINE_DATA".to_owned()).or_insert_with(|| folder.join("data").display().to_string());
    let sources = Sources { environment, dotenv: Some(folder.join(".env")), file: Some(folder.join("engine.toml")).filter(|file| file.exists()) };
    Settings::load(&sources).map_err(|problems| problems.to_string())
}

#[test]
fn nothing_set_is_a_safe_server_for_one() {
    let settings = load(&[]).unwrap();
    assert!(settings.server.listen.ip().is_loopback());
    assert!(matches!(&settings.database.target, Target::Sqlite(path) if path.ends_with("data/engine.sqlite")));
    assert!(!settings.server.production && !settings.secrets.open_registration);
}

/// A setting that is in the table and never read would be a promise that nobody keeps.
#[test]
fn every_setting_of_the_table_is_read() {
    let values = Values::default();
    let mut reader = Reader::new(&values);
    let read = Settings::read(&mut reader, PathBuf::from("data"));
    drop(read);
    let known: BTreeSet<_> = table::all().map(|setting| setting.name).filter(|name| *name != "ENGINE_DATA").collect();
    assert_eq!(reader.asked, known);
}

#[test]
fn all_problems_are_told_at_once_each_with_its_way_out() {
    let text = load(&[
        ("ENGINE_LISTEN", "everywhere"),
        ("ENGINE_JWT_SECRET", "canary"),
        ("ENGINE_RETENTION", "14"),
        ("ENGINE_COMMANDS", "yes"),
        ("DATABASE_URL", "mysql://engine:canary@db/engine"),
        ("ENGINE_NETWORK_ALLOW", "10.0.0.0/99"),
    ])
    .unwrap_err();
    for part in [
        "ENGINE_LISTEN = \"everywhere\" (from the environment): this is no address with a port. Write it as",
        "ENGINE_JWT_SECRET (from the environment): it has only 6 characters. Use at least 32",
        "ENGINE_RETENTION = \"14\"",
        "ENGINE_COMMANDS = \"yes\"",
        "DATABASE_URL = \"mysql://engine:***@db/engine\"",
        "ENGINE_NETWORK_ALLOW = \"10.0.0.0/99\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(text.lines().count(), 7, "{text}");
}

#[test]
fn the_environment_wins_over_dotenv_and_that_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("engine.toml"),
        "time = 1\n[executions]\nconcurrency = 3\ntime_zone = \"Europe/Berlin\"\nretention_count = 5\n",
    )
    .unwrap();
    let text = load_in(folder.path(), &[]).unwrap_err();
    assert!(text.contains("time (from ") && text.contains("no setting has this key"), "{text}");
    std::fs::write(folder.path().join("engine.toml"), "[executions]\nconcurrency = 3\ntime_zone = \"Europe/Berlin\"\nretention_count = 5\n").unwrap();
    std::fs::write(folder.path().join(".env"), "ENGINE_CONCURRENCY=4\nENGINE_TIME_ZONE=Asia/Tokyo\n").unwrap();
    let executions = load_in(folder.path(), &[("ENGINE_CONCURRENCY", "5"), ("ENGINE_RETENTION_COUNT", "")]).unwrap().executions;
    assert_eq!((executions.concurrency, executions.time_zone.as_str(), executions.retention_count), (5, "Asia/Tokyo", Some(5)));
}

#[test]
fn a_key_that_nobody_knows_is_refused_and_a_similar_one_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("engine.toml"), "[server]\nlisten = \"127.0.0.1:1\"\n").unwrap();
    let text = load_in(folder.path(), &[]).unwrap_err();
    assert!(text.contains("server.listen") && text.contains("\"listen\" may be meant"), "{text}");
}

#[test]
fn parts_make_an_address_and_a_secret_may_lie_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "p@ss/word\n").unwrap();
    let file = file.display().to_string();
    let variables = [("ENGINE_DATABASE_HOST", "db.example"), ("ENGINE_DATABASE_PASSWORD_FILE", &*file), ("ENGINE_DATABASE_SSL_MODE", "require")];
    let Target::Postgres(url) = load(&variables).unwrap().database.target else { panic!("a host means Postgres") };
    assert_eq!(url.expose_secret(), "postgres://engine:p%40ss%2Fword@db.example:5432/engine?sslmode=require");
    let both = load(&[("ENGINE_DATABASE_HOST", "db.example"), ("DATABASE_URL", "postgres://db/engine")]).unwrap_err();
    assert!(both.contains("DATABASE_URL is set as well"), "{both}");
    let gone = load(&[("ENGINE_JWT_SECRET_FILE", "/nowhere/secret")]).unwrap_err();
    assert!(gone.contains("ENGINE_JWT_SECRET_FILE (from the environment): /nowhere/secret could not be read"), "{gone}");
}

#[test]
fn what_the_http_side_cannot_use_is_told_without_secrets() {
    let text = load(&[
        ("ENGINE_RATE_LIMIT_USER", "many"),
        ("REDIS_URL", "rediss://:canary@redis.example.com/#insecure"),
        ("ENGINE_SMTP_URL", "smtps://user:canary@mail.example.com"),
        ("ENGINE_CORS_ORIGINS", "https://app.example.com, *"),
        ("ENGINE_LEASE_TIME", "10ms"),
        ("ENGINE_DURABILITY", "sometimes"),
    ])
    .unwrap_err();
    for part in [
        "ENGINE_RATE_LIMIT_USER = \"many\"",
        "REDIS_URL = \"rediss://:***@redis.example.com/#insecure\"",
        "certificates are always checked",
        "ENGINE_MAIL_FROM (not set): letters need a sender",
        "\"*\" is no origin",
        "ENGINE_LEASE_TIME = \"10ms\" (from the environment): this is too short. Use at least 1s",
        "ENGINE_DURABILITY = \"sometimes\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("canary"), "{text}");
    let http = load(&[("ENGINE_CORS_ORIGINS", "https://app.example.com/"), ("ENGINE_RATE_LIMIT_SIGN_IN", "none")]).unwrap().http;
    assert_eq!((http.origins, http.rate_limits.sign_in), (vec!["https://app.example.com".to_owned()], None));
}

#[test]
fn secrets_are_masked_wherever_settings_are_shown() {
    let canary = "canary-canary-canary-canary-canary";
    let settings = load(&[("ENGINE_JWT_SECRET", canary), ("ENGINE_RESUME_KEY", canary), ("DATABASE_URL", "postgres://u:canary@db/engine")]).unwrap();
    let shown = format!("{}{}{settings:?}", show::effective(&settings), show::effective_json(&settings));
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("postgres://u:***@db/engine") && shown.contains("ENGINE_JWT_SECRET"), "{shown}");
}
