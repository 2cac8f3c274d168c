//! A row that cannot be read hurts nobody but itself: it is set aside, and the rest goes on.

#![cfg(all(feature = "postgres", feature = "sqlite"))]
#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine_core::model::ExecutionId;
use engine_core::node::ScheduleSpec;
use engine_core::state::ExecutionStatus;
use engine_core::store::{
    ExecutionFilter, PageRequest, Rescue, ScheduleId, SignalKind, SignalOutcome, StoreError, StoredSchedule, Stores, TenantId, Then, VersionNumber,
};
use engine_core::testing::store::World;
use engine_store_sqlx::{SqliteOptions, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, query, raw_sql};
use support::{Schema, connect, run};

/// A store and a way past it.
enum Database {
    Postgres(Schema),
    Sqlite(tempfile::TempDir),
}

impl Database {
    async fn both() -> [(Self, World); 2] {
        let directory = tempfile::tempdir().unwrap();
        let sqlite = SqliteStore::open(SqliteOptions::new(directory.path().join("engine.sqlite"))).await.unwrap();
        let schema = Schema::new();
        let postgres = schema.open().await;
        [(Self::Sqlite(directory), World::new(Stores::of(&Arc::new(sqlite)))), (Self::Postgres(schema), World::new(Stores::of(&Arc::new(postgres))))]
    }

    /// Changes rows behind the store's back.
    async fn damage(&self, statement: &str) {
        match self {
            Self::Postgres(schema) => {
                let mut connection = connect().await;
                query("SELECT set_config('search_path', $1, false)").bind(&schema.0).execute(&mut connection).await.unwrap();
                raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
            }
            Self::Sqlite(directory) => damage_file(&directory.path().join("engine.sqlite"), statement).await,
        }
    }

    /// An id as it is written in statements.
    fn literal(&self, id: ExecutionId) -> String {
        if self.is_sqlite() { format!("x'{}'", id.as_uuid().simple()) } else { format!("'{id}'") }
    }

    fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

async fn damage_file(path: &Path, statement: &str) {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(10));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Columns of `active` with values that no engine writes; the second list only a file takes.
const DAMAGES: [&str; 6] = ["version = -1", "mode = 99", "epoch = -5", "epoch = 2147483647", "claims = -7", "claims = 2147483647"];
const DAMAGES_OF_FILES: [&str; 7] = [
    "tenant = CAST(x'ff' AS TEXT)",
    "workflow = CAST(x'ff' AS TEXT)",
    "concurrency_key = CAST(x'ff' AS TEXT)",
    "parent = x'00'",
    "retry_of = x'00'",
    "priority = 99999",
    "id = x'00'",
];

/// Breaks when one damaged column of one row stops claims.
#[test]
fn inv_26_a_damaged_row_does_not_stop_claims() {
    run(async {
        for (database, world) in Database::both().await {
            let worker = world.worker().await;
            for damage in DAMAGES.iter().chain(DAMAGES_OF_FILES.iter().filter(|_| database.is_sqlite())) {
                world.start(world.execution("w")).await;
                database.damage(&["UPDATE active SET ", damage].concat()).await;
                let sound = world.start(world.execution("w")).await;
                let mut claimed = Vec::new();
                for _ in 0..2 {
                    claimed.append(&mut world.claim(worker, 1).await);
                }
                assert_eq!(claimed.iter().map(|claimed| claimed.header.id).collect::<Vec<_>>(), [sound], "{damage}");
                world.finish(claimed[0].lease).await;
                assert!(world.claim(worker, 10).await.is_empty(), "{damage}");
            }
            let filter = ExecutionFilter { statuses: vec![ExecutionStatus::Crashed], ..ExecutionFilter::default() };
            let aside = world.stores.query.count(&filter).await.unwrap().values().sum::<u64>();
            assert!(aside >= DAMAGES.len() as u64, "{aside} were set aside");
        }
    });
}

/// Breaks when one damaged row stops the rescue of all others, or cannot be cancelled.
#[test]
fn inv_08_a_damaged_row_does_not_stop_rescue() {
    run(async {
        for (database, world) in Database::both().await {
            for damage in DAMAGES {
                let worker = world.worker().await;
                let damaged = world.driven(worker).await;
                let sound = world.driven(worker).await;
                world.lose(worker).await;
                database.damage(&["UPDATE active SET ", damage, " WHERE id = ", &database.literal(damaged.execution)].concat()).await;
                let rescued =
                    world.stores.executions.rescue(Rescue { max_claims: 1, limit: 100 }).await.unwrap_or_else(|error| panic!("{damage}: {error}"));
                assert!(rescued.given_up.contains(&sound.execution), "{damage}: {rescued:?}");
                assert!(world.stores.executions.rescue(Rescue { max_claims: 1, limit: 100 }).await.unwrap().is_empty(), "{damage}");
                assert!(world.status(damaged.execution).await.is_final(), "{damage}");
            }
            let waiting = world.start(world.execution("w").not_before(world.future().await)).await;
            database.damage("UPDATE active SET mode = 99").await;
            assert_eq!(world.signal(waiting, SignalKind::Cancel).await, SignalOutcome::Done);
            assert_eq!(world.status(waiting).await, ExecutionStatus::Crashed);
        }
    });
}

/// All executions, in pages of this size.
async fn list(world: &World, limit: u32) -> Vec<ExecutionId> {
    let mut found = Vec::new();
    let mut page = PageRequest::first(limit);
    loop {
        let part = world.stores.query.executions(&ExecutionFilter::default(), page).await.unwrap();
        found.extend(part.items.into_iter().map(|summary| summary.header.id));
        let Some(next) = part.next else { return found };
        page = PageRequest::after(next, limit);
    }
}

/// Breaks when lists end at a damaged row, or fail because of it; or when reading several fails without saying because of which.
#[test]
fn inv_26_a_damaged_row_does_not_hide_the_others() {
    run(async {
        for (database, world) in Database::both().await {
            let worker = world.worker().await;
            let mut ids = Vec::new();
            for _ in 0..4 {
                let lease = world.driven(worker).await;
                world.finish(lease).await;
                ids.push(lease.execution);
            }
            for _ in 0..4 {
                ids.push(world.start(world.execution("w")).await);
            }
            let damaged = [ids[2], ids[6]];
            for (table, id) in [("executions", damaged[0]), ("active", damaged[1])] {
                database.damage(&["UPDATE ", table, " SET mode = 99 WHERE id = ", &database.literal(id)].concat()).await;
            }
            let sound: Vec<_> = ids.iter().rev().copied().filter(|id| !damaged.contains(id)).collect();
            for limit in [1, 2, 3, 100] {
                assert_eq!(list(&world, limit).await, sound, "pages of {limit}");
            }
            for id in damaged {
                let refused = world.stores.executions.load(&ids).await.unwrap_err();
                assert!(
                    matches!(&refused, StoreError::Corrupt { id: named, .. } if damaged.iter().any(|id| id.to_string() == *named)),
                    "{refused:?}"
                );
                assert!(matches!(world.stores.query.execution(&TenantId::default(), id).await, Err(StoreError::Corrupt { .. })));
            }
        }
    });
}

/// Breaks when a signal that cannot be read hides the others, or wakes its execution for ever.
#[test]
fn inv_26_a_damaged_signal_is_dropped() {
    run(async {
        for (database, world) in Database::both().await {
            let worker = world.worker().await;
            let lease = world.driven(worker).await;
            world.signal(lease.execution, SignalKind::Pause).await;
            database.damage("UPDATE signals SET kind = 99").await;
            world.signal(lease.execution, SignalKind::Resume).await;
            let pending = world.stores.executions.signals(worker).await.unwrap();
            assert_eq!(pending.iter().map(|signal| &signal.kind).collect::<Vec<_>>(), [&SignalKind::Resume]);
            let handled =
                engine_core::store::Commit { handled: vec![pending[0].id], ..engine_core::store::Commit::only(lease, Then::Wait { due: None }) };
            assert!(!world.commit(handled).await.unwrap().signalled);
            assert_eq!(world.status(lease.execution).await, ExecutionStatus::Waiting);
        }
    });
}

/// Breaks when a schedule that cannot be read keeps the others from firing.
#[test]
fn inv_26_a_damaged_schedule_does_not_stand_before_others() {
    run(async {
        for (database, world) in Database::both().await {
            let past = world.past().await;
            let schedule = |rule| StoredSchedule {
                id: ScheduleId { workflow: "w".into(), node: "s".into(), rule },
                tenant: TenantId::default(),
                version: VersionNumber(1),
                spec: ScheduleSpec::new("0 * * * * *"),
                time_zone: "UTC".to_owned(),
                next: Some(past),
                last: None,
            };
            world.activate("w", (Vec::new(), (0..3).map(schedule).collect())).await.unwrap();
            database.damage("UPDATE schedules SET spec = '{' WHERE rule < 2").await;
            let mut due = Vec::new();
            for _ in 0..2 {
                due.append(&mut world.stores.schedules.due_schedules(2).await.unwrap());
            }
            assert_eq!(due, [schedule(2)]);
            assert_eq!(world.stores.schedules.schedules(None).await.unwrap(), [schedule(2)]);
        }
    });
}
