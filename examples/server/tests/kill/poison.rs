//! An execution that kills whoever drives it is given up, and its neighbours go on (promise 8).

use serde_json::json;

use crate::home::{Home, begin, each_once, ended, runs, two_steps};
use crate::outside::Outside;

/// So many deaths are enough.
const MAX_CLAIMS: usize = 3;

/// Breaks when claims are not counted before the work begins, when nobody is ever given up, or when neighbours suffer.
async fn poison_is_given_up(home: Home) {
    let home = home.with("ENGINE_MAX_CLAIMS", &MAX_CLAIMS.to_string()).with("ENGINE_COMMANDS", "allow");
    let mut outside = Outside::listen().await;
    let first = home.serve("first").await;
    // The others drive one at a time: who only waits beside the poison does not die with it.
    let home = home.with("ENGINE_CONCURRENCY", "1");
    let mut deadly = two_steps("poison", &outside);
    deadly["nodes"][3] =
        json!({"name": "two", "type": "n8n-nodes-base.executeCommand", "typeVersion": 1, "parameters": {"command": "kill -9 $PPID"}});
    let poison = begin(&first, &deadly).await;
    let trigger = outside.called("/poison/one").await;
    let (mut neighbours, mut unanswered) = (Vec::new(), Vec::new());
    for name in ["left", "right"] {
        neighbours.push((name, begin(&first, &two_steps(name, &outside)).await));
        unanswered.push(outside.called(&format!("/{name}/one")).await);
    }
    trigger.answer().await;
    let died = tokio::task::spawn_blocking(|| first.wait()).await.unwrap();
    assert_eq!(died.code, None, "the first death: {died:?}");
    drop(unanswered);
    outside.answer_all();
    for death in 2..=MAX_CLAIMS {
        let next = home.help("next");
        let died = tokio::task::spawn_blocking(|| next.wait()).await.unwrap();
        assert_eq!(died.code, None, "death {death}: {died:?}");
    }
    let last = home.serve("last").await;
    let given_up = ended(&last, &poison).await;
    assert_eq!(given_up["status"], "crashed", "{given_up}");
    for (name, id) in neighbours {
        let done = ended(&last, &id).await;
        assert_eq!((&done["status"], runs(&done)), (&json!("success"), each_once()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_08_poison_is_given_up_and_its_neighbours_go_on_on_postgres() {
    poison_is_given_up(Home::on_postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inv_08_poison_is_given_up_and_its_neighbours_go_on_on_sqlite() {
    poison_is_given_up(Home::on_sqlite()).await;
}
