//! The least that durable steps can cost on SQLite, written by hand: one thread with one connection, a transaction for what came during the one before it.

use std::path::Path as FilePath;
use std::sync::mpsc;

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::load::Path;
use super::{Failure, RECORD, STEPS};

enum Write {
    Start(Uuid),
    Step(Uuid, u32),
    End(Uuid),
}

type Waiting = (Write, oneshot::Sender<()>);

/// One writer.
pub(crate) struct Grouped(mpsc::Sender<Waiting>);

impl Grouped {
    pub(crate) fn open(path: &FilePath) -> Result<Self, Failure> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            CREATE TABLE runs (id BLOB PRIMARY KEY, ended INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE steps (run BLOB NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL, PRIMARY KEY (run, seq)) WITHOUT ROWID",
        )?;
        let (sender, receiver) = mpsc::channel::<Waiting>();
        std::thread::spawn(move || {
            while let Ok(first) = receiver.recv() {
                let waiting = gather(first, &receiver);
                if write(&connection, &waiting).is_err() {
                    return;
                }
                // Nobody stops waiting before the end of a turn.
                if waiting.into_iter().try_for_each(|(_, answer)| answer.send(())).is_err() {
                    return;
                }
            }
        });
        Ok(Self(sender))
    }

    async fn send(&self, write: Write) -> Result<(), Failure> {
        let (sender, receiver) = oneshot::channel();
        self.0.send((write, sender))?;
        Ok(receiver.await?)
    }
}

/// Lets all who were answered together come again together: otherwise each large transaction is followed by one that holds a single write.
fn gather(first: Waiting, receiver: &mpsc::Receiver<Waiting>) -> Vec<Waiting> {
    let mut waiting = vec![first];
    let mut before = 0;
    while waiting.len() > before {
        before = waiting.len();
        std::thread::yield_now();
        waiting.extend(receiver.try_iter());
    }
    waiting
}

fn write(connection: &Connection, writes: &[Waiting]) -> Result<(), rusqlite::Error> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    {
        let mut start = connection.prepare_cached("INSERT INTO runs (id, ended) VALUES (?1, 0)")?;
        let mut step = connection.prepare_cached("INSERT INTO steps (run, seq, record) VALUES (?1, ?2, ?3)")?;
        let mut end = connection.prepare_cached("UPDATE runs SET ended = 1 WHERE id = ?1")?;
        for (write, _) in writes {
            match write {
                Write::Start(id) => {
                    start.execute([id.as_bytes()])?;
                    step.execute((id.as_bytes(), 0, &RECORD))?;
                }
                Write::Step(id, seq) => drop(step.execute((id.as_bytes(), seq, &RECORD))?),
                Write::End(id) => drop(end.execute([id.as_bytes()])?),
            }
        }
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

#[async_trait]
impl Path for Grouped {
    async fn workflow(&self) -> Result<(), Failure> {
        let id = Uuid::now_v7();
        self.send(Write::Start(id)).await?;
        for seq in 1..=STEPS {
            self.send(Write::Step(id, seq)).await?;
        }
        self.send(Write::End(id)).await
    }
}
