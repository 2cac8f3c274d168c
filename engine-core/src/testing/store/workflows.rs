//! Workflows and their webhooks.

use std::task::Poll;

use serde_json::{Value, json};

use super::{World, schedules};
use crate::model::{Json, WorkflowId};
use crate::node::{ResponseMode, WebhookSpec};
use crate::store::{ActivateWorkflow, PageRequest, SaveWorkflow, StoreError, StoredWebhook, StoredWorkflow, TenantId, VersionNumber, WorkflowFilter};

pub(super) fn save(id: &str, expected: Option<u32>, definition: Value) -> SaveWorkflow {
    SaveWorkflow {
        id: id.into(),
        tenant: TenantId::default(),
        expected: expected.map(VersionNumber),
        name: format!("Workflow {id}"),
        definition,
        author: Some("someone".to_owned()),
        labels: None,
    }
}

async fn saved(world: &World, id: &str, expected: Option<u32>, definition: Value) -> StoredWorkflow {
    world.stores.workflows.save_workflow(save(id, expected, definition)).await.unwrap()
}

/// Breaks when saving changes an old version, or numbers are used twice.
pub async fn versions_never_change(world: World) {
    let store = &world.stores.workflows;
    let first = json!({ "z": 1, "a": "\u{0}'" });
    assert_eq!(saved(&world, "w", None, first.clone()).await.version, VersionNumber(1));
    let second = saved(&world, "w", Some(1), json!({ "b": 2 })).await;
    assert_eq!((second.version, &second.definition), (VersionNumber(2), &Some(json!({ "b": 2 }))));
    let old = store.workflow_version(&"w".into(), VersionNumber(1)).await.unwrap();
    assert_eq!(serde_json::to_string(&old.definition).unwrap(), serde_json::to_string(&Some(first)).unwrap(), "the order of keys counts");
    assert_eq!((old.author.as_deref(), old.version), (Some("someone"), VersionNumber(1)));
    assert_eq!(store.workflow(&TenantId::default(), &"w".into()).await.unwrap(), second);
    saved(&world, "w", Some(2), json!({})).await;
    let page = store.workflow_versions(&"w".into(), PageRequest::first(2)).await.unwrap();
    assert_eq!(page.items.iter().map(|version| (version.version.0, version.definition.is_some())).collect::<Vec<_>>(), [(3, false), (2, false)]);
    let rest = store.workflow_versions(&"w".into(), PageRequest::after(page.next.unwrap(), 2)).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    assert!(matches!(store.workflow_version(&"w".into(), VersionNumber(9)).await, Err(StoreError::NotFound { .. })));
}

/// Breaks when one writer overwrites another, or one tenant takes another's workflow.
pub async fn a_stale_writer_is_refused(world: World) {
    let store = &world.stores.workflows;
    saved(&world, "w", None, json!(1)).await;
    saved(&world, "w", Some(1), json!(2)).await;
    for expected in [None, Some(1), Some(3)] {
        assert!(matches!(store.save_workflow(save("w", expected, json!(3))).await, Err(StoreError::Conflict { .. })), "{expected:?}");
    }
    let theirs = SaveWorkflow { tenant: TenantId::from("other"), ..save("w", Some(2), json!(3)) };
    assert!(matches!(store.save_workflow(theirs).await, Err(StoreError::Conflict { .. })));
    assert!(matches!(store.save_workflow(save("new", Some(1), json!(3))).await, Err(StoreError::NotFound { .. })));
    let other = TenantId::from("other");
    assert!(matches!(store.workflow(&other, &"w".into()).await, Err(StoreError::NotFound { .. })));
    assert!(matches!(store.delete_workflow(&other, &"w".into()).await, Err(StoreError::NotFound { .. })));
    assert!(matches!(store.activate_workflow(ActivateWorkflow::nothing(other, "w".into())).await, Err(StoreError::NotFound { .. })));
}

/// Breaks when deleting a workflow takes the definition from under an execution.
pub async fn inv_13_a_deleted_workflow_keeps_the_versions_in_use(world: World) {
    let store = &world.stores.workflows;
    let (mine, id) = (TenantId::default(), WorkflowId::from("w"));
    saved(&world, "w", None, json!(1)).await;
    saved(&world, "w", Some(1), json!(2)).await;
    world.start(world.execution("w")).await;
    world.stores.static_data.set_static_data(&id, Json::from_iter([("global".to_owned(), json!({}))])).await.unwrap();
    store.delete_workflow(&mine, &id).await.unwrap();
    assert!(matches!(store.workflow(&mine, &id).await, Err(StoreError::NotFound { .. })));
    assert_eq!(store.workflow_version(&id, VersionNumber(1)).await.unwrap().definition, Some(json!(1)));
    assert_eq!(world.stores.static_data.static_data(&id).await.unwrap(), Json::new());
    let again = saved(&world, "w", None, json!(3)).await;
    assert!(again.version > VersionNumber(1), "a number that is in use is not given again");
    assert_eq!(store.workflow_version(&id, VersionNumber(1)).await.unwrap().definition, Some(json!(1)));
}

