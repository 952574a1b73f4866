//! The profile that a trial begins with, and the one that it leaves.

use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, Value};

use super::checks::Findings;
use super::name_of;
use crate::cli::Failure;
use crate::metadata::KeyType;
use crate::profile::{Profile, Tried};

/// A profile with the default of every field, for a module of an unknown make.
pub(super) fn new_profile(module: Option<&Path>, out: Option<&Path>) -> Result<Profile, Failure> {
    let name = out.map_or(Some("new".to_owned()), name_of).ok_or_else(|| {
        Failure::usage("the file name is not a valid profile name")
            .hint("use lower-case letters, digits and hyphens, for example --out my-hsm.toml")
    })?;
    let module = module.and_then(|path| std::path::absolute(path).ok());
    let module = module.unwrap_or_default();
    let path = Value::from(module.display().to_string());
    let text = format!(
        "name = \"{name}\"\ntitle = \"{name}\"\nkind = \"pkcs11\"\ntried = false\n\
         # Set this to true if private keys are generated in hardware that keeps them.\nhardware = false\n\
         \n[module]\npaths = [{path}]\n"
    );
    Ok(Profile::parse(&text, "the new profile")?)
}

/// The text of a profile with what a trial found.
pub(super) fn complete(profile: &Profile, found: &Findings) -> Result<String, Failure> {
    let mut document: DocumentMut =
        (profile.text.parse()).map_err(|error: toml_edit::TomlError| Failure::usage(error))?;
    let mut set = |table: &str, field: &str, value: Value| {
        let table = document
            .entry(table)
            .or_insert_with(toml_edit::table)
            .as_table_mut();
        if let Some(table) = table {
            let same = table.get(field).and_then(Item::as_value);
            if same.is_none_or(|old| old.to_string().trim() != value.to_string().trim()) {
                table.insert(field, Item::Value(value));
            }
        }
    };
    if found.cannot_initialize {
        set("initialize", "by", "vendor".into());
    }
    if let Some(label) = found.label.filter(|it| *it != profile.initialize.label) {
        set("initialize", "label", label.as_str().into());
    }
    if !found.types.is_empty() {
        let types = list(&found.types, &profile.keys.types);
        set("keys", "types", types);
        set("backup", "wraps", list(&found.wraps, &profile.backup.wraps));
        set(
            "backup",
            "unwraps",
            list(&found.unwraps, &profile.backup.unwraps),
        );
    }
    let flags = [
        (
            "login",
            "public_objects",
            found.public_objects,
            profile.login.public_objects,
        ),
        ("keys", "destroy", found.destroy, profile.keys.destroy),
        (
            "keys",
            "reports_local",
            found.reports_local,
            profile.keys.reports_local,
        ),
        ("backup", "confine", found.confine, profile.backup.confine),
    ];
    for (table, field, now, before) in flags {
        if let Some(now) = now.filter(|now| *now != before) {
            set(table, field, now.into());
        }
    }
    if let Some(length) = found.id_length.filter(|it| *it != profile.keys.id_length) {
        set(
            "keys",
            "id_length",
            i64::try_from(length).unwrap_or(8).into(),
        );
    }
    if found.is_fit_for_genesis() {
        let mut tried = match &profile.tried {
            Tried::With(versions) => versions.clone(),
            Tried::Never => Vec::new(),
        };
        if !tried.contains(&found.versions) {
            tried.push(found.versions.clone());
        }
        document.insert(
            "tried",
            Item::Value(tried.into_iter().collect::<Array>().into()),
        );
    }
    let text = document.to_string();
    Profile::parse(&text, "the completed profile")?;
    Ok(text)
}

/// The types that were seen to work. RSA of 2048 bits is never generated, and stays as the profile has it.
fn list(found: &[KeyType], before: &[KeyType]) -> Value {
    let old = before.iter().filter(|it| !KeyType::MADE.contains(it));
    let types: Array = found.iter().chain(old).map(|it| it.as_str()).collect();
    types.into()
}
