//! `engine key`.

use serde_json::json;

use crate::server::{Place, answer};

#[tokio::test]
async fn a_key_is_replaced_while_the_server_runs_and_the_old_one_is_not_needed_any_more() {
    let place = Place::new();
    let server = place.signed_in(&[]).await;
    let credential = json!({"name": "Shop", "type": "httpBasicAuth", "data": {"user": "ada", "password": "canary"}});
    answer(server.post("/api/v1/credentials", &credential), 201).await;
    server.kill();

    let old = place.read("data/secrets.toml");
    place.run(&["key", "new", "--save"]).done();
    let server = place.serve(&[]);
    let rotated = place.run(&["key", "rotate"]).done();
    assert!(rotated.starts_with("credentials sealed anew: 1"), "{rotated}");
    assert!(place.run(&["key", "rotate"]).done().starts_with("credentials sealed anew: 0"), "once is enough");
    server.kill();

    let keys = |text: &str| text.lines().find(|line| line.starts_with("secrets.encryption_keys")).unwrap().to_owned();
    let (new, old) = (keys(&place.read("data/secrets.toml")), keys(&old));
    let newest = format!("{}\"", new.split(',').next().unwrap());
    place.write("data/secrets.toml", &place.read("data/secrets.toml").replace(&new, &newest));
    drop(place.serve(&[]));

    place.write("data/secrets.toml", &place.read("data/secrets.toml").replace(&newest, &old));
    let refused = place.run(&["serve"]);
    assert_eq!(refused.code, Some(2), "a server that cannot open what is stored does not start");
    assert!(refused.err.contains("which this process does not have"), "{}", refused.err);
}

#[test]
fn a_printed_key_can_be_used_as_it_is() {
    let place = Place::new();
    let key = place.run(&["key", "new"]).done();
    let place = place.with("ENGINE_ENCRYPTION_KEYS", key.trim());
    place.run(&["config", "check"]).done();
    assert!(place.run(&["key", "rotate"]).done().starts_with("credentials sealed anew: 0"));
}
