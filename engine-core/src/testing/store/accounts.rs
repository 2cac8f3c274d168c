//! Users, sessions, API keys, audit log.

use serde_json::json;

use super::World;
use crate::model::{Json, Timestamp};
use crate::store::{ApiKey, ApiKeyId, AuditEntry, LoginResult, NewUser, PageRequest, Session, StoreError, TenantId, User, UserChange, UserId};

async fn add(world: &World, email: &str) -> Result<User, StoreError> {
    let user = NewUser {
        id: UserId::new(world.uuid()),
        tenant: TenantId::from("t"),
        email: email.to_owned(),
        name: "A".to_owned(),
        role: "user".to_owned(),
        password_hash: Some("$x$".to_owned()),
    };
    world.stores.accounts.add_user(user).await
}

/// Breaks when addresses are compared by case, or one address is given twice.
pub async fn users_are_found_by_id_and_address(world: World) {
    let store = &world.stores.accounts;
    let anna = add(&world, "Anna@Example.org").await.unwrap();
    let berta = add(&world, "berta@example.org").await.unwrap();
    assert!(matches!(add(&world, "anna@example.ORG").await, Err(StoreError::Conflict { .. })));
    assert_eq!(store.user_by_email("anna@example.org").await.unwrap(), Some(anna.clone()));
    assert_eq!(store.user_by_email("nobody@example.org").await.unwrap(), None);
    assert_eq!(store.user(berta.id).await.unwrap(), berta);
    assert!(matches!(store.user(UserId::new(world.uuid())).await, Err(StoreError::NotFound { .. })));

    let taken = UserChange { email: Some("ANNA@example.org".to_owned()), ..UserChange::default() };
    assert!(matches!(store.change_user(berta.id, taken).await, Err(StoreError::Conflict { .. })));
    let attributes = Json::from_iter([("theme".to_owned(), json!("dark"))]);
    let change = UserChange {
        email: Some("b@example.org".to_owned()),
        name: Some("B".to_owned()),
        role: Some("admin".to_owned()),
        password_hash: Some("$y$".to_owned()),
        verified: Some(true),
        disabled: Some(true),
        attributes: Some(attributes.clone()),
        login: None,
    };
    let changed = store.change_user(berta.id, change).await.unwrap();
    assert_eq!((changed.email.as_str(), changed.name.as_str(), changed.role.as_str()), ("b@example.org", "B", "admin"));
    assert_eq!((changed.password_hash.as_deref(), changed.verified, changed.disabled, &changed.attributes), (Some("$y$"), true, true, &attributes));
    assert_eq!(store.user(berta.id).await.unwrap(), changed);
    assert_eq!(store.user_by_email("berta@example.org").await.unwrap(), None);

    let first = store.users(PageRequest::first(1)).await.unwrap();
    assert_eq!(first.items, std::slice::from_ref(&anna));
    assert_eq!(store.users(PageRequest::after(first.next.unwrap(), 5)).await.unwrap().items, [changed]);
    store.delete_user(anna.id).await.unwrap();
    assert!(matches!(store.delete_user(anna.id).await, Err(StoreError::NotFound { .. })));
}

/// Breaks when failures are not counted, or a success does not forgive them.
pub async fn failed_logins_lock(world: World) {
    let store = &world.stores.accounts;
    let id = add(&world, "a@example.org").await.unwrap().id;
    let until = world.future().await;
    let login = |result| store.change_user(id, UserChange { login: Some(result), ..UserChange::default() });
    let failed = LoginResult::Failed { limit: 3, until };
    assert_eq!(login(failed).await.unwrap().failed_logins, 1);
    assert_eq!(login(LoginResult::Succeeded).await.unwrap().failed_logins, 0);
    login(failed).await.unwrap();
    let twice = login(failed).await.unwrap();
    assert_eq!((twice.failed_logins, twice.locked_until), (2, None));
    let locked = login(failed).await.unwrap();
    assert_eq!((locked.failed_logins, locked.locked_until), (0, Some(until)));
    assert_eq!(login(LoginResult::Succeeded).await.unwrap().locked_until, None);
}