/// Breaks when a version that is not there is activated, or saving activates.
pub async fn activation_names_a_version(world: World) {
    let store = &world.stores.workflows;
    let (mine, id) = (TenantId::default, || WorkflowId::from("w"));
    saved(&world, "w", None, json!(1)).await;
    let version = |number| ActivateWorkflow::version(mine(), id(), VersionNumber(number));
    assert!(matches!(store.activate_workflow(version(2)).await, Err(StoreError::NotFound { .. })));
    assert_eq!(store.activate_workflow(version(1)).await.unwrap().active, Some(VersionNumber(1)));
    assert_eq!(saved(&world, "w", Some(1), json!(2)).await.active, Some(VersionNumber(1)));
    assert_eq!(store.activate_workflow(ActivateWorkflow::nothing(mine(), id())).await.unwrap().active, None);
}

/// Breaks when filters or pages leave something out.
pub async fn workflows_are_listed_by_id(world: World) {
    let store = &world.stores.workflows;
    for id in ["c", "a", "b"] {
        let labels = Json::from_iter([("tags".to_owned(), json!(["all", id]))]);
        store.save_workflow(SaveWorkflow { labels: Some(labels), ..save(id, None, json!(1)) }).await.unwrap();
    }
    world.activate("b", (vec![], vec![])).await.unwrap();
    saved(&world, "a", Some(1), json!(2)).await;
    let other = SaveWorkflow { tenant: TenantId::from("other"), ..save("d", None, json!(1)) };
    store.save_workflow(other).await.unwrap();
    let all = WorkflowFilter::default;
    let label = |text: &str| Some(("tags".to_owned(), text.to_owned()));
    let cases = [
        (WorkflowFilter { tenant: Some(TenantId::default()), ..all() }, "a b c"),
        (WorkflowFilter { active: Some(true), ..all() }, "b"),
        (WorkflowFilter { active: Some(false), ..all() }, "a c d"),
        (WorkflowFilter { name_contains: Some("FLOW C".to_owned()), ..all() }, "c"),
        (WorkflowFilter { name_contains: Some("%".to_owned()), ..all() }, ""),
        (WorkflowFilter { label: label("all"), ..all() }, "a b c"),
        (WorkflowFilter { label: label("a"), ..all() }, "a"),
        (WorkflowFilter { label: label("al"), ..all() }, ""),
    ];
    for (filter, expect) in cases {
        let mut found = Vec::new();
        let mut request = PageRequest::first(2);
        loop {
            let page = store.workflows(&filter, request).await.unwrap();
            assert!(page.items.iter().all(|workflow| workflow.definition.is_none()));
            found.extend(page.items.into_iter().map(|workflow| workflow.id.to_string()));
            let Some(next) = page.next else { break };
            request = PageRequest::after(next, 2);
        }
        assert_eq!(found.join(" "), expect, "{filter:?}");
    }
}

fn webhook(workflow: &str, methods: &[&str], path: &str) -> StoredWebhook {
    StoredWebhook {
        tenant: TenantId::default(),
        workflow: workflow.into(),
        version: VersionNumber(1),
        node: "hook".into(),
        spec: WebhookSpec {
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
            path: path.to_owned(),
            response_mode: ResponseMode::LastNode,
            output_per_method: false,
            parameters: json!({ "options": {} }),
            version: 2.1,
            form: None,
        },
    }
}

