//! Every declared field is read somewhere, and the reader knows every declared word.

use std::collections::BTreeSet;

use super::*;
use crate::script::embedded;
use crate::script::schema::tables;

/// Tables that no ready script has: the ready script, the text that is replaced, and its replacement.
const FURTHER: &[(&str, &str, &str)] = &[
    (
        "genesis",
        "[root.roles.timestamp]",
        "[root.tuf-on-ci]\nroot = { expiry_days = 1 }\n[root.notary-v1]\n[attestation]\n[root.roles.timestamp]",
    ),
    (
        "genesis",
        "roles = [\"witness\"]",
        "roles = [\"witness\"]\napproval = { }",
    ),
    ("backup", "[[medium]]", "[[key]]\n[[medium]]"),
    (
        "genesis",
        "[[spare]]",
        "[[medium]]\n[backup]\ngroups = [{ }]\n[[spare]]",
    ),
];

fn asked(name: &str, text: &str) -> BTreeSet<(&'static str, &'static str)> {
    let log = Log::new(name, text);
    let files = embedded().iter().find(|ready| ready.name == name);
    let none = BTreeMap::new();
    let source: &dyn PinnedFileSource = files.map_or(&none, |ready| ready);
    let _ = read(&log, source, &|_| None);
    log.asked.take()
}

#[test]
fn every_declared_field_is_read() {
    let mut read = asked(
        "signing",
        include_str!("../../../ceremony-scripts/signing.toml"),
    );
    for ready in embedded() {
        read.extend(asked(ready.name, ready.text));
    }
    for (name, place, put) in FURTHER {
        let ready = embedded().iter().find(|ready| ready.name == *name).unwrap();
        assert!(ready.text.contains(place), "{name}: {place}");
        read.extend(asked(name, &ready.text.replacen(place, put, 1)));
    }
    let declared = tables().into_iter().flat_map(|(_, table)| {
        let fields = table.fields.iter();
        fields.map(|field| (table.name, field.name))
    });
    let unread: Vec<_> = declared.filter(|field| !read.contains(field)).collect();
    assert!(unread.is_empty(), "declared and never read: {unread:?}");
}
