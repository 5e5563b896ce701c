//! A call that two daemons had, one after the other.

use entities::call_turns::TurnRole;
use entities::calls::CallLease;
use practice::openai::{Life, SeenEvent, Turn};
use protocol::ids::{Fence, NodeId};
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::chaos::ended::{Lived, Tenure};
use crate::chaos::story::WhichNode;

fn lease(node: u128, fence: u32) -> CallLease {
    CallLease { node: NodeId(Uuid::from_u128(node)), fence: Fence(fence) }
}

/// The second daemon has the call from 5 s on. The first one's session ends at `until`.
fn taken_over(it: &mut Ended, until: Option<f64>) {
    let key = |node: u32| format!("practice-{node}");
    let lived = |node: u32| Lived { key: key(node), id: lease(node.into(), 1).node };
    it.lived = vec![lived(1), lived(2)];
    let tenure = |lease, since| Tenure { call: 0, lease, since: secs(since) };
    it.tenures = vec![tenure(lease(1, 1), 0.5), tenure(lease(2, 2), 5.0)];
    let ended = until.map(secs);
    it.model.lives = vec![Life { session: SESSION, key: key(1), began: secs(0.4), ended }];
}

#[test]
fn invariant_18_two_sessions_at_once_under_one_fencing_number_are_detected() {
    let used = |first: f64, last: f64, next: f64| {
        let mut ended = ended();
        taken_over(&mut ended, Some(4.0));
        ended.calls[0].turns.insert(2, turn(9, TurnRole::Caller, Some("item_9"), "x"));
        ended.model.heard.push(Turn { session: SESSION + 1, ..said("item_9", "x") });
        let key = ended.lived[0].key.clone();
        let life = Life { session: SESSION + 1, key, began: secs(next), ended: Some(secs(4.5)) };
        ended.model.lives.push(life);
        for (session, at) in [(SESSION, first), (SESSION, last), (SESSION + 1, next)] {
            let (kind, body) = ("response.create".to_owned(), json!({}));
            ended.model.events.push_back(SeenEvent { session, at: secs(at), kind, bytes: 0, body });
        }
        let node = crate::chaos::story::WhichNode::Of { call: 0 };
        let dies = troubled(Fault::NodeDies { node, back_after: secs(3.0) });
        let found = check(&dies, &ended).into_iter().map(|it| it.invariant.0);
        found.collect::<Vec<u8>>()
    };
    assert_eq!(used(1.0, 2.0, 3.0), [0; 0], "one after the other");
    assert_eq!(used(1.0, 3.5, 3.0), [18], "a daemon's death excuses nothing");
}

/// The other one had it for so short a time that nobody saw it.
#[test]
fn invariant_18_a_session_that_begins_with_a_daemon_s_second_tenure_is_of_that_one() {
    let held = |began| {
        let mut ended = ended();
        taken_over(&mut ended, Some(4.0));
        ended.tenures[1].lease = lease(1, 3);
        ended.calls[0].turns.insert(2, turn(9, TurnRole::Caller, Some("item_9"), "x"));
        ended.model.heard.push(Turn { session: SESSION + 1, ..said("item_9", "x") });
        let (key, until) = (ended.lived[0].key.clone(), Some(secs(30.0)));
        let life = Life { session: SESSION + 1, key, began: secs(began), ended: until };
        ended.model.lives.push(life);
        check(&story(), &ended).into_iter().map(|it| it.invariant.0).collect::<Vec<u8>>()
    };
    assert_eq!(held(4.95), [0; 0]);
    assert_eq!(held(4.4), [18]);
}

#[test]
fn invariant_18_a_session_that_outlives_its_daemon_s_tenure_is_detected() {
    let held = |until| {
        let mut ended = ended();
        taken_over(&mut ended, until);
        check(&story(), &ended).into_iter().map(|it| it.invariant.0).collect::<Vec<u8>>()
    };
    assert_eq!(held(Some(4.0)), [0; 0]);
    assert_eq!(held(Some(19.0)), [0; 0]);
    assert_eq!(held(Some(21.0)), [18]);
    assert_eq!(held(None), [18]);
}

/// The stream has come back to the first daemon.
#[test]
fn invariant_18_a_session_may_go_on_if_the_daemon_that_took_the_call_over_dies_and_none_is_beside_it()
 {
    let held = |dies_at: f64, rival: Option<f64>| {
        let mut ended = ended();
        taken_over(&mut ended, Some(40.0));
        if let Some(until) = rival {
            ended.calls[0].turns.insert(2, turn(9, TurnRole::Caller, Some("item_9"), "x"));
            ended.model.heard.push(Turn { session: SESSION + 1, ..said("item_9", "x") });
            let (key, ended_at) = (ended.lived[1].key.clone(), Some(secs(until)));
            let life = Life { session: SESSION + 1, key, began: secs(5.1), ended: ended_at };
            ended.model.lives.push(life);
        }
        let node = WhichNode::Nth(1);
        let dies = Fault::NodeDies { node, back_after: secs(3.0) };
        let story = Story { troubles: vec![at(dies_at, dies)], ..story() };
        check(&story, &ended).into_iter().map(|it| it.invariant.0).collect::<Vec<u8>>()
    };
    assert_eq!(held(6.0, None), [0; 0]);
    assert_eq!(held(6.0, Some(6.0)), [0; 0], "its session ended with it");
    assert_eq!(held(6.0, Some(21.0)), [18], "two at once");
    assert_eq!(held(25.0, None), [18], "it dies too late");
}

#[test]
fn invariant_20_a_fencing_number_that_does_not_grow_is_detected() {
    let mut ended = ended();
    taken_over(&mut ended, Some(4.0));
    ended.tenures[1].lease.fence = Fence(1);
    let broken: Vec<_> = check(&story(), &ended).into_iter().map(|it| it.invariant.0).collect();
    assert_eq!(broken, [20]);
}

#[test]
fn invariant_15_a_row_of_a_call_that_nobody_dialled_is_detected() {
    each_breaks(15, &[("a stranger", |it| it.strangers = vec![sid(9)])]);
}

#[test]
fn a_daemon_that_dies_excuses_another_hang_up_and_no_other_greeting() {
    let dies = || {
        let node = crate::chaos::story::WhichNode::Of { call: 0 };
        Fault::NodeDies { node, back_after: secs(3.0) }
    };
    is_excused(dies(), |it| it.requests.push(it.requests[0].clone()));
    is_excused(dies(), |it| end_reason(it, "internal", "daemon"));
    let twice: Change = |it| {
        let mut again = it.calls[0].view.heard[0].clone();
        again.from += secs(3.0);
        it.calls[0].view.heard.push(again);
    };
    assert!(broken_by(twice, &troubled(dies())).contains(&2));
}
