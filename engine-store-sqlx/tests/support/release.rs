//! What an engine leaves in its database, and whether a later one finds it all.

use std::time::Duration;

use bytes::Bytes;
use engine_core::execution::ExecutionMode;
use engine_core::model::{ExecutionId, Json, Timestamp};
use engine_core::node::{ResponseMode, ScheduleSpec, WebhookSpec};
use engine_core::state::ExecutionStatus;
use engine_core::store::{
    ActivateWorkflow, ApiKey, ApiKeyId, AuditEntry, Chunk, Claim, Commit, Document, Ending, ExecutionFilter, ExecutionHeader, Fired, Heartbeat,
    IdempotencyKey, IdempotentRequest, Lease, LimitScope, NewUser, PageRequest, RequestState, ResumePoint, SaveWorkflow, ScheduleId, SealedSecret,
    Session, Signal, SignalKind, SignalOutcome, Start, StartExecution, StoredCredential, StoredSchedule, StoredWebhook, Stores, TenantId, Then,
    UserId, VersionNumber, WorkerId,
};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use uuid::Uuid;

const PAST: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
/// The year 2100.
const FUTURE: Timestamp = Timestamp::from_micros(4_102_444_800_000_000);

fn uuid(number: u8) -> Uuid {
    // November 2026: in a partition of the first release's fixture.
    uuid::Builder::from_unix_timestamp_millis(1_795_800_000_000 + u64::from(number), &[number; 10]).into_uuid()
}

fn tenant() -> TenantId {
    TenantId::from("t")
}

const ENDED: u8 = 1;
const WAITING: u8 = 2;
const READY: u8 = 3;
const LEASED: u8 = 4;
const FIRED: u8 = 5;
const LOST_WORKER: u8 = 200;

fn start(number: u8) -> StartExecution {
    let header = ExecutionHeader {
        id: ExecutionId::new(uuid(number)),
        tenant: tenant(),
        workflow: "w".into(),
        version: VersionNumber(1),
        mode: ExecutionMode::Webhook,
        parent: None,
        retry_of: None,
    };
    StartExecution::new(header, Bytes::from_static(b"first"))
}

fn chunk(seq: u32) -> Chunk {
    Chunk { seq, bytes: Bytes::from(format!("chunk {seq} \0")), blobs: Vec::new() }
}

async fn alive(stores: &Stores, worker: WorkerId, lease_time: Duration) {
    stores.executions.heartbeat(Heartbeat { worker, name: "w".to_owned(), lease_time }).await.unwrap();
}

async fn driven(stores: &Stores, number: u8, worker: WorkerId) -> Lease {
    match stores.executions.start(start(number).claimed_by(worker)).await.unwrap() {
        Start::Created { lease: Some(lease) } => lease,
        other => panic!("{other:?}"),
    }
}

/// Leaves something of everything.
pub(crate) async fn leave(stores: &Stores) {
    leave_workflow(stores).await;
    leave_executions(stores).await;
    leave_accounts(stores).await;
    leave_things(stores).await;
}

fn schedule() -> StoredSchedule {
    StoredSchedule {
        id: ScheduleId { workflow: "w".into(), node: "s".into(), rule: 0 },
        tenant: tenant(),
        version: VersionNumber(1),
        spec: ScheduleSpec::new("0 * * * * *"),
        time_zone: "Europe/Berlin".to_owned(),
        next: Some(PAST),
        last: None,
    }
}

fn webhook() -> StoredWebhook {
    StoredWebhook {
        tenant: tenant(),
        workflow: "w".into(),
        version: VersionNumber(1),
        node: "hook".into(),
        spec: WebhookSpec {
            methods: vec!["GET".to_owned()],
            path: "orders/:id".to_owned(),
            response_mode: ResponseMode::LastNode,
            output_per_method: false,
            parameters: json!({}),
            version: 2.0,
            form: None,
        },
    }
}

async fn leave_workflow(stores: &Stores) {
    let save = |expected: Option<u32>, definition| SaveWorkflow {
        id: "w".into(),
        tenant: tenant(),
        expected: expected.map(VersionNumber),
        name: "Orders".to_owned(),
        definition,
        author: Some("a".to_owned()),
        labels: Some(Json::from_iter([("tags".to_owned(), json!(["x"]))])),
    };
    stores.workflows.save_workflow(save(None, json!({ "v": 1 }))).await.unwrap();
    stores.workflows.save_workflow(save(Some(1), json!({ "v": 2 }))).await.unwrap();
    let activate = ActivateWorkflow::version(tenant(), "w".into(), VersionNumber(1)).webhooks(vec![webhook()]).schedules(vec![schedule()]);
    stores.workflows.activate_workflow(activate).await.unwrap();
    let fired = Fired { schedule: schedule().id, slot: PAST, next: Some(FUTURE), start: Some(start(FIRED).not_before(FUTURE)) };
    stores.schedules.fire(fired).await.unwrap();
    stores.static_data.set_static_data(&"w".into(), Json::from_iter([("global".to_owned(), json!(1))])).await.unwrap();
}

