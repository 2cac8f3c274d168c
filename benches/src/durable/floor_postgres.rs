//! The least that durable steps can cost on Postgres, written by hand over the driver that the store uses.

use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{Executor, query};
use tokio::sync::{Mutex, mpsc, oneshot};
use uuid::Uuid;

use super::load::Path;
use super::{Failure, RECORD, STEPS};
use crate::schema::Schema;

async fn prepared(schema: &Schema) -> Result<PgConnection, Failure> {
    let mut connection = schema.connect().await?;
    let tables = "CREATE TABLE IF NOT EXISTS runs (id uuid PRIMARY KEY, ended boolean NOT NULL);
        CREATE TABLE IF NOT EXISTS steps (run uuid NOT NULL, seq integer NOT NULL, record bytea NOT NULL, PRIMARY KEY (run, seq))";
    connection.execute(tables).await?;
    Ok(connection)
}

/// One connection, and a commit for each step.
pub(crate) struct Direct(Mutex<PgConnection>);

impl Direct {
    pub(crate) async fn open(schema: &Schema) -> Result<Self, Failure> {
        Ok(Self(Mutex::new(prepared(schema).await?)))
    }
}

#[async_trait]
impl Path for Direct {
    async fn workflow(&self) -> Result<(), Failure> {
        let mut connection = self.0.lock().await;
        let id = Uuid::now_v7();
        query("WITH run AS (INSERT INTO runs (id, ended) VALUES ($1, false)) INSERT INTO steps (run, seq, record) VALUES ($1, 0, $2)")
            .bind(id)
            .bind(RECORD.as_slice())
            .execute(&mut *connection)
            .await?;
        for seq in 1..=STEPS {
            let step = query("INSERT INTO steps (run, seq, record) VALUES ($1, $2, $3)").bind(id).bind(i32::try_from(seq)?).bind(RECORD.as_slice());
            step.execute(&mut *connection).await?;
        }
        query("UPDATE runs SET ended = true WHERE id = $1").bind(id).execute(&mut *connection).await?;
        Ok(())
    }
}

enum Write {
    Start(Uuid),
    Step(Uuid, i32),
    End(Uuid),
}

type Waiting = (Write, oneshot::Sender<()>);

/// One writer: a transaction holds what came during the one before it.
pub(crate) struct Grouped(mpsc::UnboundedSender<Waiting>);

impl Grouped {
    pub(crate) async fn open(schema: &Schema) -> Result<Self, Failure> {
        let mut connection = prepared(schema).await?;
        let (sender, mut receiver) = mpsc::unbounded_channel::<Waiting>();
        tokio::spawn(async move {
            let mut waiting = Vec::new();
            while receiver.recv_many(&mut waiting, 1024).await > 0 {
                gather(&mut receiver, &mut waiting).await;
                let (writes, answers): (Vec<_>, Vec<_>) = std::mem::take(&mut waiting).into_iter().unzip();
                if write(&mut connection, &writes).await.is_err() {
                    return;
                }
                // Nobody stops waiting before the end of a turn.
                if answers.into_iter().try_for_each(|answer| answer.send(())).is_err() {
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
async fn gather(receiver: &mut mpsc::UnboundedReceiver<Waiting>, waiting: &mut Vec<Waiting>) {
    let mut before = 0;
    while waiting.len() > before {
        before = waiting.len();
        tokio::task::yield_now().await;
        while let Ok(more) = receiver.try_recv() {
            waiting.push(more);
        }
    }
}

async fn write(connection: &mut PgConnection, writes: &[Write]) -> Result<(), sqlx::Error> {
    let (mut starts, mut runs, mut seqs, mut ends) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for write in writes {
        match write {
            Write::Start(id) => {
                starts.push(*id);
                runs.push(*id);
                seqs.push(0);
            }
            Write::Step(id, seq) => {
                runs.push(*id);
                seqs.push(*seq);
            }
            Write::End(id) => ends.push(*id),
        }
    }
    let records = vec![RECORD.as_slice(); runs.len()];
    let all = "WITH started AS (INSERT INTO runs (id, ended) SELECT id, false FROM unnest($1::uuid[]) AS s(id)),
        stepped AS (INSERT INTO steps (run, seq, record) SELECT * FROM unnest($2::uuid[], $3::int4[], $4::bytea[]))
        UPDATE runs SET ended = true WHERE id = ANY($5::uuid[])";
    query(all).bind(starts).bind(runs).bind(seqs).bind(records).bind(ends).execute(connection).await?;
    Ok(())
}

#[async_trait]
impl Path for Grouped {
    async fn workflow(&self) -> Result<(), Failure> {
        let id = Uuid::now_v7();
        self.send(Write::Start(id)).await?;
        for seq in 1..=STEPS {
            self.send(Write::Step(id, i32::try_from(seq)?)).await?;
        }
        self.send(Write::End(id)).await
    }
}
