//! The built `countersign-gateway user …`, beside a gateway that runs.

use countersign_strings::{fill, text};
use countersign_tests::plain::Plain;
use countersign_tests::program::{command, run};
use countersign_tests::stage::{PASSWORD, Stage};

use super::Ended;

const NEW: &str = "larch violin tundra";

fn password(stage: &Stage, name: &str, typed: &str) -> Ended {
    let home = tempfile::tempdir().unwrap();
    let mut command = command("countersign-gateway", home.path());
    command.args(["user", "password", name, "--password-stdin", "--data"]).arg(stage.data());
    Ended::of(&run(&mut command, format!("{typed}\n").as_bytes()))
}

fn heading(window: &mut Plain, stage: &Stage, path: &str) -> String {
    window.get(&format!("{}{path}", stage.origin()));
    window.page().words("h1").unwrap_or_default()
}

fn sign_in(window: &mut Plain, stage: &Stage, typed: &str) -> u16 {
    heading(window, stage, "/login");
    window.post_form("/login", &[("name", "alice"), ("password", typed)])
}

#[test]
fn another_password_ends_what_the_older_one_opened() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let mut first = Plain::new();
    assert_eq!(sign_in(&mut first, &stage, PASSWORD), 200);
    assert_eq!(heading(&mut first, &stage, "/manageotp/add"), text("manage.add"), "a session of the password alone");

    let refused = password(&stage, "alice", "password1");
    assert_eq!((refused.code, refused.stderr.trim()), (1, text("gateway.password_common")));
    let refused = password(&stage, "bob", NEW);
    assert_eq!((refused.code, refused.stderr.trim()), (1, text("gateway.person_unknown")));
    assert_eq!(heading(&mut first, &stage, "/manageotp/add"), text("manage.add"), "nothing was changed");

    let done = password(&stage, "alice", NEW);
    let said = fill("gateway.password_set", &[("name", "alice")]);
    assert_eq!((done.code, done.stdout.trim()), (0, said.as_str()), "{}", done.stderr);
    assert_eq!(heading(&mut first, &stage, "/manageotp/add"), text("login.title"));
    let rows = stage.house().audit.latest(Some("alice"), 100).unwrap();
    assert_eq!(rows.iter().filter(|row| row.what == "person.password" && row.outcome == "done").count(), 1);

    stage.active_phone(&alice, "phone");
    let mut window = Plain::new();
    assert_eq!(sign_in(&mut window, &stage, PASSWORD), 403);
    assert_eq!(sign_in(&mut window, &stage, NEW), 200);
    assert_eq!(window.page().words("h1").as_deref(), Some(text("login.wait_title")));
}
