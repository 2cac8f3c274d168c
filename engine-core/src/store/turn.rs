//! Whose turn it is: which ready executions a claim takes. One algorithm for all stores; they only bring the candidates.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::{LimitScope, TenantId};
use crate::model::{ExecutionId, WorkflowId};

/// A ready execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: ExecutionId,
    /// Who owns it.
    pub tenant: TenantId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Its concurrency key.
    pub key: Option<String>,
    /// Higher goes first.
    pub priority: i16,
}

/// When tenants were last served: a number that grows. A tenant that is not there was never served.
pub type Turns = HashMap<TenantId, i64>;

/// How many more executions of each limited scope may be leased. A scope that is not there has no limit.
pub type Headroom = HashMap<LimitScope, u32>;

/// What a claim takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picked {
    /// The executions, in the order in which they were picked.
    pub executions: Vec<ExecutionId>,
    /// The tenants that were served, the one whose turn was last at the end.
    pub served: Vec<TenantId>,
}

impl Candidate {
    /// The scopes that limit it.
    pub fn scopes(&self) -> impl Iterator<Item = LimitScope> {
        let key = self.key.clone().map(LimitScope::Key);
        [LimitScope::Tenant(self.tenant.clone()), LimitScope::Workflow(self.workflow.clone())].into_iter().chain(key)
    }
}

/// Picks at most `limit` candidates. `headroom` says how many more of each limited scope may be leased; it is used up.
///
/// Tenants take turns, the one that was served longest ago first. Within a tenant the higher priority goes first, then the older execution; one that has no headroom
/// is passed over.
pub fn pick(candidates: Vec<Candidate>, headroom: &mut Headroom, turns: &Turns, limit: u32) -> Picked {
    let mut tenants: BTreeMap<(i64, TenantId), Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates {
        let turn = turns.get(&candidate.tenant).copied().unwrap_or(i64::MIN);
        tenants.entry((turn, candidate.tenant.clone())).or_default().push(candidate);
    }
    let mut queue: VecDeque<_> = tenants
        .into_iter()
        .map(|((_, tenant), mut own)| {
            own.sort_by_key(|candidate| (std::cmp::Reverse(candidate.priority), candidate.id));
            (tenant, own.into_iter())
        })
        .collect();
    let mut picked = Picked::default();
    while picked.executions.len() < limit as usize {
        let Some((tenant, mut own)) = queue.pop_front() else { break };
        if let Some(candidate) = own.find(|candidate| take(candidate, headroom)) {
            picked.executions.push(candidate.id);
            picked.served.retain(|served| *served != tenant);
            picked.served.push(tenant.clone());
            queue.push_back((tenant, own));
        }
    }
    picked
}

fn take(candidate: &Candidate, headroom: &mut Headroom) -> bool {
    let free = candidate.scopes().all(|scope| headroom.get(&scope).is_none_or(|left| *left > 0));
    if free {
        for scope in candidate.scopes() {
            if let Some(left) = headroom.get_mut(&scope) {
                *left -= 1;
            }
        }
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Candidates as `tenant/workflow/key:priority`, numbered from 0; gives the numbers that are picked.
    fn check(candidates: &str, limits: &[(&str, u32)], turns: &[(&str, i64)], limit: u32) -> (Vec<u128>, String) {
        let candidates = (0..).zip(candidates.split_whitespace()).map(|(number, text)| candidate(number, text)).collect();
        let mut headroom = limits.iter().map(|(scope, left)| (scope_of(scope), *left)).collect();
        let turns = turns.iter().map(|(tenant, turn)| (TenantId::from(*tenant), *turn)).collect();
        let picked = pick(candidates, &mut headroom, &turns, limit);
        let served: Vec<_> = picked.served.iter().map(TenantId::as_str).collect();
        (picked.executions.iter().map(|id| id.as_uuid().as_u128()).collect(), served.join(" "))
    }

    fn candidate(number: u128, text: &str) -> Candidate {
        let (path, priority) = text.split_once(':').unwrap_or((text, "0"));
        let mut parts = path.split('/');
        let mut part = || parts.next().filter(|part| !part.is_empty());
        Candidate {
            id: ExecutionId::new(uuid::Uuid::from_u128(number)),
            tenant: part().unwrap_or_default().into(),
            workflow: part().unwrap_or_default().into(),
            key: part().map(str::to_owned),
            priority: priority.parse().unwrap(),
        }
    }

    fn scope_of(text: &str) -> LimitScope {
        match text.split_once('=').unwrap() {
            ("tenant", name) => LimitScope::Tenant(name.into()),
            ("workflow", name) => LimitScope::Workflow(name.into()),
            (_, name) => LimitScope::Key(name.to_owned()),
        }
    }

    #[test]
    fn within_a_tenant_priority_then_age() {
        assert_eq!(check("a a:2 a:1 a:2", &[], &[], 3), (vec![1, 3, 2], "a".to_owned()));
    }

    #[test]
    fn tenants_take_turns_the_one_served_longest_ago_first() {
        assert_eq!(check("a a a b b c", &[], &[("a", 1), ("b", 3), ("c", 2)], 5), (vec![0, 5, 3, 1, 4], "c a b".to_owned()));
        assert_eq!(check("a a a b", &[], &[("a", 7)], 1), (vec![3], "b".to_owned()));
    }

    #[test]
    fn what_has_no_headroom_is_passed_over() {
        assert_eq!(check("a/w a/w a/v a/w", &[("workflow=w", 1)], &[], 9).0, [0, 2]);
        assert_eq!(check("a/w/k a/v/k a/w/l a/w", &[("key=k", 1), ("workflow=w", 2)], &[], 9).0, [0, 2]);
        assert_eq!(check("a a b b", &[("tenant=a", 0)], &[], 9), (vec![2, 3], "b".to_owned()));
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert_eq!(check("", &[], &[], 9), (vec![], String::new()));
        assert_eq!(check("a", &[], &[], 0), (vec![], String::new()));
    }
}
