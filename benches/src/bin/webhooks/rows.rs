//! The least that a durable answer costs: one row on the disk, written together with those of all who came during the last write.

use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use rusqlite::Connection;
use sqlx::{Executor, query};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::schema::Schema;
use super::{Failure, reply};

type Waiting = (Bytes, oneshot::Sender<()>);

/// Most rows of one write.
const MOST: usize = 1024;

/// One writer of rows.
#[derive(Clone)]
pub(crate) struct Rows(mpsc::UnboundedSender<Waiting>);

impl Rows {
    /// Answers when the row is there.
    pub(crate) fn router(self) -> Router {
        Router::new().route("/webhook/a", post(durable)).with_state(self)
    }
}

async fn durable(State(rows): State<Rows>, body: Bytes) -> Response {
    let (sender, receiver) = oneshot::channel();
    let response = reply(&body);
    if rows.0.send((body, sender)).is_err() || receiver.await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    response
}

/// Tells all who waited. Whoever asked may have gone.
fn tell(waiting: &mut Vec<Waiting>) {
    waiting.drain(..).for_each(|(_, sender)| sender.send(()).unwrap_or(()));
}

/// Rows in a file, `synchronous=FULL`.
pub(crate) fn sqlite(path: &Path) -> Result<Rows, Failure> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE calls (id BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID",
    )?;
    let (sender, mut receiver) = mpsc::unbounded_channel::<Waiting>();
    std::thread::spawn(move || {
        let mut waiting = Vec::new();
        while receiver.blocking_recv_many(&mut waiting, MOST) > 0 && write(&mut connection, &waiting).is_ok() {
            tell(&mut waiting);
        }
    });
    Ok(Rows(sender))
}

fn write(connection: &mut Connection, waiting: &[Waiting]) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction()?;
    for (body, _) in waiting {
        transaction.prepare_cached("INSERT INTO calls (id, body) VALUES (?1, ?2)")?.execute((Uuid::now_v7().as_bytes(), &body[..]))?;
    }
    transaction.commit()
}

/// Rows in a table of Postgres.
pub(crate) async fn postgres(schema: &Schema) -> Result<Rows, Failure> {
    let mut connection = schema.connect().await?;
    connection.execute("CREATE TABLE calls (id uuid PRIMARY KEY, body bytea NOT NULL)").await?;
    let (sender, mut receiver) = mpsc::unbounded_channel::<Waiting>();
    tokio::spawn(async move {
        let mut waiting = Vec::new();
        while receiver.recv_many(&mut waiting, MOST).await > 0 {
            let ids: Vec<_> = waiting.iter().map(|_| Uuid::now_v7()).collect();
            let bodies: Vec<_> = waiting.iter().map(|(body, _)| &body[..]).collect();
            let insert = query("INSERT INTO calls (id, body) SELECT * FROM unnest($1::uuid[], $2::bytea[])").bind(ids).bind(bodies);
            if insert.execute(&mut connection).await.is_err() {
                return;
            }
            tell(&mut waiting);
        }
    });
    Ok(Rows(sender))
}
