//! Bags: whether the script agrees with its custody log.

use crate::script::read::{Draft, Log};

/// A token is in the bag in which the previous ceremony left it.
pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    let Some(list) = &draft.custody else {
        return;
    };
    for token in draft.keys.iter().filter_map(|key| key.token.as_ref()) {
        let (Some(serial), Some(bag)) = (&token.serial, &token.bag) else {
            continue;
        };
        let listed = list.value.bag_of(&serial.value);
        if let Some(listed) = listed.filter(|listed| *listed != bag.value) {
            log.error(
                "script.custody",
                &bag.span,
                format!("token {serial:?} is in bag {bag:?} by the script, and in bag {listed:?} by the custody log"),
                "find out which of the two is right; if the script leaves \"bag\" out, the custody log is used",
            );
        }
        let lying = list.value.closed().get(bag.value.as_str()).copied();
        let other = lying.and_then(|line| line.token.as_ref());
        if let Some(other) = other.filter(|other| other.serial != serial.value) {
            log.error(
                "script.custody",
                &bag.span,
                format!(
                    "by the custody log, bag {:?} contains token {:?}",
                    bag.value, other.serial
                ),
                "find out which of the two is right before the ceremony",
            );
        }
    }
}
