//! What a step asks of a token, its profile must allow: an error before the day, not after the key exists.

use super::Draft;
use crate::metadata::KeyType;
use crate::profile::InitializedBy;
use crate::script::Act;
use crate::script::read::{KeyEntry, Log, TokenEntry};

const VENDOR: &str =
    "remove the step, and set up the token with the vendor's tool before the ceremony";
const TRIAL: &str = "use another make of token, or correct the profile with `conclave token trial`";

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    for key in draft.keys.iter().filter(|key| key.is_made()) {
        key_type(log, key);
    }
    let keys = draft.keys.iter().filter_map(|key| key.token.as_ref());
    let spares = draft.spares.iter().filter_map(|spare| spare.token.as_ref());
    for token in keys.chain(spares) {
        label(log, token);
    }
    for step in &draft.steps {
        let (Some(act), Some(make)) = (
            &step.act,
            step.key
                .as_ref()
                .and_then(|id| draft.key(&id.value)?.make()),
        ) else {
            continue;
        };
        let is_vendors = make.initialize.by == InitializedBy::Vendor;
        let destroys = matches!(
            act,
            Act::DestroyTokenKey { .. } | Act::DestroyRestoredKey { .. }
        );
        let (cannot, hint) = if is_vendors && matches!(act, Act::InitializeToken { .. }) {
            ("be initialized with PKCS#11", VENDOR)
        } else if is_vendors && matches!(act, Act::SetPin { .. }) {
            ("get a PIN with PKCS#11", VENDOR)
        } else if destroys && !make.keys.destroy {
            ("destroy a key", TRIAL)
        } else {
            continue;
        };
        let message = format!("a {make} token cannot {cannot}");
        log.error("script.profile", &step.span, message, hint);
    }
}

fn key_type(log: &Log<'_>, key: &KeyEntry) {
    let (Some(make), Some(kind)) = (key.make(), &key.key_type) else {
        return;
    };
    let types = &make.keys.types;
    // A key file makes no keys: `script.key-file` is about what it can be used for.
    if !types.is_empty() && !types.contains(&kind.value) {
        let types = types.iter().filter(|it| KeyType::MADE.contains(it));
        let types: Vec<&str> = types.map(|it| it.as_str()).collect();
        log.error(
            "script.key-type",
            &kind.span,
            format!(
                "a {make} token does not support keys of type {}",
                kind.value
            ),
            format!("types that its profile lists: {}", types.join(", ")),
        );
    }
}

fn label(log: &Log<'_>, token: &TokenEntry) {
    let (Some(make), Some(label)) = (&token.profile, &token.label) else {
        return;
    };
    let longest = make.value.initialize.label_length;
    if label.value.len() > longest {
        log.error(
            "script.label",
            &label.span,
            format!(
                "the label of a {} token has at most {longest} bytes",
                make.value
            ),
            "choose a shorter label",
        );
    }
}
