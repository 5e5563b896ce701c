//! Written conversations.

use console::components::Pager;
use console::messages::{
    ConversationPage, ConversationRow, Delivery, Message, MessageKind, MessagesPage, Need, Reply,
};
use console::shell::{Place, Role};

use crate::samples::{Sample, World, id, minutes_ago, stranger};

pub(super) fn all(of: World) -> Vec<Sample> {
    let list = |name, page: MessagesPage| Sample {
        name,
        shell: of.shell(Place::Messages, Role::Business),
        page: Box::new(page),
    };
    let one = |name, page: ConversationPage| Sample {
        name,
        shell: of.shell(Place::Messages, Role::Business),
        page: Box::new(page),
    };
    let with = |reply| ConversationPage { reply, ..full(of) };
    let wrong = Reply::Open {
        draft: of.either("תודה!", "Thank you!").to_owned(),
        wrong: Some(
            of.either("מסד הנתונים עסוק. דבר לא נשלח.", "The database is busy. Nothing was sent.")
                .to_owned(),
        ),
    };
    vec![
        list("messages", conversations(of)),
        list("messages-empty", MessagesPage { has_number: true, ..MessagesPage::default() }),
        list("messages-no-number", MessagesPage::default()),
        list("messages-none-needy", MessagesPage { only_needy: true, ..MessagesPage::default() }),
        one("conversation", full(of)),
        one("conversation-wrong", with(wrong)),
        one(
            "conversation-closed",
            ConversationPage { opted_out: true, ..with(Reply::WindowClosed) },
        ),
        one(
            "conversation-no-number",
            ConversationPage { need: None, in_call: true, ..with(Reply::NoNumber) },
        ),
    ]
}

fn conversations(of: World) -> MessagesPage {
    let needs = [Some(Need::TooLong), None, Some(Need::WindowClosed), None];
    let words = of.either(
        "תודה רבה! ומה המחיר להחלפת צילינדר של מולטילוק, כולל הגעה לרמת גן בשעות הערב?",
        "Thank you! And what does a new Multilock cylinder cost, in Ramat Gan, in the evening?",
    );
    let row = |(at, need): (u8, Option<Need>)| ConversationRow {
        id: id(50 + at),
        person: if at == 2 { stranger(at) } else { of.person(at) },
        active_at: minutes_ago(4 + i64::from(at) * 700),
        last_words: Some((at % 2 == 1, words.to_owned())),
        need,
        opted_out: at == 3,
    };
    MessagesPage {
        only_needy: false,
        has_number: true,
        conversations: (0..).zip(needs).map(row).collect(),
        pager: Pager::default(),
    }
}

fn full(of: World) -> ConversationPage {
    let message = |number, minutes, sent, body: &str| Message {
        id: id(number),
        at: minutes_ago(minutes),
        body: body.to_owned(),
        kind: MessageKind::Text,
        sent,
        by_hand: false,
        error_code: None,
    };
    let text = |hebrew, english| of.either(hebrew, english);
    let picture = Message { kind: MessageKind::Image, ..message(63, 200, None, "") };
    let by_hand = Message {
        by_hand: true,
        ..message(
            64,
            190,
            Some(Delivery::Delivered),
            text("אפשר לכתוב מה רואים בתמונה?", "Could you write what it shows?"),
        )
    };
    let failed = Message {
        error_code: Some(63016),
        ..message(
            66,
            5,
            Some(Delivery::Failed),
            text("המחיר נקבע לפי העבודה.", "The price depends on the work."),
        )
    };
    ConversationPage {
        id: id(50),
        person: of.person(1),
        need: Some(Need::Undelivered),
        reply: Reply::Open { draft: String::new(), wrong: None },
        messages: vec![
            message(60, 1700, None, text("היי, אתם עובדים בשבת?", "Hi, do you work on Saturdays?")),
            message(
                61,
                1699,
                Some(Delivery::Read),
                text(
                    "בשבת אנחנו סגורים.\nאפשר לקבוע ליום ראשון ב־08:00.",
                    "We are closed on Saturdays.\nSunday at 08:00 is free.",
                ),
            ),
            message(62, 201, None, "https://maps.example/?q=32.0853,34.7818"),
            picture,
            by_hand,
            message(65, 6, None, text("תודה! ומה המחיר?", "Thanks! And the price?")),
            failed,
        ],
        notes: Some(
            text("שואלת על מחיר, כדאי להתקשר", "Asks for the price, better to call").to_owned(),
        ),
        opted_out: false,
        in_call: false,
    }
}
