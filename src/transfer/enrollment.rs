//! An enrollment file: the public half of a key that was made elsewhere, with what shows that it is what it is said
//! to be.

use serde_json::json;

use super::check::{Check, Refusal};
use super::form::{FORMAT, Kind, Members, write};
use super::possession::{Occasion, Possession};
use crate::certificate::attestation::{self, TrustedRoots};
use crate::certificate::{Certificate, PublicKey};
use crate::metadata::{Key, KeyType};
use crate::record::{AttestationSummary, Provenance, TokenId, visible};
use crate::words::Digest;

/// The longest file that is read: two certificates, a large key and its signature take a tenth of it.
const LIMIT: usize = 64 << 10;

const KIND: Kind = Kind {
    name: "key-enrollment",
    limit: LIMIT,
    size: Check::EnrollmentSize,
    form: Check::EnrollmentForm,
    format: Check::EnrollmentFormat,
};

/// What is said of a key that was made elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrollmentClaims {
    /// The line of roots for which it was made.
    pub repository: String,
    /// How the script of the ceremony that made it calls it.
    pub name: String,
    /// Who holds it, by name.
    pub holder: String,
    /// The key.
    pub public_key: PublicKey,
    /// The token in which it was made, as that names itself.
    pub token: TokenId,
    /// How far it can be believed that nobody else has it.
    pub provenance: Provenance,
    /// Whether it was made in a rehearsal, and so may stand in no root that counts.
    pub is_rehearsal: bool,
}

/// An answer to a challenge, as the record of a ceremony has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PossessionProof {
    /// The script of that ceremony.
    pub script: Digest,
    /// Why the key answered.
    pub occasion: Occasion,
    /// The random part of the message.
    pub challenge: [u8; 32],
    /// The answer, as TUF metadata carries signatures.
    pub signature: Vec<u8>,
}

/// A device's statement about a key, and the certificate of the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestationFiles {
    /// The statement, PEM.
    pub certificate: String,
    /// The certificate of the device, PEM.
    pub intermediate: String,
}

/// Whose key it is that a device attests, as those who take it in say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    /// The line of roots that is to have it.
    pub repository: String,
    /// How the script calls it.
    pub name: String,
    /// Who holds it.
    pub holder: String,
}

/// An enrollment file in which everything was verified that can be: whoever has one knows that the holder of the
/// private key, or its device, spoke for it. Whose key it is, only people can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrollment {
    claims: EnrollmentClaims,
    key: Key,
    key_type: KeyType,
    proof: Option<PossessionProof>,
    attestation: Option<(AttestationFiles, AttestationSummary)>,
}

