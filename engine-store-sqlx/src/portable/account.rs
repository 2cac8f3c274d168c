//! Users, sessions, API keys.

use async_trait::async_trait;
use engine_core::model::{Json, Timestamp};
use engine_core::store::{AccountStore, ApiKey, ApiKeyId, NewUser, Page, PageRequest, Session, StoreError, User, UserChange, UserId};
use sqlx::query;
use uuid::Uuid;

use super::{Row, SqlStore, Statement, Tx};
use crate::row::{get, json, signed, text, time, unsigned};

#[async_trait]
impl AccountStore for SqlStore {
    async fn add_user(&self, user: NewUser) -> Result<User, StoreError> {
        let mut tx = self.begin().await?;
        let now = tx.now().await?;
        let NewUser { id, tenant, email, name, role, password_hash } = user;
        let user = User {
            id,
            tenant,
            email,
            name,
            role,
            password_hash,
            verified: false,
            disabled: false,
            failed_logins: 0,
            locked_until: None,
            attributes: Json::new(),
            created: now,
            updated: now,
        };
        let insert = "INSERT INTO users (id, tenant, email, email_folded, name, role, password_hash, verified, disabled, failed_logins, locked_until, attributes, \
                      created, updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING";
        if tx.change(bind_user(query(insert), &user)?.bind(now.as_micros()).bind(now.as_micros())).await? == 0 {
            return tx.refuse(StoreError::conflict("user", user.email, "the address is taken")).await;
        }
        tx.commit().await?;
        Ok(user)
    }

    async fn user(&self, id: UserId) -> Result<User, StoreError> {
        let row = self.read_first(query("SELECT * FROM users WHERE id = $1").bind(id.as_uuid())).await?;
        row.map_or_else(|| Err(StoreError::not_found("user", id.to_string())), |row| read_user(&row))
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        let row = self.read_first(query("SELECT * FROM users WHERE email_folded = $1").bind(email.to_lowercase())).await?;
        row.as_ref().map(read_user).transpose()
    }

    async fn users(&self, page: PageRequest<UserId>) -> Result<Page<User, UserId>, StoreError> {
        let list = query("SELECT * FROM users WHERE id > $1 ORDER BY id LIMIT $2").bind(page.after.map_or(Uuid::nil(), UserId::as_uuid));
        let items: Result<Vec<_>, _> = self.read(list.bind(i64::from(page.limit) + 1)).await?.iter().map(read_user).collect();
        Ok(Page::of(items?, page.limit, |user: &User| user.id))
    }

    async fn change_user(&self, id: UserId, change: UserChange) -> Result<User, StoreError> {
        let mut tx = self.begin().await?;
        match change_in(&mut tx, id, change).await {
            Ok(user) => tx.commit().await.map(|()| user),
            Err(error) => tx.refuse(error).await,
        }
    }

    async fn delete_user(&self, id: UserId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.change(query("DELETE FROM sessions WHERE user_id = $1").bind(id.as_uuid())).await?;
        tx.change(query("DELETE FROM api_keys WHERE user_id = $1").bind(id.as_uuid())).await?;
        if tx.change(query("DELETE FROM users WHERE id = $1").bind(id.as_uuid())).await? == 0 {
            return tx.refuse(StoreError::not_found("user", id.to_string())).await;
        }
        tx.commit().await
    }

    async fn save_session(&self, session: Session) -> Result<(), StoreError> {
        let put = "INSERT INTO sessions (id, user_id, token_hash, previous_hash, created, expires, attributes) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                   ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, token_hash = excluded.token_hash, previous_hash = excluded.previous_hash, \
                   expires = excluded.expires, attributes = excluded.attributes";
        let put = query(put)
            .bind(session.id)
            .bind(session.user.as_uuid())
            .bind(session.token_hash)
            .bind(session.previous_hash)
            .bind(session.created.as_micros())
            .bind(session.expires.as_micros())
            .bind(text(&session.attributes)?);
        self.write(put).await.map(drop)
    }

    async fn session_by_token(&self, token_hash: &[u8]) -> Result<Option<Session>, StoreError> {
        let by_token = concat!("SELECT * FROM sessions WHERE (token_hash = $1 OR previous_hash = $1) AND expires > ", now!(), " LIMIT 1");
        self.read_first(query(by_token).bind(token_hash.to_vec())).await?.as_ref().map(read_session).transpose()
    }

    async fn session(&self, id: Uuid) -> Result<Option<Session>, StoreError> {
        let by_id = concat!("SELECT * FROM sessions WHERE id = $1 AND expires > ", now!());
        self.read_first(query(by_id).bind(id)).await?.as_ref().map(read_session).transpose()
    }

    async fn rotate_session(&self, id: Uuid, expected: &[u8], token_hash: Vec<u8>, expires: Timestamp) -> Result<bool, StoreError> {
        let rotate = "UPDATE sessions SET previous_hash = token_hash, token_hash = $3, expires = $4 WHERE id = $1 AND token_hash = $2";
        let rotate = query(rotate).bind(id).bind(expected.to_vec()).bind(token_hash).bind(expires.as_micros());
        Ok(self.write(rotate).await? == 1)
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let own = concat!("SELECT * FROM sessions WHERE user_id = $1 AND expires > ", now!(), " ORDER BY id");
        self.read(query(own).bind(user.as_uuid())).await?.iter().map(read_session).collect()
    }

    async fn end_sessions(&self, user: UserId, session: Option<Uuid>) -> Result<(), StoreError> {
        let end = query("DELETE FROM sessions WHERE user_id = $1 AND ($2 IS NULL OR id = $2)").bind(user.as_uuid()).bind(session);
        self.write(end).await.map(drop)
    }

