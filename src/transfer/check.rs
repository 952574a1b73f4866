//! The checks of exchanged files.

use crate::record::check_table;

check_table! {
    /// A check of a signing request, a detached signature, an enrollment file or a payload register. IDs are stable. Checks
    /// cannot be waived. `docs/formats/` lists them.
    Check {
        RequestSize "request.size" "The file is larger than 16 MiB."
        RequestForm "request.form" "The file is not JSON or not a well-formed signing request: a member is missing, unknown or not valid."
        RequestFormat "request.format" "The file is not a signing request, or its format is not supported."
        RequestPayload "request.payload" "The payload is not the canonical form of a valid root."
        RequestDigest "request.digest" "The digest does not match the payload."
        RequestChain "request.chain" "The chain of root versions in the request does not verify."
        RequestVersion "request.version" "The payload is not the version after the last version of the chain."
        RequestKeys "request.keys" "No key is requested, a key is listed twice, or a key is not a root key of the base root or of the payload."
        RequestBase "request.base" "The base root of the request does not match the root that is trusted here."
        RequestGap "request.gap" "Versions are missing between the root that is trusted here and the chain of the request."
        RequestReplayed "request.replayed" "The request is outdated: the requested version or a later version is already trusted here."
        RequestExpired "request.expired" "The payload has expired."
        RequestNoKey "request.no-key" "The token does not hold any of the requested keys."
        SignatureSize "signature.size" "The file is larger than 64 KiB."
        SignatureForm "signature.form" "The file is not JSON or not a well-formed detached signature, or the signature is empty or not lower-case hex."
        SignatureFormat "signature.format" "The file is not a detached signature, or its format is not supported."
        SignatureRepository "signature.repository" "The signature is for a different repository."
        SignatureVersion "signature.version" "The signature is for a different version."
        SignaturePayload "signature.payload" "The signature is for a different payload of this version."
        SignatureUnknownKey "signature.unknown-key" "The key is not a root key of this version or of the previous version."
        SignatureWrongId "signature.wrong-id" "The signature is valid, but by the key with a different ID."
        SignatureTruncated "signature.truncated" "The signature is shorter than any signature by its key."
        SignatureInvalid "signature.invalid" "The signature does not verify with its key."
        SignatureDuplicate "signature.duplicate" "The key has already signed this payload."
        RegisterSize "register.size" "The file is larger than 16 MiB."
        RegisterForm "register.form" "The file is not JSON or not a well-formed payload register."
        RegisterFormat "register.format" "The file is not a payload register, or its format is not supported."
        EnrollmentSize "enrollment.size" "The file is larger than 64 KiB."
        EnrollmentForm "enrollment.form" "The file is not JSON or not a well-formed enrollment file: a member is missing, unknown or not valid."
        EnrollmentFormat "enrollment.format" "The file is not an enrollment file, or its format is not supported."
        EnrollmentKey "enrollment.key" "The public key is not supported in a root, or does not match its type or fingerprint."
        EnrollmentProof "enrollment.proof" "There is no evidence of who has the private key, or the proof of possession is not for this key, name, script, occasion and mode."
        EnrollmentAttestation "enrollment.attestation" "The attestation does not verify, or is for a different key."
        EnrollmentProvenance "enrollment.provenance" "The provenance is `attested` without an attestation, or there is an attestation but a different provenance."
        Equivocation "payload.equivocation" "A different payload for this repository and version was signed before."
        ThresholdReached "payload.threshold-reached" "The payload has enough signatures, or can get enough with the outstanding ones. It cannot be abandoned."
    }
}

pub type Refusal = crate::record::Remark<Check>;