async fn leave_executions(stores: &Stores) {
    let worker = WorkerId::new(uuid(LOST_WORKER));
    alive(stores, worker, Duration::from_hours(1)).await;
    let ended = driven(stores, ENDED, worker).await;
    stores.executions.commit(Commit::append(ended, chunk(1))).await.unwrap();
    let custom = Json::from_iter([("order".to_owned(), json!("4711"))]);
    let ending = Ending { custom, last_node: Some("n".into()), ..Ending::new(ExecutionStatus::Error, PAST).with_error(json!({ "message": "no" })) };
    stores.executions.commit(Commit::only(ended, Then::Finish(Box::new(ending))).with_chunk(chunk(2))).await.unwrap();
    let waiting = driven(stores, WAITING, worker).await;
    let point = ResumePoint { token: "t".into(), node: "wait".into(), run: 0, options: json!({ "method": "POST" }) };
    stores.executions.commit(Commit { opened: vec![point], ..Commit::only(waiting, Then::Wait { due: Some(FUTURE) }) }).await.unwrap();
    let key = IdempotencyKey { key: "k".to_owned(), fingerprint: [1; 32], expires: FUTURE };
    stores.executions.start(start(READY).with_key(key)).await.unwrap();
    let leased = driven(stores, LEASED, worker).await;
    stores.executions.commit(Commit::append(leased, chunk(1))).await.unwrap();
    let pause = Signal { execution: leased.execution, request: "r".into(), kind: SignalKind::Pause };
    assert_eq!(stores.executions.signal(pause).await.unwrap(), SignalOutcome::Sent);
    stores.executions.set_limit(LimitScope::Tenant(tenant()), Some(100)).await.unwrap();
    alive(stores, worker, Duration::ZERO).await;
}

fn user() -> UserId {
    UserId::new(uuid(10))
}

async fn leave_accounts(stores: &Stores) {
    let new = NewUser {
        id: user(),
        tenant: tenant(),
        email: "Anna@example.org".to_owned(),
        name: "A".to_owned(),
        role: "admin".to_owned(),
        password_hash: Some("$x$".to_owned()),
    };
    stores.accounts.add_user(new).await.unwrap();
    let (id, attributes) = (uuid(11), Json::new());
    let session = Session { id, user: user(), token_hash: b"token".to_vec(), previous_hash: None, created: PAST, expires: FUTURE, attributes };
    stores.accounts.save_session(session).await.unwrap();
    let key = ApiKey {
        id: ApiKeyId::new(uuid(12)),
        user: user(),
        name: "ci".to_owned(),
        prefix: "eng_".to_owned(),
        hash: b"key".to_vec(),
        scopes: vec!["x".to_owned()],
        attributes: Json::new(),
        created: PAST,
        expires: None,
        used: None,
    };
    stores.accounts.add_api_key(key).await.unwrap();
    let entry = AuditEntry {
        id: uuid(13),
        tenant: tenant(),
        at: PAST,
        actor: "a".to_owned(),
        action: "b".to_owned(),
        target: "c".to_owned(),
        details: Json::new(),
    };
    stores.audit.audit(entry).await.unwrap();
}

fn request() -> IdempotentRequest {
    IdempotentRequest { tenant: tenant(), key: "q".to_owned(), fingerprint: [2; 32], expires: FUTURE }
}

async fn leave_things(stores: &Stores) {
    let secret = SealedSecret { key_id: "k1".to_owned(), nonce: [3; 12], ciphertext: vec![1, 2, 3] };
    let credential = StoredCredential {
        id: "c".into(),
        tenant: tenant(),
        name: "mail".to_owned(),
        kind: "smtp".to_owned(),
        attributes: Json::new(),
        secret,
        revision: 0,
        created: PAST,
        updated: PAST,
    };
    stores.credentials.save_credential(credential).await.unwrap();
    let document =
        Document { tenant: tenant(), collection: "tags".to_owned(), id: "d".to_owned(), body: json!([1]), revision: 0, created: PAST, updated: PAST };
    stores.documents.save_document(document).await.unwrap();
    stores.requests.answer_request(request(), json!({ "id": 1 })).await.unwrap();
    stores.blobs.put(stream::once(async { Ok(Bytes::from_static(b"a blob")) }).boxed()).await.unwrap();
}

/// Finds it all, and goes on with it.
pub(crate) async fn find(stores: &Stores) {
    find_workflow(stores).await;
    find_executions(stores).await;
    find_accounts(stores).await;
    find_things(stores).await;
}