impl Enrollment {
    /// An enrollment that says no more than its proofs show.
    ///
    /// # Errors
    /// With the first check that would refuse its file.
    pub fn new(
        claims: EnrollmentClaims,
        proof: Option<PossessionProof>,
        attestation: Option<AttestationFiles>,
    ) -> Result<Self, Refusal> {
        let (key, key_type) = root_key(&claims.public_key)?;
        if proof.is_none() && attestation.is_none() {
            let text = "neither did the key answer a challenge, nor does its device speak for it";
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
        let attestation = match attestation {
            None => None,
            Some(files) => {
                let summary = summary(&files, &claims)?;
                Some((files, summary))
            }
        };
        if (claims.provenance == Provenance::Attested) != attestation.is_some() {
            let text = match attestation {
                None => "it calls the key attested, and has no attestation".to_owned(),
                Some(_) => format!(
                    "it has an attestation, and calls the key {}",
                    claims.provenance
                ),
            };
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

    /// An enrollment of a key for which its device alone speaks, by certificates that any tool took out of it: its
    /// statement, its own certificate, and what may stand between that and a root.
    ///
    /// # Errors
    /// When the statement does not verify, or is about a key that no root may have.
    pub fn by_device(
        attested: Attested,
        statement: &Certificate,
        issuers: &[Certificate],
        roots: &TrustedRoots,
    ) -> Result<Self, Refusal> {
        let refuse = |what: String| Refusal::new(Check::EnrollmentAttestation, visible(&what));
        let said = attestation::verify(statement, issuers, roots)
            .map_err(|refusal| refuse(refusal.to_string()))?;
        let device = issuers.iter().find(|one| statement.names_as_issuer(one));
        let device = device.ok_or_else(|| refuse("the device's certificate is missing".into()))?;
        let (key, key_type) = root_key(said.key())?;
        let claims = EnrollmentClaims {
            repository: attested.repository,
            name: attested.name,
            holder: attested.holder,
            public_key: said.key().clone(),
            token: TokenId {
                profile: "yubikey-piv".to_owned(),
                manufacturer: "Yubico".to_owned(),
                model: format!("YubiKey {}", said.summary().firmware),
                serial: said.summary().serial.clone(),
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
            attestation: Some((files, said.summary().clone())),
        })
    }

    /// Reads a file, and verifies the proofs in it.
    ///
    /// # Errors
    /// With the first check that refuses it.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut members = KIND.open(bytes)?;
        let repository = members.line("repository")?;
        let name = members.line("name")?;
        let holder = members.line("holder")?;
        let key_type = members.text("type")?;
        let pem = members.text("public_key")?;
        let fingerprint = members.digest("fingerprint")?;
        let token = members.object("token", token)?;
        let provenance = members.text("provenance")?;
        let provenance = Provenance::from_word(&provenance)
            .ok_or_else(|| members.refuse(format!("has an unknown provenance {provenance:?}")))?;
        let is_rehearsal = members.boolean("rehearsal")?;
        let proof = members.optional("proof", proof)?;
        let attestation = members.optional("attestation", |members| {
            Ok(AttestationFiles {
                certificate: members.text("certificate")?,
                intermediate: members.text("intermediate")?,
            })
        })?;
        members.end()?;
        let public_key = PublicKey::from_pem(&pem)
            .map_err(|error| Refusal::new(Check::EnrollmentKey, visible(&error.to_string())))?;
        if public_key.to_pem() != pem || public_key.fingerprint() != fingerprint {
            let text = "the fingerprint is not that of the public key, or that has another form";
            return Err(Refusal::new(Check::EnrollmentKey, text));
        }
        let claims = EnrollmentClaims {
            repository,
            name,
            holder,
            public_key,
            token,
            provenance,
            is_rehearsal,
        };
        let enrollment = Self::new(claims, proof, attestation)?;
        if enrollment.key_type.as_str() != key_type {
            let text = format!(
                "the key is of type {}, the file says {}",
                enrollment.key_type,
                visible(&key_type)
            );
            return Err(Refusal::new(Check::EnrollmentKey, text));
        }
        Ok(enrollment)
    }

    /// The file. For the same enrollment its bytes are always the same.
    pub fn to_file_bytes(&self) -> Vec<u8> {
        let claims = &self.claims;
        let proof = self.proof.as_ref().map(|proof| {
            json!({
                "script": proof.script,
                "occasion": proof.occasion,
                "challenge": hex::encode(proof.challenge),
                "signature": hex::encode(&proof.signature),
            })
        });
        let attestation = self.attestation.as_ref().map(|(files, _)| {
            json!({
                "certificate": files.certificate,
                "intermediate": files.intermediate,
            })
        });
        write(&json!({
            "conclave": KIND.name,
            "format": FORMAT,
            "repository": claims.repository,
            "name": claims.name,
            "holder": claims.holder,
            "type": self.key_type.as_str(),
            "public_key": claims.public_key.to_pem(),
            "fingerprint": claims.public_key.fingerprint(),
            "token": claims.token,
            "provenance": claims.provenance,
            "rehearsal": claims.is_rehearsal,
            "proof": proof,
            "attestation": attestation,
        }))
    }

    /// The name by which the file of a key goes: `key-3.enrollment.json`.
    pub fn file_name(key: &str) -> String {
        format!("{key}.enrollment.json")
    }

    /// What it says of the key.
    pub const fn claims(&self) -> &EnrollmentClaims {
        &self.claims
    }

    /// The key, as a root has it.
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// What kind of key it is.
    pub const fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The answer to a challenge.
    pub const fn proof(&self) -> Option<&PossessionProof> {
        self.proof.as_ref()
    }

    /// What the device says of the key.
    pub fn attestation(&self) -> Option<&AttestationSummary> {
        self.attestation.as_ref().map(|(_, summary)| summary)
    }

    /// The same, as the device signed it.
    pub fn attestation_files(&self) -> Option<&AttestationFiles> {
        self.attestation.as_ref().map(|(files, _)| files)
    }

    /// What shows that it is what it is said to be, in a few words.
    pub const fn grounds(&self) -> &'static str {
        match (&self.proof, &self.attestation) {
            (Some(_), Some(_)) => "a proof of possession and an attestation of its device",
            (None, _) => "an attestation of its device",
            (Some(_), None) => "a proof of possession",
        }
    }
}

/// A key as a root has it.
fn root_key(public: &PublicKey) -> Result<(Key, KeyType), Refusal> {
    let algorithm = public.algorithm();
    let mut types = KeyType::MADE.into_iter();
    let key_type = types.find(|kind| kind.algorithm() == algorithm);
    if let (Some(key_type), Ok(key)) = (key_type, Key::from_public(public)) {
        return Ok((key, key_type));
    }
    let text = format!("a {algorithm} key is no key for a root");
    Err(Refusal::new(Check::EnrollmentKey, text))
}

/// What the device says, if it says it of this key.
fn summary(
    files: &AttestationFiles,
    claims: &EnrollmentClaims,
) -> Result<AttestationSummary, Refusal> {
    let refuse = |what: String| Refusal::new(Check::EnrollmentAttestation, visible(&what));
    let read = |pem: &str| -> Result<Certificate, Refusal> {
        let found =
            Certificate::read_all(pem.as_bytes()).map_err(|error| refuse(error.to_string()))?;
        match <[Certificate; 1]>::try_from(found) {
            Ok([only]) => Ok(only),
            Err(found) => Err(refuse(format!(
                "one certificate is wanted, and {} are there",
                found.len()
            ))),
        }
    };
    let (leaf, device) = (read(&files.certificate)?, read(&files.intermediate)?);
    let attested = attestation::verify(&leaf, &[device], &TrustedRoots::yubico())
        .map_err(|refusal| refuse(refusal.to_string()))?;
    attested
        .require_key(&claims.public_key)
        .map_err(|refusal| refuse(refusal.to_string()))?;
    Ok(attested.summary().clone())
}

/// How a token names itself: its own words, some of which may be empty.
fn token(members: &mut Members) -> Result<TokenId, Refusal> {
    let mut word = |name: &str| {
        let text = members.text(name)?;
        if text.len() > 400 {
            return Err(members.refuse(format!("needs in {name:?} at most 400 bytes")));
        }
        Ok(text)
    };
    Ok(TokenId {
        profile: word("profile")?,
        manufacturer: word("manufacturer")?,
        model: word("model")?,
        serial: word("serial")?,
        label: word("label")?,
    })
}

fn proof(members: &mut Members) -> Result<PossessionProof, Refusal> {
    let script = members.digest("script")?;
    let occasion = members.text("occasion")?;
    let occasion = Occasion::ALL
        .into_iter()
        .find(|known| known.as_str() == occasion)
        .ok_or_else(|| members.refuse(format!("has an unknown occasion {occasion:?}")))?;
    let challenge = members.digest("challenge")?;
    let signature = members.text("signature")?;
    let signature = hex::decode(&signature)
        .ok()
        .filter(|bytes| hex::encode(bytes) == signature)
        .ok_or_else(|| members.refuse("has a signature that is not lower-case hex"))?;
    Ok(PossessionProof {
        script,
        occasion,
        challenge: *challenge.as_bytes(),
        signature,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::testing::{REPOSITORY, Signer};
    use proptest::prelude::*;
    use serde_json::Value;
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
            assert_eq!(read.grounds(), "a proof of possession");
        }
    }

    #[test]
    fn whatever_the_proof_is_about_cannot_be_changed() {
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
    fn what_is_unknown_missing_or_of_another_kind_is_refused() {
        let edits: [(Edit, Check, &str); 15] = [
            (
                |value| value["more"] = json!(1),
                Check::EnrollmentForm,
                "unknown member \"more\"",
            ),
            (
                |value| value["token"]["more"] = json!(1),
                Check::EnrollmentForm,
                "unknown member \"more\"",
            ),
            (
                |value| {
                    value.as_object_mut().unwrap().shift_remove("attestation");
                },
                Check::EnrollmentForm,
                "\"attestation\"",
            ),
            (
                |value| value["holder"] = json!("Ada\nLindgren"),
                Check::EnrollmentForm,
                "\"holder\"",
            ),
            (
                |value| value["rehearsal"] = json!("no"),
                Check::EnrollmentForm,
                "\"rehearsal\"",
            ),
            (
                |value| value["provenance"] = json!("hearsay"),
                Check::EnrollmentForm,
                "hearsay",
            ),
            (
                |value| value["proof"]["occasion"] = json!("birthday"),
                Check::EnrollmentForm,
                "birthday",
            ),
            (
                |value| value["proof"]["signature"] = json!("AB"),
                Check::EnrollmentForm,
                "hex",
            ),
            (
                |value| value["format"] = json!(2),
                Check::EnrollmentFormat,
                "format 2",
            ),
            (
                |value| value["conclave"] = json!("signing-request"),
                Check::EnrollmentFormat,
                "signing-request",
            ),
            (
                |value| value["type"] = json!("ecdsa-sha2-nistp256"),
                Check::EnrollmentKey,
                "of type ed25519",
            ),
            (
                |value| value["fingerprint"] = json!(Digest::of(b"")),
                Check::EnrollmentKey,
                "fingerprint",
            ),
            (
                |value| value["public_key"] = json!("-----BEGIN PUBLIC KEY-----"),
                Check::EnrollmentKey,
                "",
            ),
            (
                |value| value["provenance"] = json!("attested"),
                Check::EnrollmentProvenance,
                "no attestation",
            ),
            (
                |value| {
                    value["attestation"] = json!({"certificate": "x", "intermediate": "y"});
                },
                Check::EnrollmentAttestation,
                "",
            ),
        ];
        for (edit, check, what) in edits {
            let refusal = refused(edit);
            assert_eq!(refusal.check, check, "{refusal}");
            assert!(refusal.detail.contains(what), "{refusal} lacks {what:?}");
        }
        let long = vec![b' '; LIMIT + 1];
        assert_eq!(
            Enrollment::read(&long).unwrap_err().check,
            Check::EnrollmentSize
        );
        let bytes = example().to_file_bytes();
        for end in 0..bytes.len() - 1 {
            assert!(Enrollment::read(&bytes[..end]).is_err(), "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Enrollment::read(&bytes);
        }
    }
}
