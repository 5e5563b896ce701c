//! Visits that are booked, moved and cancelled on the calendar's page.

use entities::appointments::{self, AppointmentRecord, AppointmentStatus};
use entities::leads;
use frontdesk::world::World;
use jiff::{SignedDuration, Timestamp};

use super::{at, done, noam, noted, page, planned, wrong};
use crate::api::rows::{self, slots};
use crate::console::browser::Browser;
use crate::support::{number, virtually, world};

/// A start as a browser sends it.
fn local(world: &World, start: Timestamp) -> String {
    let zone = world.business.timezone.rules().clone();
    start.to_zoned(zone).strftime("%Y-%m-%dT%H:%M").to_string()
}

async fn standing(world: &World) -> Vec<AppointmentRecord> {
    let db = &world.app.services().database;
    let (from, until) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
    let all = appointments::starting(db, world.business_id, from, until, 100).await.unwrap();
    all.into_iter().filter(|it| it.status == AppointmentStatus::Booked).collect()
}

/// The key in the form of a new appointment.
async fn new_key(browser: &mut Browser<'_>, world: &World) -> String {
    let text = page(browser, &at(world, "calendar?book")).await;
    let rest = text.split("name=\"key\" value=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn con_7_a_visit_is_booked_by_the_rules_of_a_call_and_once() {
    virtually(async {
        let world = world(planned).await;
        let mut browser = noam(&world).await;
        let free = slots(&world, 3);
        let key = new_key(&mut browser, &world).await;
        let start = local(&world, free[0]);
        let book = at(&world, "calendar/book");
        let form = |start: &str, phone: &str, key: &str| {
            [("start", start), ("phone", phone), ("name", "דנה כהן"), ("key", key)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let post = async |browser: &mut Browser<'_>, form: [(String, String); 4]| {
            let fields = form.each_ref().map(|(name, value)| (name.as_str(), value.as_str()));
            browser.post(&book, &fields).await
        };
        for _ in 0..2 {
            let answer = post(&mut browser, form(&start, "050-000-0001", &key)).await;
            let (to, word) = done(&answer);
            assert_eq!(word, "booked");
            let text = page(&mut browser, &to).await;
            assert!(text.contains("The visit is booked.") && text.contains("דנה כהן"), "{text}");
        }
        let held = standing(&world).await;
        assert_eq!(held.iter().map(|it| it.starts_at).collect::<Vec<_>>(), [free[0]]);
        let db = &world.app.services().database;
        let lead = leads::get(db, world.business_id, held[0].lead_id).await.unwrap().unwrap();
        assert_eq!((lead.phone, lead.full_name.as_deref()), (Some(number(1)), Some("דנה כהן")));

        let other = new_key(&mut browser, &world).await;
        let taken = wrong(&post(&mut browser, form(&start, "0500000002", &other)).await);
        assert!(taken.contains("This time is taken."), "{taken}");
        assert!(taken.contains("name=\"instead\""), "free times are offered: {taken}");
        let long_ago = local(&world, free[0] - SignedDuration::from_hours(30 * 24));
        let past = wrong(&post(&mut browser, form(&long_ago, "0500000002", &other)).await);
        assert!(past.contains("This time has passed."), "{past}");
        let unread = wrong(&post(&mut browser, form(&start, "call me", &other)).await);
        assert!(unread.contains("This is no telephone number."), "{unread}");
        assert!(unread.contains("value=\"call me\""), "what was entered stays: {unread}");
        let never = wrong(&post(&mut browser, form("", "0500000002", &other)).await);
        assert!(never.contains("Choose a day and a time."), "{never}");
        assert_eq!(standing(&world).await.len(), 1);
        assert_eq!(noted(&world).await, ["appointment.book"]);
        world.close().await;
    });
}

#[test]
fn con_7_a_visit_is_moved_and_cancelled_unless_somebody_has_done_so_meanwhile() {
    virtually(async {
        let world = world(planned).await;
        let mut browser = noam(&world).await;
        let free = slots(&world, 3);
        let lead = rows::lead(&world, world.business_id, 1).await;
        let held = rows::appointment(&world, world.business_id, lead, free[0]).await;
        let other = rows::lead(&world, world.business_id, 2).await;
        rows::appointment(&world, world.business_id, other, free[6]).await;
        let to_move = at(&world, &format!("calendar/{}/move", held.0));
        let was = free[0].to_string();
        let start = |place: usize| local(&world, free[place]);

        let taken = browser.post(&to_move, &[("start", &start(6)), ("was", &was)]).await;
        let taken = wrong(&taken);
        assert!(taken.contains("This time is taken.") && taken.contains("name=\"instead\""));
        // One of the times that are offered is pressed.
        let fields = [("start", &*start(6)), ("instead", &*start(2)), ("was", &*was)];
        let (to, word) = done(&browser.post(&to_move, &fields).await);
        assert_eq!(word, "moved");
        page(&mut browser, &to).await;
        // Another page still shows where it was.
        let stale = browser.post(&to_move, &[("start", &start(3)), ("was", &was)]).await;
        let stale = wrong(&stale);
        assert!(stale.contains("Somebody has changed this meanwhile."), "{stale}");
        let starts = standing(&world).await.iter().map(|it| it.starts_at).collect::<Vec<_>>();
        assert_eq!(starts, [free[2], free[6]]);

        let to_cancel = at(&world, &format!("calendar/{}/cancel", held.0));
        assert_eq!(done(&browser.post(&to_cancel, &[]).await).1, "cancelled");
        let was = free[2].to_string();
        let gone = browser.post(&to_move, &[("start", &start(3)), ("was", &was)]).await;
        assert!(wrong(&gone).contains("This visit was cancelled meanwhile."), "{}", gone.text());
        assert_eq!(standing(&world).await.len(), 1);
        assert_eq!(noted(&world).await, ["appointment.move", "appointment.cancel"]);
        world.close().await;
    });
}

#[test]
fn con_3_the_week_shows_hours_days_off_and_free_times_of_the_business() {
    virtually(async {
        let mut off = None;
        let world = world(|plan| {
            planned(plan);
            let begins = frontdesk::virtual_time::begins();
            let date = begins.to_zoned(plan.business.timezone.rules().clone()).date();
            let date = date.saturating_add(jiff::ToSpan::days(1));
            plan.business.appointments.days_off.insert(date);
            off = Some(date);
        })
        .await;
        let mut browser = noam(&world).await;
        let path = at(&world, &format!("calendar?week={}", off.unwrap()));
        let text = page(&mut browser, &path).await;
        assert!(text.contains("Day off"), "{text}");
        assert!(text.contains("08:00–13:00"), "{text}");
        let slot = slots(&world, 3)[0];
        let date = slot.to_zoned(world.business.timezone.rules().clone()).date();
        let text = page(&mut browser, &at(&world, &format!("calendar?week={date}"))).await;
        assert!(text.contains(&format!("calendar?book={}", local(&world, slot))), "{text}");
        world.close().await;
    });
}
