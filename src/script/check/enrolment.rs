//! Keys that are enrolled: of this line of roots, each once, and none that the root before has.

use crate::metadata::RoleKind;
use crate::script::Enrolled;
use crate::script::read::{At, Draft, Log};

pub(super) fn check(log: &Log<'_>, draft: &Draft) {
    let here = draft.keys.iter().filter_map(|key| key.enrolled.as_ref());
    let distant = draft.distant.iter().filter_map(|key| key.enrolled.as_ref());
    let mut seen: Vec<&At<Enrolled>> = Vec::new();
    for enrolled in here.chain(distant) {
        let claims = enrolled.value.enrolment.claims();
        if let Some(repository) = &draft.repository
            && claims.repository != *repository
        {
            log.fault(
                "script.enrolment",
                &enrolled.span,
                format!(
                    "{:?} is of a key for {:?}, not for {repository:?}",
                    enrolled.value.file, claims.repository
                ),
                "a key stands in the roots of one repository: have another one made",
            );
        }
        let is_same =
            |other: &&&At<Enrolled>| other.value.enrolment.claims().public_key == claims.public_key;
        match seen.iter().find(is_same) {
            Some(first) => log.fault(
                "script.twice",
                &enrolled.span,
                format!(
                    "{:?} is of the key that is enrolled in line {} already",
                    enrolled.value.file,
                    log.line(&first.span)
                ),
                "one key counts once: enrol it once",
            ),
            None => seen.push(enrolled),
        }
        let listed = draft.before().and_then(|root| {
            let mut keys = root.document().role_keys(RoleKind::Root);
            keys.find(|(_, listed)| listed.key().public() == Some(&claims.public_key))
        });
        if let Some((id, _)) = listed {
            log.fault(
                "script.twice",
                &enrolled.span,
                format!("the root has that key already, as {id}"),
                format!("keep it: key_id = \"{id}\" and change = \"keep\""),
            );
        }
    }
}
