//! `engine user add | list | password`, and the first administrator of a new server.

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use engine_core::store::{AccountStore, AuditEntry, NewUser, PageRequest, Stores, TenantId, User, UserChange, UserId};
use engine_http::NewAccount;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use uuid::Uuid;

use crate::session::Session;
use crate::settings::{SecretSettings, ServerSettings};
use crate::{Output, data, setup};

/// Adds and lists users, and sets passwords.
#[derive(Debug, Args)]
pub(crate) struct Users {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Adds a user. The password comes from standard input, or is made and printed.
    Add(Add),
    /// Lists users.
    List(List),
    /// Sets a user's password, ends all sessions of the user, and lifts a lock. The password comes from standard input, or is made and printed.
    Password(Password),
}

#[derive(Debug, Args)]
struct Add {
    /// E-mail address.
    email: String,
    /// What the user may do.
    #[arg(long, value_enum, default_value_t = Role::User)]
    role: Role,
    /// Name, for people.
    #[arg(long, default_value = "")]
    name: String,
    /// Reads the password from standard input.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
struct List {
    /// How the list is printed.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Debug, Args)]
struct Password {
    /// E-mail address.
    email: String,
    /// Reads the password from standard input.
    #[arg(long)]
    password_stdin: bool,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    /// Everything.
    Admin,
    /// Makes and runs workflows.
    User,
    /// Looks.
    Viewer,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
            Self::Viewer => "viewer",
        }
    }
}

impl Users {
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        session.on_database(async |storage| match self.command {
            Command::Add(add) => add.run(&storage.stores).await,
            Command::List(list) => list.run(&storage.stores).await,
            Command::Password(password) => password.run(&storage.stores).await,
        })
    }
}

impl Add {
    async fn run(self, stores: &Stores) -> anyhow::Result<ExitCode> {
        let password = Chosen::read(self.password_stdin)?;
        let user = add(stores, (&self.email, &self.name), self.role.as_str(), &password.text).await?;
        audit(stores, "user.create", user.id).await?;
        setup::print_line(&format!("{} was added as {}", user.email, user.role));
        password.print();
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    async fn run(self, stores: &Stores) -> anyhow::Result<ExitCode> {
        let mut page = PageRequest::first(250);
        loop {
            let found = stores.accounts.users(page).await?;
            for user in &found.items {
                show(user, self.output);
            }
            match found.next {
                Some(next) => page = PageRequest::after(next, 250),
                None => return Ok(ExitCode::SUCCESS),
            }
        }
    }
}

fn show(user: &User, output: Output) {
    let state = if user.disabled { " disabled" } else { "" };
    match output {
        Output::Json => {
            setup::print_json(&json!({"id": user.id, "email": user.email, "role": user.role, "name": user.name, "disabled": user.disabled}));
        }
        Output::Text => setup::print_line(&format!("{:<40} {}{state}", user.email, user.role)),
    }
}

impl Password {
    async fn run(self, stores: &Stores) -> anyhow::Result<ExitCode> {
        let Some(user) = stores.accounts.user_by_email(self.email.trim()).await? else {
            bail!("no user has the address {:?}; `engine user list` shows all", self.email);
        };
        let password = Chosen::read(self.password_stdin)?;
        let hash = NewAccount::new(&user.email, password.text.expose_secret())?.password_hash;
        let login = Some(engine_core::store::LoginResult::Succeeded);
        stores.accounts.change_user(user.id, UserChange { password_hash: Some(hash), login, ..UserChange::default() }).await?;
        stores.accounts.end_sessions(user.id, None).await?;
        audit(stores, "user.password", user.id).await?;
        setup::print_line(&format!("the password of {} was set", user.email));
        password.print();
        Ok(ExitCode::SUCCESS)
    }
}

/// A password that somebody chose, or that was made.
struct Chosen {
    text: SecretString,
    made: bool,
}

impl Chosen {
    fn read(from_stdin: bool) -> anyhow::Result<Self> {
        if !from_stdin {
            return Ok(Self { text: data::new_secret()?, made: true });
        }
        let mut text = String::new();
        std::io::stdin().lock().take(4096).read_to_string(&mut text).context("standard input could not be read")?;
        Ok(Self { text: SecretString::from(text.trim_end_matches(['\n', '\r'])), made: false })
    }

