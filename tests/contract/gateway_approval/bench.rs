//! Where the contract is tried.

use std::sync::Arc;

use countersign_gateway::approval::Store;
use countersign_gateway::approval::rule::Limits;
use countersign_gateway::approval::store::SqlStore;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::moment::Moment;
use countersign_gateway::session::Session;
use countersign_gateway::{session, store};
use countersign_protocol::jose::Id;

use super::double::MemoryApprovals;
use super::{Bench, PERSON};

/// Approvals in memory.
pub struct InMemory(pub Arc<MemoryApprovals>);

impl Bench for InMemory {
    fn connect(&self) -> Arc<dyn Store> {
        self.0.clone()
    }

    fn set_device(&self, did: Id, state: DeviceState) {
        self.0.set_device(did, state);
    }

    fn set_disabled(&self, disabled: bool) {
        self.0.set_disabled(PERSON, disabled);
    }

    fn forget_standing(&self) {
        self.0.forget_standing();
    }

    fn add_session(&self, _: Id) {}

    fn sessions_ended(&self, approval: Id) -> bool {
        self.0.reported().contains(&approval)
    }
}

/// Approvals in SQLite, each connection a store of its own.
pub struct InSql {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
    first: store::Store,
}

impl InSql {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let first = store::Store::open(&path).unwrap();
        let add = "INSERT INTO person (id, name, password, created_at) VALUES (?1, 'mara', '', 0)";
        first.write(move |row| Ok::<_, store::StoreFault>(row.execute(add, [PERSON.0])?)).unwrap();
        Self { _folder: folder, path, first }
    }
}

impl Bench for InSql {
    fn connect(&self) -> Arc<dyn Store> {
        Arc::new(SqlStore::new(store::Store::open(&self.path).unwrap(), Limits::default()))
    }

    fn set_device(&self, did: Id, state: DeviceState) {
        let set = "INSERT INTO device (did, person, kind, name, state, added, until, run, mono_end, tries, totp)
                   VALUES (?1, ?2, 'app', 'phone', ?3, 0, 9999999999, 1, 9999999999, 3, x'00')
                   ON CONFLICT DO UPDATE SET state = ?3";
        let values = (did, state.as_str());
        let set = self.first.write(move |row| {
            Ok::<_, store::StoreFault>(row.execute(set, store::params![values.0.as_bytes(), PERSON.0, values.1])?)
        });
        set.unwrap();
    }

    fn set_disabled(&self, disabled: bool) {
        let set = "UPDATE person SET disabled = ?2 WHERE id = ?1";
        let set = self
            .first
            .write(move |row| Ok::<_, store::StoreFault>(row.execute(set, store::params![PERSON.0, disabled])?));
        assert_eq!(set, Ok(1));
    }

    fn forget_standing(&self) {
        let forget = "DELETE FROM standing; DELETE FROM push_pause";
        self.first.write(move |row| Ok::<_, store::StoreFault>(row.execute_batch(forget)?)).unwrap();
    }

    fn add_session(&self, approval: Id) {
        let session = Session {
            id: [1; 32],
            person: PERSON,
            name: "mara".into(),
            began: Moment { now: 0, run: 1, mono: 0 },
            seen: Moment { now: 0, run: 1, mono: 0 },
            second: None,
            manage: None,
            enrol: None,
            voucher: None,
            approvals: [*approval.as_bytes(), [3; 16]].into(),
        };
        self.first.write(move |row| session::store::insert(row, &session, &session.approvals)).unwrap();
    }

    fn sessions_ended(&self, approval: Id) -> bool {
        let count = "SELECT count(*) FROM session_approval WHERE approval = ?1";
        let left: i64 = self
            .first
            .read(|row| Ok::<_, store::StoreFault>(row.query_one(count, [approval.as_bytes()], |row| row.get(0))?))
            .unwrap();
        left == 0
    }
}
