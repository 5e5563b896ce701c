//! A SQLite file on a disk that really is full (OPS-10). Where no small disk can be mounted, nothing is
//! tested.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use entities::leads::{self, Caller};
use entities::{Database, OpenMode, PoolSettings, RecordsError};
use protocol::ids::{BusinessId, LeadId};

use crate::support::{business, call_sid, migrate, new_id, noon, phone};

/// A disk of 16 MiB, a few times what the write-ahead log needs; it is unmounted on drop.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all room that is left.
    fn fill(&self) {
        let mut ballast = File::create(self.path().join("ballast")).unwrap();
        for size in [64 * 1024, 4096, 1] {
            while ballast.write_all(&vec![1; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Writes a lead in a transaction. Returns its id if the database says that it is there.
async fn write(db: &Database, business: BusinessId, n: u32) -> Result<LeadId, RecordsError> {
    let number = phone(&format!("+97250{n:07}"));
    let (caller, id) = (Caller::Known(&number), LeadId(new_id()));
    let written = leads::ensure_for_call(db, business, caller, &call_sid(n), id, noon()).await;
    written.map(|ensured| ensured.record.id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_10_on_a_full_disk_what_is_reported_is_there_and_with_room_it_goes_on() {
    let Some(disk) = SmallDisk::mount() else { return };
    let url = format!("sqlite://{}", disk.path().join("frontdesk.db").display());
    let db = Database::connect(&url, PoolSettings::default(), OpenMode::Create).await.unwrap();
    migrate(&db).await;
    let business = business(&db, "locks", "+97231111111").await;
    let (mut there, mut failed) = (Vec::new(), 0);
    for round in 0..3 {
        disk.fill();
        for n in 0..60 {
            match write(&db, business, round * 1000 + n).await {
                Ok(lead) => there.push(lead),
                Err(_) => failed += 1,
            }
        }
        disk.make_room();
        // At once, on every connection.
        for n in 100..120 {
            let lead = write(&db, business, round * 1000 + n).await;
            there.push(lead.unwrap_or_else(|error| panic!("round {round}, {n}: {error}")));
        }
    }
    assert!(failed > 0, "the disk was never full");
    let other = Database::connect(&url, PoolSettings::default(), OpenMode::Existing).await.unwrap();
    for handle in [&db, &other] {
        for lead in &there {
            assert!(leads::get(handle, business, *lead).await.unwrap().is_some(), "{lead:?}");
        }
    }
    db.close().await.unwrap();
    assert!(write(&other, business, 9999).await.is_ok(), "nobody holds the lock");
    other.close().await.unwrap();
}
