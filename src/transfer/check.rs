//! Every check of what travels, by its stable ID.

use crate::record::check_table;

check_table! {
    /// A check of a signing request, a detached signature, an enrollment file or a register. Each refuses, and none can be waived.
    /// `docs/formats/` lists them.
    Check {
        RequestSize "request.size" "The file is larger than 16 MiB."
        RequestForm "request.form" "The file is not JSON, or lacks the form of a signing request: a member is missing, unknown or of another kind."
        RequestFormat "request.format" "The file says that it is something else than a signing request, or of a format that is not known here."
        RequestPayload "request.payload" "The payload is not the canonical form of a root that Conclave would read."
        RequestDigest "request.digest" "The digest is not that of the payload."
        RequestChain "request.chain" "The chain of root versions in the request does not verify."
        RequestVersion "request.version" "The payload is not the version after the last one of the chain."
        RequestAsked "request.asked" "A key that is asked to sign is a root key neither of the base root nor of the payload, or stands twice."
        RequestBase "request.base" "The root that the request builds upon is not the one that is trusted here."
        RequestGap "request.gap" "Between the root that is trusted here and the chain of the request, versions are missing."
        RequestReplayed "request.replayed" "An old request: the root that is trusted here is of the version asked for already, or later."
        RequestExpired "request.expired" "The payload has expired already."
        RequestNotAsked "request.not-asked" "The token holds no key that the request asks to sign."
        SignatureSize "signature.size" "The file is larger than 64 KiB."
        SignatureForm "signature.form" "The file is not JSON, or lacks the form of a detached signature; or the signature is empty or not lower-case hex."
        SignatureFormat "signature.format" "The file says that it is something else than a detached signature, or of a format that is not known here."
        SignatureRepository "signature.repository" "The signature belongs to another repository."
        SignatureVersion "signature.version" "The signature is for another version."
        SignaturePayload "signature.payload" "The signature is for another payload of this version."
        SignatureUnknownKey "signature.unknown-key" "The key is a root key neither of this version nor of the one before it."
        SignatureWrongId "signature.wrong-id" "The signature verifies, but with the key of another ID."
        SignatureTruncated "signature.truncated" "The signature is shorter than one of its key can be."
        SignatureInvalid "signature.invalid" "The signature does not verify with its key."
        SignatureTwice "signature.twice" "The key has signed this payload already."
        RegisterSize "register.size" "The file is larger than 16 MiB."
        RegisterForm "register.form" "The file is not JSON, or lacks the form of a register of payloads."
        RegisterFormat "register.format" "The file says that it is something else than a register of payloads, or of a format that is not known here."
        EnrollmentSize "enrollment.size" "The file is larger than 64 KiB."
        EnrollmentForm "enrollment.form" "The file is not JSON, or lacks the form of an enrollment file: a member is missing, unknown or of another kind."
        EnrollmentFormat "enrollment.format" "The file says that it is something else than an enrollment file, or of a format that is not known here."
        EnrollmentKey "enrollment.key" "The public key is none that a root may have, or type or fingerprint are not its own."
        EnrollmentProof "enrollment.proof" "Nothing shows who has the private key; or the answer to the challenge is not by this key, for this name, script, occasion and mode."
        EnrollmentAttestation "enrollment.attestation" "The attestation does not verify, or is about another key."
        EnrollmentProvenance "enrollment.provenance" "The key is called attested without an attestation, or has one and is called something else."
        Equivocation "payload.equivocation" "Another payload of this repository and version was signed before."
        AbandonReached "payload.reached" "The payload has, or with the signatures that are owed could have, the thresholds that clients ask for: it cannot be abandoned."
    }
}

/// Why something that traveled is not taken.
pub type Refusal = crate::record::Remark<Check>;
