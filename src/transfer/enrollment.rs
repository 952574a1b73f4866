//! Enrollment files: the public key of a key that was generated elsewhere, with evidence for its origin.

use serde::{Deserialize, Serialize};

use super::check::{Check, Refusal};
use super::form::{self, Kind};
use super::possession::{Occasion, Possession};
use crate::certificate::attestation::{self, TrustedRoots};
use crate::certificate::{Certificate, PublicKey};
use crate::metadata::{Key, KeyType};
use crate::record::{AttestationSummary, Provenance, TokenId, visible};
use crate::words::Digest;

/// Ten times the size of two certificates, a large key and its signature.
const LIMIT: usize = 64 << 10;

const KIND: Kind = Kind {
    name: "key-enrollment",
    limit: LIMIT,
    size: Check::EnrollmentSize,
    form: Check::EnrollmentForm,
    format: Check::EnrollmentFormat,
};

/// The claims about an enrolled key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrollmentClaims {
    pub repository: String,
    /// The name in the script of the ceremony that generated the key.
    pub name: String,
    pub holder: String,
    pub public_key: PublicKey,
    /// The token that generated the key.
    pub token: TokenId,
    pub provenance: Provenance,
    /// Whether the key was generated in a rehearsal. Production roots must not contain it.
    pub is_rehearsal: bool,
}

/// A signature over a challenge, as in the transcript of the ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PossessionProof {
    /// The script of the ceremony.
    pub script: Digest,
    pub occasion: Occasion,
    #[serde(with = "hex::serde")]
    pub challenge: [u8; 32],
    /// In the encoding of TUF metadata.
    #[serde(with = "hex::serde")]
    pub signature: Vec<u8>,
}

/// A device's attestation of a key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestationFiles {
    pub certificate: String,
    /// The certificate of the device.
    pub intermediate: String,
}

/// The holder of the key that a device attests, according to the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    pub repository: String,
    /// The name in the script.
    pub name: String,
    pub holder: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(deserialize_with = "form::line")]
    repository: String,
    #[serde(deserialize_with = "form::line")]
    name: String,
    #[serde(deserialize_with = "form::line")]
    holder: String,
    #[serde(rename = "type")]
    key_type: KeyType,
    public_key: PublicKey,
    fingerprint: Digest,
    token: TokenId,
    provenance: Provenance,
    rehearsal: bool,
    proof: Option<PossessionProof>,
    attestation: Option<AttestationFiles>,
}

/// A verified enrollment file. It shows that the holder of the private key or its device vouched for the key. It does
/// not show who the holder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrollment {
    claims: EnrollmentClaims,
    key: Key,
    key_type: KeyType,
    proof: Option<PossessionProof>,
    attestation: Option<(AttestationFiles, AttestationSummary)>,
}

impl Enrollment {
    /// # Errors
    /// The first check that would refuse the file.
    pub fn new(
        claims: EnrollmentClaims,
        proof: Option<PossessionProof>,
        attestation: Option<AttestationFiles>,
    ) -> Result<Self, Refusal> {
        let (key, key_type) = root_key(&claims.public_key)?;
        if proof.is_none() && attestation.is_none() {
            let text = "there is neither a proof of possession nor an attestation";
            return Err(Refusal::new(Check::EnrollmentProof, text));
        }
        if let Some(proof) = &proof {
            let possession = Possession {
                script: proof.script,
                key: &claims.name,
                occasion: proof.occasion,
                is_rehearsal: claims.is_rehearsal,
            };
            possession
                .verify(&claims.public_key, &proof.challenge, &proof.signature)
                .map_err(|error| Refusal::new(Check::EnrollmentProof, error.to_string()))?;
        }
        let attestation = attestation
            .map(|files| summary(&files, &claims).map(|summary| (files, summary)))
            .transpose()?;
        if (claims.provenance == Provenance::Attested) != attestation.is_some() {
            let with = if attestation.is_some() { "an" } else { "no" };
            let text = format!(
                "the provenance is {}, but there is {with} attestation",
                claims.provenance
            );
            return Err(Refusal::new(Check::EnrollmentProvenance, text));
        }
        Ok(Self {
            claims,
            key,
            key_type,
            proof,
            attestation,
        })
    }

