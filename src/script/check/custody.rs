//! Bags: what the script says of them, and what the custody list says that it carries.

use crate::script::read::{Draft, Log};

/// A token lies in the bag in which the ceremony before left it.
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
                format!(
                    "the script has the token {:?} in bag {:?}, and the custody list in bag {listed:?}",
                    serial.value, bag.value
                ),
                "find out which of the two is right; what is left out of the script comes from the list",
            );
        }
        let lying = list.value.closed().get(bag.value.as_str()).copied();
        let other = lying.and_then(|line| line.token.as_ref());
        if let Some(other) = other.filter(|other| other.serial != serial.value) {
            log.error(
                "script.custody",
                &bag.span,
                format!(
                    "by the custody list, bag {:?} holds the token {:?}",
                    bag.value, other.serial
                ),
                "find out which of the two is right before anybody comes with a bag",
            );
        }
    }
}
