//! Keys that are backed up, from the split to shares that open: with SoftHSM and stock age.

mod production;
mod reissue;

use std::path::Path;
use std::process::Command;

use crate::support::backup_rehearsal::{
    NOBODY, age, assert_restores, media, played, script, set_on, verified, walk,
};
use crate::support::rehearse::files_below;

#[test]
fn a_rehearsal_leaves_shares_and_wrapped_key_apart_and_they_restore_the_key() {
    let rehearsal = played(&script(&NOBODY));
    let [shares, keys] = media(&rehearsal);
    let names = |medium: &Path| set_on(medium).into_keys().collect::<Vec<_>>();
    let (shares, keys) = (names(&shares), names(&keys));
    let of = |names: &[String], end: &str| names.iter().filter(|name| name.ends_with(end)).count();
    assert_eq!((of(&shares, ".share.age"), of(&shares, ".wrapped")), (3, 0));
    assert_eq!((of(&keys, ".share.age"), of(&keys, ".wrapped")), (0, 1));
    assert_eq!(
        (of(&shares, ".manifest.json"), of(&keys, ".manifest.json")),
        (1, 1)
    );
    assert_restores(&rehearsal);
    verified(&rehearsal);
    // The manifest stands in the directory; no share and no wrapped key does.
    let inside = files_below(&rehearsal.genesis());
    let inside: Vec<String> = inside
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(of(&inside, ".manifest.json"), 1);
    assert_eq!(of(&inside, ".share.age") + of(&inside, ".wrapped"), 0);
}

#[test]
fn stock_age_opens_every_share_of_a_recipient() {
    let rehearsal = played(&script(&NOBODY));
    let [shares, _] = media(&rehearsal);
    for entry in walk(&shares) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        let Some(custodian) = ["custodian-1", "custodian-2"]
            .into_iter()
            .find(|custodian| name.ends_with(&format!(".{custodian}.share.age")))
        else {
            continue;
        };
        let identity = rehearsal
            .tokens()
            .join(format!("custodians/{custodian}.identity"));
        let text = age(&[
            "-d",
            "-i",
            identity.to_str().unwrap(),
            entry.to_str().unwrap(),
        ]);
        assert!(
            text.starts_with("conclave backup share, format 1\n"),
            "{text}"
        );
        assert!(text.contains("Check words:"), "{text}");
        let other = rehearsal.tokens().join(format!(
            "custodians/{}.identity",
            if custodian == "custodian-1" {
                "custodian-2"
            } else {
                "custodian-1"
            }
        ));
        let refused = Command::new("age")
            .args(["-d", "-i", other.to_str().unwrap(), entry.to_str().unwrap()])
            .output()
            .unwrap();
        assert!(!refused.status.success());
    }
}
