//! Documents, requests, credentials, blobs; and texts that mean harm.

use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::{World, chunk};
use crate::blob::BlobError;
use crate::model::{BlobId, Json, Timestamp};
use crate::state::ExecutionStatus;
use crate::store::{
    Chunk, Commit, CredentialId, Document, ExecutionFilter, IdempotentRequest, PageRequest, RequestState, SaveWorkflow, SealedSecret, StartExecution,
    StoreError, StoredCredential, TenantId, Then, Upkeep, WorkflowFilter,
};

fn document(id: &str, revision: u32, body: Value) -> Document {
    let never = Timestamp::EPOCH;
    Document { tenant: TenantId::default(), collection: "tags".to_owned(), id: id.to_owned(), body, revision, created: never, updated: never }
}

/// Breaks when one writer overwrites another.
pub async fn documents_have_revisions(world: World) {
    let store = &world.stores.documents;
    let mine = TenantId::default();
    let first = store.save_document(document("a", 0, json!({ "z": 1, "a": "\u{0}" }))).await.unwrap();
    assert_eq!(first.revision, 1);
    for revision in [0, 2] {
        assert!(matches!(store.save_document(document("a", revision, json!(2))).await, Err(StoreError::Conflict { .. })));
    }
    assert!(matches!(store.save_document(document("b", 1, json!(2))).await, Err(StoreError::Conflict { .. })));
    assert_eq!(store.document(&mine, "tags", "a").await.unwrap(), Some(first.clone()));
    let second = store.save_document(document("a", 1, json!(2))).await.unwrap();
    assert_eq!((second.revision, second.created, &second.body), (2, first.created, &json!(2)));
    store.save_document(document("b", 0, json!(3))).await.unwrap();
    store.save_document(Document { collection: "other".to_owned(), ..document("c", 0, json!(4)) }).await.unwrap();
    let page = store.documents(&mine, "tags", PageRequest::first(1)).await.unwrap();
    assert_eq!(page.items, [second]);
    let rest = store.documents(&mine, "tags", PageRequest::after(page.next.unwrap(), 9)).await.unwrap();
    assert_eq!(rest.items.iter().map(|document| document.id.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(store.document(&TenantId::from("other"), "tags", "a").await.unwrap(), None);
    assert!(store.delete_document(&mine, "tags", "a").await.unwrap());
    assert!(!store.delete_document(&mine, "tags", "a").await.unwrap());
}

/// Breaks when a repeated request is worked on twice, or answered with another's answer.
pub async fn requests_are_answered_once(world: World) {
    let store = &world.stores.requests;
    let (past, future) = (world.past().await, world.future().await);
    let request = |key: &str, fingerprint: u8, expires| IdempotentRequest {
        tenant: TenantId::default(),
        key: key.to_owned(),
        fingerprint: [fingerprint; 32],
        expires,
    };
    let begin = |key: &str, fingerprint, expires| store.begin_request(request(key, fingerprint, expires));
    assert_eq!(begin("k", 1, future).await.unwrap(), RequestState::New);
    assert_eq!(begin("k", 1, future).await.unwrap(), RequestState::InFlight);
    assert!(matches!(begin("k", 2, future).await, Err(StoreError::Conflict { .. })));
    store.answer_request(request("k", 1, future), json!({ "status": 201 })).await.unwrap();
    assert_eq!(begin("k", 1, future).await.unwrap(), RequestState::Answered(json!({ "status": 201 })));
    store.abandon_request(&TenantId::default(), "k").await.unwrap();
    assert_eq!(begin("k", 1, future).await.unwrap(), RequestState::Answered(json!({ "status": 201 })));

    assert_eq!(begin("failed", 1, future).await.unwrap(), RequestState::New);
    store.abandon_request(&TenantId::default(), "failed").await.unwrap();
    assert_eq!(begin("failed", 2, future).await.unwrap(), RequestState::New);
    assert_eq!(begin("old", 1, past).await.unwrap(), RequestState::New);
    assert_eq!(begin("old", 2, past).await.unwrap(), RequestState::New);
    assert_eq!(store.remove_expired(100).await.unwrap(), 1);
}

/// Breaks when a rotation overwrites a newer secret, or a stale writer wins.
pub async fn credentials_have_revisions_and_can_be_resealed(world: World) {
    let store = &world.stores.credentials;
    let mine = TenantId::default();
    let sealed = |key: &str, byte: u8| SealedSecret { key_id: key.to_owned(), nonce: [byte; 12], ciphertext: vec![byte, 0, 255] };
    let credential = |id: &str, revision| StoredCredential {
        id: CredentialId::from(id),
        tenant: TenantId::default(),
        name: "Name".to_owned(),
        kind: "httpBasicAuth".to_owned(),
        attributes: Json::from_iter([("hosts".to_owned(), json!(["example.org"]))]),
        secret: sealed("one", 1),
        revision,
        created: Timestamp::EPOCH,
        updated: Timestamp::EPOCH,
    };
    let first = store.save_credential(credential("a", 0)).await.unwrap();
    assert_eq!(store.stored_credential(&"a".into()).await.unwrap(), first);
    assert!(matches!(store.save_credential(credential("a", 0)).await, Err(StoreError::Conflict { .. })));
    let theirs = StoredCredential { tenant: TenantId::from("other"), ..credential("a", 1) };
    assert!(matches!(store.save_credential(theirs).await, Err(StoreError::Conflict { .. })));
    let second = store.save_credential(StoredCredential { secret: sealed("one", 2), ..credential("a", 1) }).await.unwrap();
    assert_eq!((second.revision, second.created), (2, first.created));
    store.save_credential(StoredCredential { secret: sealed("two", 3), ..credential("b", 0) }).await.unwrap();

    let old: Vec<_> = store.credentials_not_under("two", 9).await.unwrap();
    assert_eq!(old, std::slice::from_ref(&second));
    assert!(!store.reseal_credential(&"a".into(), 1, sealed("two", 9)).await.unwrap());
    assert!(store.reseal_credential(&"a".into(), 2, sealed("two", 9)).await.unwrap());
    assert_eq!(store.stored_credential(&"a".into()).await.unwrap(), StoredCredential { secret: sealed("two", 9), ..second });
    assert_eq!(store.credentials_not_under("two", 9).await.unwrap(), []);

    let named = store.credentials_named(&mine, "httpBasicAuth", "Name").await.unwrap();
    assert_eq!(named.iter().map(|credential| credential.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(store.credentials_named(&mine, "httpBasicAuth", "name").await.unwrap(), []);
    let page = store.credentials(&mine, PageRequest::first(1)).await.unwrap();
    assert_eq!((page.items[0].id.as_str(), page.next.clone()), ("a", Some("a".into())));
    assert_eq!(store.credentials(&mine, PageRequest::after(page.next.unwrap(), 9)).await.unwrap().items.len(), 1);
    let other = TenantId::from("other");
    assert!(matches!(store.delete_credential(&other, &"a".into()).await, Err(StoreError::NotFound { .. })));
    store.delete_credential(&mine, &"a".into()).await.unwrap();
    assert!(matches!(store.stored_credential(&"a".into()).await, Err(StoreError::NotFound { .. })));
}

async fn put(world: &World, bytes: &[u8]) -> (BlobId, u64) {
    let chunks: Vec<_> = bytes.chunks(700_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    world.stores.blobs.put(stream::iter(chunks).boxed()).await.unwrap()
}

async fn get(world: &World, id: &BlobId) -> Result<Vec<u8>, BlobError> {
    let chunks: Vec<Bytes> = world.stores.blobs.get(id).await?.try_collect().await?;
    Ok(chunks.concat())
}

/// Breaks when bytes are lost between chunks, or a blob that failed half-way can be read.
pub async fn blobs_come_back(world: World) {
    let large: Vec<u8> = (0..3_000_000_u32).map(|index| (index % 251) as u8).collect();
    for bytes in [&b""[..], b"x", &large] {
        let (id, size) = put(&world, bytes).await;
        assert_eq!(size, bytes.len() as u64);
        assert!(get(&world, &id).await.unwrap() == bytes);
        let (again, _) = put(&world, bytes).await;
        assert!(get(&world, &again).await.unwrap() == bytes);
    }
    let broken = stream::iter([Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("cut"))]).boxed();
    assert!(world.stores.blobs.put(broken).await.is_err());
    assert!(matches!(get(&world, &BlobId::new("nothing")).await, Err(BlobError::NotFound(_))));
    let (id, _) = put(&world, b"to be removed").await;
    world.stores.blobs.delete(&id).await.unwrap();
    world.stores.blobs.delete(&id).await.unwrap();
    assert!(matches!(get(&world, &id).await, Err(BlobError::NotFound(_))));
}

/// Breaks when deleting one execution takes data from another, or leaves it behind for good.
pub async fn inv_35_blobs_live_as_long_as_what_names_them(world: World) {
    let worker = world.worker().await;
    let (shared, _) = put(&world, b"shared by two").await;
    let (own, _) = put(&world, b"named by one").await;
    let mut executions = Vec::new();
    for blobs in [vec![shared.clone(), own.clone()], vec![shared.clone()]] {
        let start = StartExecution { records: Chunk { blobs, ..chunk(0, "names blobs") }, ..world.execution("w") };
        executions.push(world.start(start).await);
        let lease = world.claim(worker, 1).await[0].lease;
        let again = Chunk { blobs: vec![shared.clone()], ..chunk(1, "names one again") };
        world.commit(Commit::append(lease, again)).await.unwrap();
        world.then(lease, Then::Finish(Box::new(world.ending(ExecutionStatus::Success).await))).await;
    }
    let mine = TenantId::default();
    let delete = |index: usize| world.stores.query.delete_execution(&mine, executions[index]);
    let upkeep = Upkeep { blob_grace: Duration::ZERO, ..Upkeep::default() };
    world.stores.upkeep.upkeep(&upkeep).await.unwrap();
    assert_eq!(get(&world, &own).await.unwrap(), b"named by one");
    delete(0).await.unwrap();
    world.stores.upkeep.upkeep(&upkeep).await.unwrap();
    assert!(matches!(get(&world, &own).await, Err(BlobError::NotFound(_))));
    assert_eq!(get(&world, &shared).await.unwrap(), b"shared by two");
    delete(1).await.unwrap();
    world.stores.upkeep.upkeep(&upkeep).await.unwrap();
    assert!(matches!(get(&world, &shared).await, Err(BlobError::NotFound(_))));
}

/// Texts that break careless code.
const HOSTILE: [&str; 8] = [
    "'; DROP TABLE active; --",
    "\" OR 1=1 --",
    "%_\\",
    "$1 ?1 :a @b",
    "\u{202e}gnp.exe \u{feff}",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{10ffff}",
    "line\r\nbreak\tand {}[]",
    "",
];

/// Breaks when a text is put into a statement instead of beside it.
pub async fn inv_33_hostile_texts_are_only_texts(world: World) {
    let worker = world.worker().await;
    for text in HOSTILE {
        let tenant = TenantId::from(text);
        let mut start = world.execution(text).with_key(world.key(text, 1).await);
        start.header.tenant = tenant.clone();
        start.concurrency_key = Some(text.to_owned());
        let id = world.start(start).await;
        let filter = ExecutionFilter { tenant: Some(tenant.clone()), workflow: Some(text.into()), ..ExecutionFilter::default() };
        let found = world.stores.query.executions(&filter, PageRequest::first(9)).await.unwrap();
        assert_eq!(found.items.iter().map(|summary| summary.header.id).collect::<Vec<_>>(), [id], "{text:?}");
        let by_custom = ExecutionFilter { custom: Some((text.to_owned(), text.to_owned())), ..ExecutionFilter::default() };
        assert!(world.stores.query.executions(&by_custom, PageRequest::first(9)).await.unwrap().items.is_empty());
        let save = SaveWorkflow {
            id: text.into(),
            tenant: tenant.clone(),
            expected: None,
            name: text.to_owned(),
            definition: json!({ text: text }),
            author: Some(text.to_owned()),
            labels: Some(Json::from_iter([(text.to_owned(), json!(text))])),
        };
        let saved = world.stores.workflows.save_workflow(save).await.unwrap();
        assert_eq!((saved.name.as_str(), saved.definition), (text, Some(json!({ text: text }))));
        let filter = WorkflowFilter {
            name_contains: Some(text.to_owned()),
            label: Some((text.to_owned(), text.to_owned())),
            tenant: Some(tenant.clone()),
            active: None,
        };
        assert_eq!(world.stores.workflows.workflows(&filter, PageRequest::first(9)).await.unwrap().items.len(), 1, "{text:?}");
        let document = Document { tenant: tenant.clone(), collection: text.to_owned(), ..document(text, 0, json!(text)) };
        let document = world.stores.documents.save_document(document).await.unwrap();
        assert_eq!(world.stores.documents.document(&tenant, text, text).await.unwrap(), Some(document));
        assert_eq!(world.claim_ids(worker, 10).await, [id]);
    }
}
