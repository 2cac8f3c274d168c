//! Roles and permissions. A permission's name is also the scope that an API key needs.

use serde::{Deserialize, Serialize};

/// What a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Looks.
    Viewer,
    /// Makes and runs workflows of their own, and what is shared with them.
    User,
    /// Everything.
    Admin,
}

impl Role {
    /// The role of this name. An unknown one may do the least.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "admin" => Self::Admin,
            "user" => Self::User,
            _ => Self::Viewer,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

macro_rules! permissions {
    ($($name:ident = $scope:literal, $role:ident;)*) => {
        /// What a route lets its caller do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Permission {
            $(#[doc = $scope] $name,)*
        }

        impl Permission {
            /// All of them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The scope that allows it.
            pub(crate) const fn scope(self) -> &'static str {
                match self { $(Self::$name => $scope,)* }
            }

            /// The least role that has it.
            pub(crate) const fn role(self) -> Role {
                match self { $(Self::$name => Role::$role,)* }
            }
        }
    };
}

permissions! {
    Public = "public", Viewer;
    Own = "account:own", Viewer;
    WorkflowRead = "workflow:read", Viewer;
    WorkflowWrite = "workflow:write", User;
    WorkflowExecute = "workflow:execute", User;
    ExecutionRead = "execution:read", Viewer;
    ExecutionWrite = "execution:write", User;
    CredentialRead = "credential:read", User;
    CredentialWrite = "credential:write", User;
    NodeRead = "node:read", Viewer;
    TagRead = "tag:read", Viewer;
    TagWrite = "tag:write", User;
    VariableRead = "variable:read", Viewer;
    VariableWrite = "variable:write", Admin;
    UserRead = "user:read", Admin;
    UserWrite = "user:write", Admin;
    SettingRead = "setting:read", Admin;
    SettingWrite = "setting:write", Admin;
    AuditRead = "audit:read", Admin;
}