async fn find_workflow(stores: &Stores) {
    let workflow = stores.workflows.workflow(&tenant(), &"w".into()).await.unwrap();
    assert_eq!((workflow.version, workflow.active, workflow.definition), (VersionNumber(2), Some(VersionNumber(1)), Some(json!({ "v": 2 }))));
    assert_eq!(stores.workflows.workflow_version(&"w".into(), VersionNumber(1)).await.unwrap().definition, Some(json!({ "v": 1 })));
    assert_eq!(stores.webhooks.webhooks().await.unwrap(), [webhook()]);
    let fired = StoredSchedule { next: Some(FUTURE), last: Some(PAST), ..schedule() };
    assert_eq!(stores.schedules.schedules(None).await.unwrap(), [fired]);
    let again = Fired { schedule: schedule().id, slot: PAST, next: Some(FUTURE), start: Some(start(99)) };
    assert_eq!(stores.schedules.fire(again).await.unwrap(), None);
    assert_eq!(stores.static_data.static_data(&"w".into()).await.unwrap()["global"], json!(1));
}

async fn find_executions(stores: &Stores) {
    let id = |number| ExecutionId::new(uuid(number));
    let filter = ExecutionFilter { custom: Some(("order".to_owned(), "4711".to_owned())), tenant: Some(tenant()), ..ExecutionFilter::default() };
    let found = stores.query.executions(&filter, PageRequest::first(9)).await.unwrap().items;
    assert_eq!(found.iter().map(|summary| (summary.header.id, summary.status)).collect::<Vec<_>>(), [(id(ENDED), ExecutionStatus::Error)]);
    let loaded = stores.executions.load(&[id(ENDED), id(LEASED)]).await.unwrap();
    assert_eq!(loaded[0].journal.iter().map(|chunk| chunk.bytes.len()).collect::<Vec<_>>(), [5, 9, 9]);
    assert_eq!((loaded[1].journal.len(), loaded[1].signals.len()), (2, 1));
    let key = IdempotencyKey { key: "k".to_owned(), fingerprint: [1; 32], expires: FUTURE };
    assert_eq!(stores.executions.start(start(98).with_key(key)).await.unwrap(), Start::Existing { execution: id(READY) });

    // The worker of then is lost; what it drove is taken over, what waited is woken.
    let rescued = stores.executions.rescue(engine_core::store::Rescue { max_claims: 3, limit: 9 }).await.unwrap();
    assert_eq!(rescued.released, [id(LEASED)]);
    let wake = SignalKind::Wake { token: "t".into(), payload: json!(1) };
    let signal = Signal { execution: id(WAITING), request: "w".into(), kind: wake };
    assert_eq!(stores.executions.signal(signal).await.unwrap(), SignalOutcome::Done);
    let worker = WorkerId::new(uuid(201));
    alive(stores, worker, Duration::from_hours(1)).await;
    let claimed = stores.executions.claim(Claim { worker, limit: 9 }).await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| claimed.header.id).collect::<Vec<_>>(), [WAITING, READY, LEASED].map(id));
    for claimed in claimed {
        let ending = Ending::new(ExecutionStatus::Success, PAST);
        stores.executions.commit(Commit::only(claimed.lease, Then::Finish(Box::new(ending)))).await.unwrap();
    }
    assert_eq!(
        stores.query.count(&ExecutionFilter::default()).await.unwrap().into_iter().collect::<Vec<_>>(),
        [("error", 1), ("new", 1), ("success", 3)]
    );
}

async fn find_accounts(stores: &Stores) {
    assert_eq!(stores.accounts.user_by_email("anna@EXAMPLE.org").await.unwrap().unwrap().id, user());
    assert_eq!(stores.accounts.session_by_token(b"token").await.unwrap().unwrap().user, user());
    assert_eq!(stores.accounts.api_key_by_hash(b"key").await.unwrap().unwrap().scopes, ["x"]);
    assert_eq!(stores.audit.audit_log(&tenant(), PageRequest::first(9)).await.unwrap().items.len(), 1);
}

async fn find_things(stores: &Stores) {
    let credential = stores.credentials.stored_credential(&"c".into()).await.unwrap();
    assert_eq!((credential.secret.nonce, credential.secret.ciphertext), ([3; 12], vec![1, 2, 3]));
    assert_eq!(stores.documents.document(&tenant(), "tags", "d").await.unwrap().unwrap().body, json!([1]));
    assert_eq!(stores.requests.begin_request(request()).await.unwrap(), RequestState::Answered(json!({ "id": 1 })));
    let (id, _) = stores.blobs.put(stream::once(async { Ok(Bytes::from_static(b"a blob")) }).boxed()).await.unwrap();
    let bytes: Result<Vec<Bytes>, _> = stores.blobs.get(&id).await.unwrap().try_collect().await;
    assert_eq!(bytes.unwrap().concat(), b"a blob");
}
