//! Icon packs, from the command line. The pack was made by another program's writer of archives.

use std::path::{Path, PathBuf};

use countersign_strings::text;

use super::{Desk, SEED};

fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/icons/small.zip")
}

#[test]
fn a_pack_is_kept_looked_through_matched_and_removed() {
    let desk = Desk::new();
    desk.add_all(
        ["GitHub", "My%20GitLab.com", "Bank", "Example%20Bank"].map(|issuer| {
            format!("otpauth://totp/{issuer}:mara?secret={SEED}{}&issuer={issuer}", &SEED[..issuer.len()])
        }),
    );
    let none = desk.run_plain(&["icons"], "");
    assert_eq!((none.code, none.stdout.trim(), none.stderr.trim()), (0, "", text("icons.none")));
    assert_eq!(desk.run(&["icons", "match", "--yes"], "").stderr.trim(), text("icons.none_match"));

    let added = desk.run_plain(&["icons", "add", pack().to_str().unwrap(), "--json"], "");
    assert_eq!(added.code, 0, "{}", added.stderr);
    assert_eq!((added.json()["icons"].as_u64(), added.json()["left_out"].as_u64()), (Some(3), Some(1)));
    let listed = desk.run_plain(&["icons"], "").stdout;
    assert_eq!(listed.trim(), "Small Pack, version 3: 3 icons; not PNG or JPEG, which alone are drawn here: 1");
    let found = desk.run_plain(&["icons", "find", "CODE", "git", "--json"], "").json();
    let names: Vec<&str> =
        found["icons"].as_array().unwrap().iter().map(|icon| icon["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["GitHub", "GitLab"]);
    assert_eq!(desk.run_plain(&["icons", "find", "drawn"], "").stderr.trim(), text("icons.none_found"));

    let no = desk.run(&["icons", "match"], "n\n");
    assert_eq!(no.code, 1, "{}", no.stdout);
    let said = |ended: &super::Ended| {
        let lines = ended.stderr.lines().filter(|line| line.contains("(mara): "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let want = ["GitHub (mara): GitHub", "My GitLab.com (mara): GitLab", "Example Bank (mara): Bank"];
    let yes = desk.run(&["icons", "match", "--yes", "--json"], "");
    assert_eq!((said(&yes), yes.json()["matched"].as_u64()), (want.map(str::to_owned).to_vec(), Some(3)));
    assert!(yes.stderr.contains(text("accounts.undo_how")), "{}", yes.stderr);
    let undone = desk.run(&["undo", "--yes", "--json"], "");
    let icons: Vec<_> = undone.json()["undone"].as_array().unwrap().iter().map(|one| one["icon"].is_null()).collect();
    assert_eq!(icons, [true; 3], "one step takes all of it back: {}", undone.stdout);
    assert_eq!(desk.run(&["icons", "match", "--yes", "--json"], "").json()["matched"].as_u64(), Some(3));
    let again = desk.run(&["icons", "match", "--yes"], "");
    assert_eq!(
        (again.code, again.stderr.trim()),
        (1, text("icons.none_match")),
        "what is merely like it is left to people"
    );

    let edit = |icon: &str| desk.run(&["edit", "Bank (mara)", "--icon", icon], "");
    assert!(edit("git").stderr.contains("2 icons of the packs may be meant. Say more of its name: GitHub, GitLab"));
    assert_eq!(edit("unicorn").code, 1);
    let chosen = edit("gitlab");
    assert_eq!(chosen.code, 0, "{}", chosen.stderr);

    assert_eq!(desk.run_plain(&["icons", "remove", "small pack"], "").code, 0);
    let gone = desk.run_plain(&["icons", "remove", "small pack"], "");
    assert_eq!((gone.code, gone.stderr.trim()), (1, text("icons.no_such_pack")));
}

#[test]
fn what_is_no_pack_is_refused_in_words() {
    let desk = Desk::new();
    let add = |file: &Path| desk.run_plain(&["icons", "add", file.to_str().unwrap()], "");
    let missing = add(&desk.path().join("none.zip"));
    assert!(missing.code == 1 && missing.stderr.contains("none.zip can't be read"), "{}", missing.stderr);
    let picture = add(&pack().parent().unwrap().join("../qr/page.png"));
    assert!(picture.code == 1 && picture.stderr.contains(text("error.rule_icon_pack")), "{}", picture.stderr);
    assert_eq!(desk.run_plain(&["icons"], "").stderr.trim(), text("icons.none"));
}
