//! `engine user`.

use crate::server::{Place, answer};

#[tokio::test]
async fn users_are_added_listed_and_given_passwords_while_the_server_runs() {
    let place = Place::new();
    let mut server = place.signed_in(&[]).await;
    let added = place.run_with_input(&["user", "add", "Ada@Example.com", "--role", "viewer", "--password-stdin"], "correct horse battery\n").done();
    assert_eq!(added, "ada@example.com was added as viewer\n");
    let list = place.run(&["user", "list"]).done();
    assert!(list.contains("admin@engine.local") && list.contains("ada@example.com") && list.contains("viewer"), "{list}");
    server.sign_in("ada@example.com", "correct horse battery").await;
    answer(server.get("/api/v1/auth/me"), 200).await;

    let changed = place.run(&["user", "password", "ada@example.com"]).done();
    let password = changed.lines().find_map(|line| line.strip_prefix("password: ")).expect("a new password is shown").to_owned();
    answer(server.get("/api/v1/auth/me"), 401).await;
    server.sign_in("ada@example.com", &password).await;
}

#[test]
fn what_the_api_would_refuse_is_refused() {
    let place = Place::new();
    let short = place.run_with_input(&["user", "add", "ada@example.com", "--password-stdin"], "short");
    assert_eq!((short.code, short.err.as_str()), (Some(2), "engine: a password has at least 10 characters\n"));
    assert_eq!(place.run(&["user", "add", "ada"]).err, "engine: this is no e-mail address\n");
    place.run(&["user", "add", "ada@example.com"]).done();
    let twice = place.run(&["user", "add", "ADA@example.com"]);
    assert_eq!(twice.code, Some(2));
    let nobody = place.run(&["user", "password", "eve@example.com"]);
    assert!(nobody.err.contains("no user has the address \"eve@example.com\""), "{}", nobody.err);
}