/// Breaks when an ended or expired session is found, or a used token is not recognised.
pub async fn sessions_rotate_and_end(world: World) {
    let store = &world.stores.accounts;
    let user = add(&world, "a@example.org").await.unwrap().id;
    let (created, expires) = (world.past().await, world.future().await);
    let session = |token: &str, expires| Session {
        id: world.uuid(),
        user,
        token_hash: token.as_bytes().to_vec(),
        previous_hash: None,
        created,
        expires,
        attributes: Json::from_iter([("browser".to_owned(), json!("x"))]),
    };
    let (first, old, third) = (session("one", expires), session("old", created), session("three", expires));
    for session in [&first, &old, &third] {
        store.save_session(session.clone()).await.unwrap();
    }
    assert_eq!(store.session_by_token(b"one").await.unwrap(), Some(first.clone()));
    assert_eq!(store.session(third.id).await.unwrap(), Some(third.clone()));
    assert_eq!((store.session_by_token(b"old").await.unwrap(), store.session(old.id).await.unwrap()), (None, None));
    assert!(store.rotate_session(first.id, b"one", b"two".to_vec(), expires).await.unwrap());
    assert!(!store.rotate_session(first.id, b"one", b"stolen".to_vec(), expires).await.unwrap());
    let rotated = Session { token_hash: b"two".to_vec(), previous_hash: Some(b"one".to_vec()), ..first.clone() };
    assert_eq!(store.session_by_token(b"one").await.unwrap(), Some(rotated.clone()));
    assert_eq!(store.session_by_token(b"two").await.unwrap(), Some(rotated));
    assert_eq!(store.sessions(user).await.unwrap().len(), 2);
    store.end_sessions(user, Some(first.id)).await.unwrap();
    assert_eq!(store.sessions(user).await.unwrap(), [third]);
    store.end_sessions(user, None).await.unwrap();
    assert_eq!(store.sessions(user).await.unwrap(), []);
    store.save_session(session("four", expires)).await.unwrap();
    store.delete_user(user).await.unwrap();
    assert_eq!(store.session_by_token(b"four").await.unwrap(), None);
}

/// Breaks when a key is found by anything but its hash, or outlives its user.
pub async fn api_keys_are_found_by_hash(world: World) {
    let store = &world.stores.accounts;
    let user = add(&world, "a@example.org").await.unwrap().id;
    let other = add(&world, "b@example.org").await.unwrap().id;
    let created = world.past().await;
    let key = |hash: &str| ApiKey {
        id: ApiKeyId::new(world.uuid()),
        user,
        name: "ci".to_owned(),
        prefix: "eng_".to_owned(),
        hash: hash.as_bytes().to_vec(),
        scopes: vec!["workflow:read".to_owned(), "x".to_owned()],
        attributes: Json::new(),
        created,
        expires: Some(created),
        used: None,
    };
    let (first, second) = (key("one"), key("two"));
    for key in [&first, &second] {
        store.add_api_key(key.clone()).await.unwrap();
    }
    assert!(matches!(store.add_api_key(key("one")).await, Err(StoreError::Conflict { .. })));
    assert_eq!(store.api_key_by_hash(b"one").await.unwrap(), Some(first.clone()));
    assert_eq!(store.api_key_by_hash(b"on").await.unwrap(), None);
    store.touch_api_key(first.id, created).await.unwrap();
    assert_eq!(store.api_keys(user).await.unwrap(), [ApiKey { used: Some(created), ..first.clone() }, second]);
    assert!(matches!(store.delete_api_key(other, first.id).await, Err(StoreError::NotFound { .. })));
    store.delete_api_key(user, first.id).await.unwrap();
    assert_eq!(store.api_keys(user).await.unwrap().len(), 1);
    store.delete_user(user).await.unwrap();
    assert_eq!(store.api_key_by_hash(b"two").await.unwrap(), None);
}

/// Breaks when entries are lost, doubled or shown to others.
pub async fn the_audit_log_is_read_newest_first(world: World) {
    let store = &world.stores.audit;
    let entry = |tenant: &str, micros: i64| AuditEntry {
        id: world.uuid(),
        tenant: TenantId::from(tenant),
        at: Timestamp::from_micros(micros),
        actor: "user:1".to_owned(),
        action: "workflow.activate".to_owned(),
        target: "w".to_owned(),
        details: Json::from_iter([("from".to_owned(), json!("::1"))]),
    };
    let entries: Vec<_> = (1..=3).map(|micros| entry("t", micros)).collect();
    for entry in &entries {
        store.audit(entry.clone()).await.unwrap();
    }
    store.audit(entries[0].clone()).await.unwrap();
    store.audit(entry("other", 1)).await.unwrap();
    let mine = TenantId::from("t");
    let page = store.audit_log(&mine, PageRequest::first(2)).await.unwrap();
    assert_eq!(page.items, [entries[2].clone(), entries[1].clone()]);
    assert_eq!(store.audit_log(&mine, PageRequest::after(page.next.unwrap(), 2)).await.unwrap().items, [entries[0].clone()]);
    assert_eq!(store.prune_audit_log(Timestamp::from_micros(3), 2).await.unwrap(), 2);
    assert_eq!(store.prune_audit_log(Timestamp::from_micros(3), 2).await.unwrap(), 1);
    assert_eq!(store.audit_log(&mine, PageRequest::first(9)).await.unwrap().items, [entries[2].clone()]);
}