    /// Shows a password that was made, this once.
    fn print(&self) {
        if self.made {
            setup::print_line(&format!("password: {}", self.text.expose_secret()));
        }
    }
}

async fn add(stores: &Stores, (email, name): (&str, &str), role: &str, password: &SecretString) -> anyhow::Result<User> {
    let account = NewAccount::new(email, password.expose_secret())?;
    let user = NewUser {
        id: UserId::new(Uuid::now_v7()),
        tenant: TenantId::default(),
        email: account.email,
        name: name.to_owned(),
        role: role.to_owned(),
        password_hash: Some(account.password_hash),
    };
    Ok(stores.accounts.add_user(user).await?)
}

async fn audit(stores: &Stores, action: &str, user: UserId) -> anyhow::Result<()> {
    let entry = AuditEntry {
        id: Uuid::now_v7(),
        tenant: TenantId::default(),
        at: setup::now(),
        actor: "operator".to_owned(),
        action: action.to_owned(),
        target: user.to_string(),
        details: engine_core::model::Json::new(),
    };
    Ok(stores.audit.audit(entry).await?)
}

/// The first administrator, in the order of ids: the owner of what comes from files.
pub(crate) async fn first_administrator(accounts: &dyn AccountStore) -> anyhow::Result<Option<User>> {
    let mut page = PageRequest::first(250);
    loop {
        let found = accounts.users(page).await?;
        if let Some(user) = found.items.into_iter().find(|user| user.role == Role::Admin.as_str() && !user.disabled) {
            return Ok(Some(user));
        }
        match found.next {
            Some(next) => page = PageRequest::after(next, 250),
            None => return Ok(None),
        }
    }
}

/// The address of an administrator that the engine makes itself.
const OWNER: &str = "admin@engine.local";
/// Where the password of that one lies.
const PASSWORD_FILE: &str = "first-password";

/// Sees to it that there is somebody who can sign in, before anybody can reach the server. Nobody becomes administrator by being the first to knock.
pub(crate) async fn ensure_somebody(stores: &Stores, server: &ServerSettings, secrets: &SecretSettings) -> anyhow::Result<()> {
    if !stores.accounts.users(PageRequest::first(1)).await?.items.is_empty() {
        return Ok(());
    }
    if let (Some(email), Some(password)) = (&secrets.admin_email, &secrets.admin_password) {
        return first(stores, email, password).await.map(drop);
    }
    if server.production || !server.listen.ip().is_loopback() {
        bail!(
            "there are no users yet, so nobody could sign in: set ENGINE_ADMIN_EMAIL and ENGINE_ADMIN_PASSWORD for the first start, \
             or run `engine user add EMAIL --role admin`"
        );
    }
    let password = data::new_secret()?;
    data::make_folder(&server.data)?;
    let file = server.data.join(PASSWORD_FILE);
    if first(stores, OWNER, &password).await? {
        let line = SecretString::from(format!("{}\n", password.expose_secret()));
        if !data::write_first(&file, line.expose_secret().as_bytes())? {
            bail!("{} is left over from another database: remove it, and run `engine user password {OWNER}`", file.display());
        }
        setup::print_line(&format!("sign in as {OWNER}; the password is in {}, which only you can read", file.display()));
    }
    Ok(())
}

/// Adds the first administrator; false when another process was faster.
async fn first(stores: &Stores, email: &str, password: &SecretString) -> anyhow::Result<bool> {
    match add(stores, (email, "Administrator"), Role::Admin.as_str(), password).await {
        Ok(_) => Ok(true),
        Err(error) => match error.downcast_ref::<engine_core::store::StoreError>() {
            Some(engine_core::store::StoreError::Conflict { .. }) => Ok(false),
            _ => Err(error.context("the first administrator could not be made")),
        },
    }
}