    async fn add_api_key(&self, key: ApiKey) -> Result<(), StoreError> {
        let insert = "INSERT INTO api_keys (id, user_id, name, prefix, hash, scopes, attributes, created, expires, used) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
        let insert = query(insert)
            .bind(key.id.as_uuid())
            .bind(key.user.as_uuid())
            .bind(key.name)
            .bind(key.prefix)
            .bind(key.hash)
            .bind(text(&key.scopes)?)
            .bind(text(&key.attributes)?)
            .bind(key.created.as_micros())
            .bind(key.expires.map(engine_core::model::Timestamp::as_micros))
            .bind(key.used.map(engine_core::model::Timestamp::as_micros));
        if self.write(insert).await? == 0 { Err(StoreError::conflict("api key", key.id.to_string(), "the id or the key is taken")) } else { Ok(()) }
    }

    async fn api_key_by_hash(&self, hash: &[u8]) -> Result<Option<ApiKey>, StoreError> {
        let by_hash = query("SELECT * FROM api_keys WHERE hash = $1").bind(hash.to_vec());
        self.read_first(by_hash).await?.as_ref().map(read_api_key).transpose()
    }

    async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, StoreError> {
        let own = query("SELECT * FROM api_keys WHERE user_id = $1 ORDER BY id").bind(user.as_uuid());
        self.read(own).await?.iter().map(read_api_key).collect()
    }

    async fn touch_api_key(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        self.write(query("UPDATE api_keys SET used = $2 WHERE id = $1").bind(id.as_uuid()).bind(at.as_micros())).await.map(drop)
    }

    async fn delete_api_key(&self, user: UserId, id: ApiKeyId) -> Result<(), StoreError> {
        let delete = query("DELETE FROM api_keys WHERE id = $1 AND user_id = $2").bind(id.as_uuid()).bind(user.as_uuid());
        if self.write(delete).await? == 0 { Err(StoreError::not_found("api key", id.to_string())) } else { Ok(()) }
    }
}

async fn change_in(tx: &mut Tx, id: UserId, change: UserChange) -> Result<User, StoreError> {
    let held = concat!("SELECT * FROM users WHERE id = $1", lock!());
    let row = tx.first(query(held).bind(id.as_uuid())).await?.ok_or_else(|| StoreError::not_found("user", id.to_string()))?;
    let mut user = read_user(&row)?;
    let folded = user.email.to_lowercase();
    change.apply(&mut user);
    user.updated = tx.now().await?;
    if user.email.to_lowercase() != folded {
        let taken = query("SELECT id FROM users WHERE email_folded = $1").bind(user.email.to_lowercase());
        if tx.first(taken).await?.is_some() {
            return Err(StoreError::conflict("user", user.email, "the address is taken"));
        }
    }
    let put = "UPDATE users SET tenant = $2, email = $3, email_folded = $4, name = $5, role = $6, password_hash = $7, verified = $8, disabled = $9, \
               failed_logins = $10, locked_until = $11, attributes = $12, updated = $13 WHERE id = $1";
    tx.change(bind_user(query(put), &user)?.bind(user.updated.as_micros())).await?;
    Ok(user)
}

fn bind_user<'q>(statement: Statement<'q>, user: &User) -> Result<Statement<'q>, StoreError> {
    Ok(statement
        .bind(user.id.as_uuid())
        .bind(user.tenant.to_string())
        .bind(user.email.clone())
        .bind(user.email.to_lowercase())
        .bind(user.name.clone())
        .bind(user.role.clone())
        .bind(user.password_hash.clone())
        .bind(user.verified)
        .bind(user.disabled)
        .bind(signed(user.failed_logins))
        .bind(user.locked_until.map(engine_core::model::Timestamp::as_micros))
        .bind(text(&user.attributes)?))
}

fn read_user(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: UserId::new(get(row, "id")?),
        tenant: get::<String, _>(row, "tenant")?.into(),
        email: get(row, "email")?,
        name: get(row, "name")?,
        role: get(row, "role")?,
        password_hash: get(row, "password_hash")?,
        verified: get(row, "verified")?,
        disabled: get(row, "disabled")?,
        failed_logins: unsigned(get(row, "failed_logins")?, "failed logins")?,
        locked_until: get::<Option<i64>, _>(row, "locked_until")?.map(time),
        attributes: json(&get::<String, _>(row, "attributes")?, "user")?,
        created: time(get(row, "created")?),
        updated: time(get(row, "updated")?),
    })
}

fn read_session(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: get(row, "id")?,
        user: UserId::new(get(row, "user_id")?),
        token_hash: get(row, "token_hash")?,
        previous_hash: get(row, "previous_hash")?,
        created: time(get(row, "created")?),
        expires: time(get(row, "expires")?),
        attributes: json(&get::<String, _>(row, "attributes")?, "session")?,
    })
}

fn read_api_key(row: &Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: ApiKeyId::new(get(row, "id")?),
        user: UserId::new(get(row, "user_id")?),
        name: get(row, "name")?,
        prefix: get(row, "prefix")?,
        hash: get(row, "hash")?,
        scopes: json(&get::<String, _>(row, "scopes")?, "api key")?,
        attributes: json(&get::<String, _>(row, "attributes")?, "api key")?,
        created: time(get(row, "created")?),
        expires: get::<Option<i64>, _>(row, "expires")?.map(time),
        used: get::<Option<i64>, _>(row, "used")?.map(time),
    })
}
