//! Texts and their answers: settled, answered together, once, by one message.

use super::*;

#[tokio::test(start_paused = true)]
async fn wa_5_texts_are_answered_together_with_one_message() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    desk.come(1, "שלום").await;
    after(1).await;
    desk.come(2, "מתי אתם פתוחים?").await;
    after(1).await;
    assert!(desk.outside.asked().is_empty(), "more may follow");
    after(4).await;
    let asked = desk.outside.asked();
    assert_eq!(told(&asked[0]), ["שלום", "מתי אתם פתוחים?"]);
    assert!(asked[0]["instructions"].as_str().unwrap().contains("WhatsApp"));
    assert_eq!(desk.sent(), ["בתשע."]);
    let rows = desk.messages().await;
    assert!(rows.iter().all(|row| row.handled));
    assert_eq!(rows[2].in_reply_to, Some(rows[1].id));
    assert!(rows[2].provider_sid.is_some());
    let callback = format!("http://frontdesk/twilio/message-status?message={}", rows[2].id.0);
    assert_eq!(desk.outside.sent()[0].callback, callback);

    desk.outside.will_answer([reply("כן.")]);
    desk.come(3, "גם בשישי?").await;
    after(4).await;
    let asked = desk.outside.asked();
    assert_eq!(told(&asked[1]), ["שלום", "מתי אתם פתוחים?", "בתשע.", "גם בשישי?"]);
}

#[tokio::test(start_paused = true)]
async fn wa_2_five_deliveries_of_one_message_are_answered_once() {
    let desk = Desk::open().await;
    desk.outside.will_answer([reply("בתשע.")]);
    let delivered = futures_util::future::join_all((0..5).map(|_| desk.come(1, "מתי?"))).await;
    assert_eq!(delivered.iter().filter(|created| **created).count(), 1);
    after(5).await;
    desk.come(1, "מתי?").await;
    after(60).await;
    assert_eq!(desk.sent(), ["בתשע."]);
    assert_eq!(desk.outside.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn wa_2_a_daemon_that_dies_at_any_moment_answers_once() {
    // In steps of 0.1 s over the whole way: settling, asking, sending, sent.
    for tenths in 0..60_u64 {
        let mut desk = Desk::open().await;
        desk.outside.will_answer([reply("בתשע."), reply("בתשע.")]);
        desk.outside.takes(Duration::from_millis(700));
        desk.come(1, "מתי?").await;
        tokio::time::sleep(Duration::from_millis(100 * tenths)).await;
        desk.kill().await;
        desk.start().await;
        after(150).await;
        assert_eq!(desk.sent(), ["בתשע."], "died after {tenths} tenths of a second");
        assert!(desk.messages().await.iter().all(|row| row.handled));
    }
}

#[tokio::test(start_paused = true)]
async fn wa_1_an_answer_that_stays_too_long_is_replaced_and_never_cut() {
    let desk = Desk::open().await;
    desk.outside.will_answer([too_long(), too_long(), too_long(), too_long()]);
    desk.come(1, "ספרו לי הכול").await;
    after(20).await;
    assert_eq!(desk.sent(), [settings().lines().too_long]);
    assert_eq!(desk.conversation().await.needs_person.as_deref(), Some("too_long"));
}

#[tokio::test(start_paused = true)]
async fn wa_4_a_model_that_fails_costs_an_apology_and_loses_nothing() {
    let desk = Desk::open().await;
    desk.outside.will_answer([json!({}), json!({}), json!({}), reply("בתשע.")]);
    desk.come(1, "מתי?").await;
    after(120).await;
    assert_eq!(desk.sent(), [settings().lines().written_apology]);
    assert_eq!(desk.conversation().await.needs_person.as_deref(), Some("model_failed"));
    desk.come(2, "הלו?").await;
    after(10).await;
    assert_eq!(desk.sent()[1], "בתשע.");
    assert!(told(&desk.outside.asked()[3]).contains(&"מתי?".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn wa_4_an_answer_keeps_its_tokens_and_what_they_cost_if_the_models_prices_are_known() {
    let arguments = json!({"full_name": "דנה", "email": null, "fields": {"city": "חיפה"}});
    for (model, cost) in [("gpt-6-luna", Some(30)), ("house-model", None)] {
        let mut settings = settings();
        settings.whatsapp.model = model.to_owned();
        let desk = Desk::of(settings).await;
        desk.outside.will_answer([tool_call("update_lead_details", &arguments), reply("רשמתי.")]);
        desk.come(1, "אני דנה מחיפה").await;
        after(6).await;
        let rows = desk.messages().await;
        assert_eq!(rows[0].cost, None, "a person's text costs nothing");
        let kept = rows[1].cost.clone().unwrap();
        assert_eq!((kept.model.as_str(), kept.questions), (model, 2));
        assert_eq!((kept.input_tokens, kept.cached_tokens, kept.output_tokens), (200, 0, 20));
        assert_eq!(kept.cost_micro_usd, cost);
    }
}

#[tokio::test(start_paused = true)]
async fn wa_4_what_was_asked_before_a_crash_is_part_of_the_cost() {
    let mut desk = Desk::open().await;
    let arguments = json!({"full_name": "דנה", "email": null, "fields": {}});
    desk.outside.takes(Duration::from_secs(2));
    desk.outside.will_answer([tool_call("update_lead_details", &arguments), reply("רשמתי.")]);
    desk.come(1, "אני דנה").await;
    // The first answer has come. The second question is on its way: it is noted when it is answered.
    after(5).await;
    assert_eq!(desk.outside.asked().len(), 1);
    desk.outside.will_answer([reply("רשמתי.")]);
    desk.kill().await;
    desk.start().await;
    after(150).await;
    let kept = desk.messages().await[1].cost.clone().unwrap();
    // What the dead process asked last is paid, and nobody knows of it.
    assert_eq!((kept.questions, kept.input_tokens), (2, 200));
}