    /// An enrollment by the attestation of a device only. `issuers` contains the certificate of the device and any
    /// intermediate certificates.
    ///
    /// # Errors
    /// If the attestation does not verify, or the key is not allowed in a root.
    pub fn by_device(
        attested: Attested,
        statement: &Certificate,
        issuers: &[Certificate],
        roots: &TrustedRoots,
    ) -> Result<Self, Refusal> {
        let verified =
            attestation::verify(statement, issuers, roots).map_err(|error| not_attested(&error))?;
        let device = issuers.iter().find(|one| statement.names_as_issuer(one));
        let device =
            device.ok_or_else(|| not_attested("the certificate of the device is missing"))?;
        let (key, key_type) = root_key(verified.key())?;
        let claims = EnrollmentClaims {
            repository: attested.repository,
            name: attested.name,
            holder: attested.holder,
            public_key: verified.key().clone(),
            token: TokenId {
                profile: "yubikey-piv".to_owned(),
                manufacturer: "Yubico".to_owned(),
                model: format!("YubiKey {}", verified.summary().firmware),
                serial: verified.summary().serial.clone(),
                label: String::new(),
            },
            provenance: Provenance::Attested,
            is_rehearsal: false,
        };
        let files = AttestationFiles {
            certificate: statement.to_pem(),
            intermediate: device.to_pem(),
        };
        Ok(Self {
            claims,
            key,
            key_type,
            proof: None,
            attestation: Some((files, verified.summary().clone())),
        })
    }

    /// Reads a file and verifies its evidence.
    ///
    /// # Errors
    /// The first check that refuses the file.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let file: File = KIND.read(bytes)?;
        let TokenId {
            profile,
            manufacturer,
            model,
            serial,
            label,
        } = &file.token;
        if [profile, manufacturer, model, serial, label]
            .iter()
            .any(|text| text.len() > 400)
        {
            return Err(KIND.refuse("\"token\" contains a text of more than 400 bytes"));
        }
        if file.public_key.fingerprint() != file.fingerprint {
            let text = "the fingerprint does not match the public key";
            return Err(Refusal::new(Check::EnrollmentKey, text));
        }
        let claims = EnrollmentClaims {
            repository: file.repository,
            name: file.name,
            holder: file.holder,
            public_key: file.public_key,
            token: file.token,
            provenance: file.provenance,
            is_rehearsal: file.rehearsal,
        };
        let enrollment = Self::new(claims, file.proof, file.attestation)?;
        if enrollment.key_type != file.key_type {
            let text = format!(
                "the type of the public key is {}, not {}",
                enrollment.key_type, file.key_type
            );
            return Err(Refusal::new(Check::EnrollmentKey, text));
        }
        Ok(enrollment)
    }

    pub fn to_file_bytes(&self) -> Vec<u8> {
        let claims = self.claims.clone();
        KIND.write(&File {
            repository: claims.repository,
            name: claims.name,
            holder: claims.holder,
            key_type: self.key_type,
            fingerprint: claims.public_key.fingerprint(),
            public_key: claims.public_key,
            token: claims.token,
            provenance: claims.provenance,
            rehearsal: claims.is_rehearsal,
            proof: self.proof.clone(),
            attestation: self.attestation_files().cloned(),
        })
    }

    /// The file name: `key-3.enrollment.json`.
    pub fn file_name(key: &str) -> String {
        format!("{key}.enrollment.json")
    }

    pub const fn claims(&self) -> &EnrollmentClaims {
        &self.claims
    }

    pub const fn key(&self) -> &Key {
        &self.key
    }

    pub const fn key_type(&self) -> KeyType {
        self.key_type
    }

    pub const fn proof(&self) -> Option<&PossessionProof> {
        self.proof.as_ref()
    }

    pub fn attestation(&self) -> Option<&AttestationSummary> {
        self.attestation.as_ref().map(|(_, summary)| summary)
    }

    pub fn attestation_files(&self) -> Option<&AttestationFiles> {
        self.attestation.as_ref().map(|(files, _)| files)
    }

    /// A short description of the evidence.
    pub const fn evidence(&self) -> &'static str {
        match (&self.proof, &self.attestation) {
            (Some(_), Some(_)) => "a proof of possession and a device attestation",
            (None, _) => "a device attestation",
            (Some(_), None) => "a proof of possession",
        }
    }
}

