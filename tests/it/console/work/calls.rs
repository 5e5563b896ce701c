//! Live calls, their end by hand, and what is left to read of them.

use actors::introspection::ActorKind;
use entities::calls;

use super::{at, done, noam, noted, page, planned, wrong};
use crate::support::{ended_record, nothing_left, number, recorded, virtually, within, world};

#[test]
fn con_3_a_live_call_shows_what_was_said_and_is_ended_by_hand() {
    virtually(async {
        let world = world(planned).await;
        let mut browser = noam(&world).await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        within("the words", caller.say("יש לי דלת תקועה")).await.unwrap();
        within("the answer", caller.hears("תקועה")).await.unwrap();
        recorded(&world, caller.call_sid(), |_| true).await;
        let today = page(&mut browser, &at(&world, "today")).await;
        assert!(today.contains(caller.call_sid().as_str()), "{today}");
        assert!(today.contains("תקועה"), "the last words: {today}");
        let path = at(&world, &format!("calls/{}", caller.call_sid()));
        let text = page(&mut browser, &path).await;
        assert!(text.contains("The call goes on") && text.contains("יש לי דלת תקועה"), "{text}");

        let hang_up = format!("{path}/hangup");
        assert_eq!(done(&browser.post(&hang_up, &[]).await).1, "hanging-up");
        within("the end", caller.ended()).await;
        ended_record(&world, &caller).await;
        let over = wrong(&browser.post(&hang_up, &[]).await);
        assert!(over.contains("The call is over already."), "{over}");
        let text = page(&mut browser, &path).await;
        assert!(text.contains("Ended by hand") && text.contains("יש לי דלת תקועה"), "{text}");
        assert_eq!(noted(&world).await, ["call.hang_up"]);
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn con_3_a_call_shows_how_long_its_caller_waited() {
    virtually(async {
        let world = world(planned).await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        within("the words", caller.say("יש לי דלת תקועה")).await.unwrap();
        within("the answer", caller.hears("תקועה")).await.unwrap();
        caller.hang_up();
        within("the end", caller.ended()).await;
        ended_record(&world, &caller).await;
        nothing_left(&world).await;
        let db = &world.app.services().database;
        let turns = entities::call_turns::of_call(db, world.business_id, caller.call_sid()).await;
        let turns = turns.unwrap();
        let waits: Vec<u32> = turns.iter().filter_map(|turn| turn.measures.waited_ms).collect();
        assert_eq!(waits.len(), 1, "one answer: {turns:?}");
        let spoken = turns.iter().filter(|turn| turn.item_id.is_some());
        assert!(spoken.clone().all(|turn| turn.measures.lasts_ms > Some(100)), "{turns:?}");
        let stats = calls::get(db, world.business_id, caller.call_sid()).await.unwrap().unwrap();
        assert!(stats.stats.is_some());
        let mut browser = noam(&world).await;
        let path = at(&world, &format!("calls/{}", caller.call_sid()));
        let text = page(&mut browser, &path).await;
        let wait =
            format!("\u{2068}{}.{}\u{2069} s", waits[0] / 1000, (waits[0] % 1000 + 50) / 100);
        assert!(text.contains(&wait), "{wait}: {text}");
        world.close().await;
    });
}

#[test]
fn con_3_a_call_whose_part_was_restarted_shows_all_that_was_said() {
    virtually(async {
        let world = world(planned).await;
        let mut browser = noam(&world).await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        within("the words", caller.say("דלת תקועה")).await.unwrap();
        within("the answer", caller.hears("תקועה")).await.unwrap();
        crate::support::kill(&world, ActorKind::Call).await;
        let path = at(&world, &format!("calls/{}", caller.call_sid()));
        let text = page(&mut browser, &path).await;
        assert!(text.contains("דלת תקועה"), "{text}");
        caller.hang_up();
        within("the end", caller.ended()).await;
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn con_3_calls_are_searched_by_words_and_dates_and_what_is_no_date_is_said() {
    virtually(async {
        let world = world(planned).await;
        let mut browser = noam(&world).await;
        let business = world.business_id;
        let call = crate::api::rows::call(&world, business, 1, None).await;
        let found = async |browser: &mut _, query: &str| {
            let text = page(browser, &at(&world, &format!("calls?{query}"))).await;
            text.contains(call.as_str())
        };
        // "תל אביב" as a browser sends it.
        assert!(found(&mut browser, "q=%D7%AA%D7%9C+%D7%90%D7%91%D7%99%D7%91").await);
        assert!(!found(&mut browser, "q=needle").await);
        assert!(found(&mut browser, "show=all").await);
        assert!(!found(&mut browser, "show=failed").await);
        assert!(!found(&mut browser, "show=tests").await);
        assert!(!found(&mut browser, "until=2020-01-01").await);
        let text = page(&mut browser, &at(&world, "calls?since=tomorrow")).await;
        assert!(text.contains("This is no date."), "{text}");
        world.close().await;
    });
}
