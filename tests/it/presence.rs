//! Two daemons on one SQLite file (OPS-11).

use frontdesk::app::StartError;
use frontdesk::config::DatabaseUrl;
use frontdesk::world::{World, WorldError};

use crate::support::{brief, ended_record, number, plan, virtually, within, world};

#[test]
fn ops_11_a_second_daemon_on_one_file_is_refused_and_the_first_one_s_calls_go_on() {
    virtually(async {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("calls.db").display());
        let first = world(|plan| {
            brief(plan);
            plan.config.database.url = DatabaseUrl::parse(&url).unwrap();
        })
        .await;
        let caller = first.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        let mut again = plan();
        again.config.database.url = DatabaseUrl::parse(&url).unwrap();
        let Err(refused) = World::open(again).await else { panic!("a second daemon") };
        assert!(matches!(refused, WorldError::Start(StartError::Presence(_))), "{refused}");
        assert_eq!(refused.to_string().lines().count(), 1);
        caller.hang_up();
        within("the end", caller.ended()).await;
        let record = ended_record(&first, &caller).await;
        assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"), "no sweep ended it");
        first.close().await;
        // After it, the file is free.
        let mut next = plan();
        next.config.database.url = DatabaseUrl::parse(&url).unwrap();
        World::open(next).await.unwrap().close().await;
    });
}
