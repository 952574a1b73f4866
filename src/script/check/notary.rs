//! What Notary requires, checked before the root is signed.

use jiff::Timestamp;

use crate::certificate::Certificate;
use crate::metadata::KeyType;
use crate::metadata::notary::{CertificateProblem, certificate_problems};
use crate::script::Kind;
use crate::script::NotaryPolicy;
use crate::script::read::{At, ChangeEntry, Draft, Log, Span};
use crate::transfer::Destination;

/// Reports what Notary would refuse.
pub(super) fn check(log: &Log<'_>, draft: &Draft, destination: &At<Destination>) {
    if destination.value != Destination::NotaryV1 {
        if let Some(table) = &draft.root.notary {
            log.error(
                "script.destination",
                &table.span,
                format!(
                    "this is not used with destination = {:?}",
                    destination.value.as_str()
                ),
                "remove it, or write destination = \"notary-v1\"",
            );
        }
        return;
    }
    keys(log, draft);
    certificates(log, draft);
}

/// The trusted root has the format of the destination.
pub(super) fn format(log: &Log<'_>, draft: &Draft, destination: &At<Destination>) {
    let (wanted, before) = (destination.value.format(), draft.before());
    if let Some(found) = before.map(|before| before.document().format())
        && found != wanted
    {
        log.error(
            "script.destination",
            &destination.span,
            format!("the trusted root has the format {found}, but this destination requires {wanted}"),
            "keep the format of the repository: use destination = \"notary-v1\" for Notary, and another one for TUF 1.0",
        );
    }
}

fn keys(log: &Log<'_>, draft: &Draft) {
    for key in draft.keys.iter().filter(|key| draft.certifies(key)) {
        let Some(kind) = &key.key_type else { continue };
        if !matches!(kind.value, KeyType::EcdsaP256 | KeyType::EcdsaP384) {
            log.error(
                "script.destination",
                &kind.span,
                format!("Conclave cannot make Notary certificates for keys of type {kind}"),
                "use ecdsa-sha2-nistp256 or ecdsa-sha2-nistp384",
            );
        }
    }
    for key in &draft.distant {
        let comes = |change: &ChangeEntry| !change.exists() || change.is_moved();
        if key.change.as_ref().is_some_and(comes) {
            log.error(
                "script.destination",
                &key.span,
                "a key is added to a Notary root with a certificate that its token signs in the ceremony",
                "bring its token, or add the key in a ceremony where its token is present",
            );
        }
    }
}

fn certificates(log: &Log<'_>, draft: &Draft) {
    let (Some(not_before), Some(expires)) = (draft.not_before, &draft.root.expires) else {
        return;
    };
    let policy = draft.root.notary.as_ref();
    if let (Some(name), Some(repository)) = (
        policy.and_then(|policy| policy.certificate_name.as_ref()),
        &draft.repository,
    ) {
        let beginning = name.value.strip_suffix('*');
        if name.value != *repository && !beginning.is_some_and(|text| repository.starts_with(text))
        {
            log.error(
                "script.certificate",
                &name.span,
                format!("a certificate for {name:?} is not valid for {repository:?}"),
                "leave it out, or write a prefix of the repository name and an asterisk: \"docker.io/example/*\"",
            );
        }
    }
    let ended = |span: &Span, whose: &str, until: Timestamp| {
        log.error(
            "script.certificate",
            span,
            format!("{whose} expires at {until}, before the root, which expires at {expires}"),
            "use a later date: once a certificate has expired, clients accept no further root. A key that stays gets a new certificate with change = \"move-id\" and a step certify-key",
        );
    };
    if let Some(at) = policy.and_then(|policy| policy.certificate_expires.as_ref()) {
        let given = NotaryPolicy {
            certificate_name: None,
            certificate_expires: Some(at.value),
        };
        let until = given.ends(not_before, expires.value);
        if until < expires.value {
            ended(&at.span, "the certificate", until);
        }
    }
    if draft.kind == Kind::Genesis {
        return;
    }
    let here = draft.keys.iter().filter_map(|key| key.change.as_ref());
    let distant = draft.distant.iter().filter_map(|key| key.change.as_ref());
    for change in here
        .chain(distant)
        .filter(|change| change.stays() && !change.is_moved())
    {
        let Some(before) = change.before() else {
            continue;
        };
        let gun = draft.repository.as_deref();
        let certificates = before.value.key.certificates();
        kept(
            log,
            &before.span,
            certificates,
            gun,
            (not_before, expires.value),
        );
    }
}

/// Why clients would refuse the certificate of a key that stays, until the root expires.
pub(super) fn kept(
    log: &Log<'_>,
    span: &Span,
    certificates: &[Certificate],
    gun: Option<&str>,
    (at, expires): (Timestamp, Timestamp),
) {
    for problem in certificate_problems(certificates, gun, at, expires) {
        // Clients that pin the certificate itself never check that; stock tools write it.
        if problem == CertificateProblem::Usage {
            continue;
        }
        log.error(
            "script.certificate",
            span,
            format!("clients would refuse a key that stays: {problem}"),
            "give the key a new certificate, with change = \"move-id\" and a step certify-key: once its certificate has expired, clients accept no further root",
        );
    }
}