fn root_key(public: &PublicKey) -> Result<(Key, KeyType), Refusal> {
    let algorithm = public.algorithm();
    let mut types = KeyType::MADE.into_iter();
    let key_type = types.find(|kind| kind.algorithm() == algorithm);
    if let (Some(key_type), Ok(key)) = (key_type, Key::from_public(public)) {
        return Ok((key, key_type));
    }
    let text = format!("{algorithm} keys are not supported in a root");
    Err(Refusal::new(Check::EnrollmentKey, text))
}

fn not_attested(error: &(impl ToString + ?Sized)) -> Refusal {
    Refusal::new(Check::EnrollmentAttestation, visible(&error.to_string()))
}

/// Verifies that the attestation is for the claimed key.
fn summary(
    files: &AttestationFiles,
    claims: &EnrollmentClaims,
) -> Result<AttestationSummary, Refusal> {
    let read = |pem: &str| -> Result<Certificate, Refusal> {
        let found = Certificate::read_all(pem.as_bytes()).map_err(|error| not_attested(&error))?;
        let [only] = <[Certificate; 1]>::try_from(found).map_err(|found| {
            not_attested(&format!("expected one certificate, found {}", found.len()))
        })?;
        Ok(only)
    };
    let (leaf, device) = (read(&files.certificate)?, read(&files.intermediate)?);
    let attested = attestation::verify(&leaf, &[device], &TrustedRoots::yubico())
        .map_err(|error| not_attested(&error))?;
    attested
        .require_key(&claims.public_key)
        .map_err(|error| not_attested(&error))?;
    Ok(attested.summary().clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::testing::{REPOSITORY, Signer};
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::sync::LazyLock;

    type Edit = fn(&mut Value);

    static SIGNER: LazyLock<Signer> = LazyLock::new(Signer::ed25519);

    fn claims(signer: &Signer) -> EnrollmentClaims {
        EnrollmentClaims {
            repository: REPOSITORY.to_owned(),
            name: "key-3".to_owned(),
            holder: "Ada Lindgren".to_owned(),
            public_key: signer.public().clone(),
            token: TokenId {
                profile: "softhsm2".to_owned(),
                manufacturer: "SoftHSM project".to_owned(),
                model: "SoftHSM v2".to_owned(),
                serial: "4f1d".to_owned(),
                label: "conclave-key-3".to_owned(),
            },
            provenance: Provenance::Claimed,
            is_rehearsal: false,
        }
    }

    fn proof_of(signer: &Signer, claims: &EnrollmentClaims) -> PossessionProof {
        let (script, challenge) = (Digest::of(b"script"), [7; 32]);
        let possession = Possession {
            script,
            key: &claims.name,
            occasion: Occasion::Generation,
            is_rehearsal: claims.is_rehearsal,
        };
        PossessionProof {
            script,
            occasion: Occasion::Generation,
            challenge,
            signature: signer.sign(&possession.message(&challenge)),
        }
    }

    fn example() -> Enrollment {
        let claims = claims(&SIGNER);
        let proof = proof_of(&SIGNER, &claims);
        Enrollment::new(claims, Some(proof), None).unwrap()
    }

    fn refused(edit: impl FnOnce(&mut Value)) -> Refusal {
        let mut value: Value = serde_json::from_slice(&example().to_file_bytes()).unwrap();
        edit(&mut value);
        Enrollment::read(value.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn it_reads_what_it_writes() {
        for signer in [Signer::p256(), Signer::p384(), Signer::ed25519()] {
            let claims = claims(&signer);
            let proof = proof_of(&signer, &claims);
            let enrollment = Enrollment::new(claims, Some(proof), None).unwrap();
            let bytes = enrollment.to_file_bytes();
            let read = Enrollment::read(&bytes).unwrap();
            assert_eq!(read, enrollment);
            assert_eq!(read.to_file_bytes(), bytes);
            assert_eq!(read.key().public(), Some(signer.public()));
            assert_eq!(read.evidence(), "a proof of possession");
        }
    }

    #[test]
    fn the_context_of_the_proof_cannot_be_changed() {
        let edits: [Edit; 6] = [
            |value| value["name"] = json!("key-4"),
            |value| value["rehearsal"] = json!(true),
            |value| value["proof"]["script"] = json!(Digest::of(b"another")),
            |value| value["proof"]["occasion"] = json!("reinsertion"),
            |value| value["proof"]["challenge"] = json!(hex::encode([8; 32])),
            |value| value["proof"] = Value::Null,
        ];
        for edit in edits {
            assert_eq!(refused(edit).check, Check::EnrollmentProof);
        }
        let other = Signer::ed25519();
        let refusal = refused(|value| {
            value["public_key"] = json!(other.public().to_pem());
            value["fingerprint"] = json!(other.public().fingerprint());
        });
        assert_eq!(refusal.check, Check::EnrollmentProof);
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a row for each malformed file")]
    fn malformed_files_are_refused() {
        let attestation = json!({"certificate": "x", "intermediate": "y"});
        for (pointer, value, check, text) in [
            (
                "/more",
                json!(1),
                Check::EnrollmentForm,
                "unknown field `more`",
            ),
            (
                "/token/more",
                json!(1),
                Check::EnrollmentForm,
                "unknown field `more`",
            ),
            (
                "/token/model",
                json!("x".repeat(401)),
                Check::EnrollmentForm,
                "400 bytes",
            ),
            (
                "/holder",
                json!("Ada\nLindgren"),
                Check::EnrollmentForm,
                "one line",
            ),
            (
                "/rehearsal",
                json!("no"),
                Check::EnrollmentForm,
                "expected a boolean",
            ),
            (
                "/provenance",
                json!("hearsay"),
                Check::EnrollmentForm,
                "hearsay",
            ),
            (
                "/proof/occasion",
                json!("birthday"),
                Check::EnrollmentForm,
                "birthday",
            ),
            (
                "/proof/signature",
                json!("AB"),
                Check::EnrollmentForm,
                "\"proof\" differs",
            ),
            (
                "/public_key",
                json!("-----BEGIN"),
                Check::EnrollmentForm,
                "public key",
            ),
            ("/format", json!(2), Check::EnrollmentFormat, "format 2"),
            (
                "/conclave",
                json!("other"),
                Check::EnrollmentFormat,
                "other",
            ),
            (
                "/type",
                json!("ecdsa-sha2-nistp256"),
                Check::EnrollmentKey,
                "is ed25519",
            ),
            (
                "/fingerprint",
                json!(Digest::of(b"")),
                Check::EnrollmentKey,
                "fingerprint",
            ),
            (
                "/provenance",
                json!("attested"),
                Check::EnrollmentProvenance,
                "no attestation",
            ),
            (
                "/attestation",
                attestation,
                Check::EnrollmentAttestation,
                "",
            ),
        ] {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let refusal = refused(|file| file.pointer_mut(parent).unwrap()[name] = value);
            assert_eq!(refusal.check, check, "{refusal}");
            assert!(refusal.detail.contains(text), "{refusal} lacks {text:?}");
        }
        let missing = refused(|file| drop(file.as_object_mut().unwrap().remove("attestation")));
        assert!(missing.detail.contains("\"attestation\""), "{missing}");
        let check = |bytes: &[u8]| Enrollment::read(bytes).unwrap_err().check;
        assert_eq!(check(&vec![b' '; LIMIT + 1]), Check::EnrollmentSize);
        let bytes = example().to_file_bytes();
        for end in 0..bytes.len() - 1 {
            assert_eq!(check(&bytes[..end]), Check::EnrollmentForm, "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Enrollment::read(&bytes);
        }
    }
}