/// Breaks when two nodes get one route, or a change goes unnoticed.
pub async fn webhooks_belong_to_one_node(world: World) {
    let store = &world.stores.webhooks;
    let set = async |workflow: &str, webhooks: Vec<StoredWebhook>| world.activate(workflow, (webhooks, vec![])).await.map(drop);
    let before = store.webhooks_version().await.unwrap();
    let mine = vec![webhook("w", &["GET", "POST"], "b"), webhook("w", &["GET"], "a/:id")];
    set("w", mine.clone()).await.unwrap();
    let after = store.webhooks_version().await.unwrap();
    assert_ne!(before, after);
    assert_eq!(store.webhooks().await.unwrap(), [mine[1].clone(), mine[0].clone()]);
    let taken = set("v", vec![webhook("v", &["PUT", "POST"], "b")]).await;
    assert!(matches!(taken, Err(StoreError::Conflict { .. })), "{taken:?}");
    let twice = set("v", vec![webhook("v", &["PUT"], "c"), webhook("v", &["PUT"], "c")]).await;
    assert!(matches!(twice, Err(StoreError::Conflict { .. })), "{twice:?}");
    assert_eq!(store.webhooks().await.unwrap().len(), 2);
    set("v", vec![webhook("v", &["PUT"], "b")]).await.unwrap();
    set("w", mine[1..].to_vec()).await.unwrap();
    assert_eq!(store.webhooks().await.unwrap(), [mine[1].clone(), webhook("v", &["PUT"], "b")]);
    set("w", vec![]).await.unwrap();
    assert_eq!(store.webhooks().await.unwrap().len(), 1);
    assert_ne!(store.webhooks_version().await.unwrap(), after);
    let before = store.webhooks_version().await.unwrap();
    store_nothing_for(&world, "w").await;
    assert_ne!(store.webhooks_version().await.unwrap(), before, "a workflow that no webhook starts was switched off");
    let before = store.webhooks_version().await.unwrap();
    world.stores.workflows.delete_workflow(&TenantId::default(), &"w".into()).await.unwrap();
    assert_ne!(store.webhooks_version().await.unwrap(), before, "it was removed");
}

async fn store_nothing_for(world: &World, workflow: &str) {
    let nothing = ActivateWorkflow::nothing(TenantId::default(), workflow.into());
    world.stores.workflows.activate_workflow(nothing).await.unwrap();
}

/// What a workflow is started by: its active version, how many webhooks and schedules it has, and the number that tells of changes.
async fn started_by(world: &World, workflow: &str) -> (Option<u32>, usize, usize, u64) {
    let id = WorkflowId::from(workflow);
    let stored = world.stores.workflows.workflow(&TenantId::default(), &id).await.unwrap();
    let webhooks = world.stores.webhooks.webhooks().await.unwrap().into_iter().filter(|webhook| webhook.workflow == id).count();
    let schedules = world.stores.schedules.schedules(Some(&id)).await.unwrap().len();
    (stored.active.map(|version| version.0), webhooks, schedules, world.stores.webhooks.webhooks_version().await.unwrap())
}

/// Breaks when a part of an activation that is refused stays, or switching off leaves something on.
pub async fn activation_is_one_write(world: World) {
    let due = world.past().await;
    world.activate("other", (vec![webhook("other", &["GET"], "taken")], vec![])).await.unwrap();
    world.activate("w", (vec![webhook("w", &["GET"], "mine")], vec![schedules::schedule("w", 0, due)])).await.unwrap();
    let before = started_by(&world, "w").await;
    assert_eq!((before.0, before.1, before.2), (Some(1), 1, 1));
    saved(&world, "w", Some(1), json!(2)).await;
    let refused = |version, webhooks| {
        let activate = ActivateWorkflow::version(TenantId::default(), "w".into(), VersionNumber(version)).webhooks(webhooks);
        world.stores.workflows.activate_workflow(activate)
    };
    let taken = refused(2, vec![webhook("w", &["POST"], "new"), webhook("w", &["GET"], "taken")]).await;
    assert!(matches!(taken, Err(StoreError::Conflict { .. })), "{taken:?}");
    let unknown = refused(3, vec![]).await;
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })), "{unknown:?}");
    assert_eq!(started_by(&world, "w").await, before, "what was refused changed nothing");
    store_nothing_for(&world, "w").await;
    let after = started_by(&world, "w").await;
    assert_eq!((after.0, after.1, after.2), (None, 0, 0));
    world.activate("other", (vec![webhook("other", &["GET"], "mine")], vec![])).await.unwrap();
}

/// Breaks when the number that tells of a change is raised before the workflow is active: whoever looks then sees the old state, and does not look again.
pub async fn whoever_sees_the_change_sees_all_of_it(world: World) {
    saved(&world, "w", None, json!(1)).await;
    let seen = world.stores.webhooks.webhooks_version().await.unwrap();
    let look = async {
        loop {
            if world.stores.webhooks.webhooks_version().await.unwrap() != seen {
                let (active, webhooks, ..) = started_by(&world, "w").await;
                assert_eq!((active, webhooks), (Some(1), 1));
                return;
            }
            give_way().await;
        }
    };
    let act = world.activate("w", (vec![webhook("w", &["GET"], "mine")], vec![]));
    let ((), activated) = futures::future::join(look, act).await;
    activated.unwrap();
}

/// Lets others go on, on any runtime.
async fn give_way() {
    let mut gave = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut gave, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
