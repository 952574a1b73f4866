//! Every table and field of a profile. `docs/formats/profile.md` is generated from these declarations.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::declaration::{table, words};
use crate::metadata::KeyType;

table! {
    /// How one make of token is reached and how it behaves.
    Profile as "The profile" {
        /// The name that scripts and the command line use: lower-case letters, digits and hyphens. Required.
        name: String = String::new(),
        /// The name that people read. Required.
        title: String = String::new(),
        /// How Conclave talks to the token.
        kind: Kind = Kind::Pkcs11,
        /// The versions of module, device and system with which a ceremony or `conclave token trial` was run; `false` where
        /// nobody has tried it. The trial adds to this list.
        tried: Tried = Tried::Never,
        /// Whether private keys are generated in hardware that keeps them. The keys of a software token can be copied
        /// with its files.
        hardware: bool = false,
        /// What to print if the module or the service is missing.
        install: String = String::new(),
        /// Where the PKCS#11 module is and how it is loaded.
        module: Module = Module::default(),
        /// In which slots tokens are looked for.
        slots: Slots = Slots::default(),
        /// How a blank token is initialized.
        initialize: Initialize = Initialize::default(),
        /// How the key holder logs in.
        login: Login = Login::default(),
        /// Which keys the token generates, and how.
        keys: Keys = Keys::default(),
        /// How the token signs.
        signing: Signing = Signing::default(),
        /// Whether private keys can leave the token wrapped, and come back.
        backup: Backup = Backup::default(),
    }
    skipping {
        /// The text of the file, whose SHA-256 identifies the profile.
        text: String,
    }
}

words! {
    /// How Conclave talks to a token.
    Kind {
        /// Through a PKCS#11 module.
        Pkcs11 = "pkcs11",
        /// As a YubiKey, through its PIV application and the smart card service of the system.
        YubikeyPiv = "yubikey-piv",
        /// As files on a disk, each with a root key of Docker Content Trust.
        KeyFile = "key-file",
    }
}

/// With what a profile was tried.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged, expecting = "name the versions in a list, or write false")]
pub enum Tried {
    With(Vec<String>),
    #[serde(with = "never")]
    Never,
}

impl super::declaration::Described for Tried {
    const VALUE: &'static str = "list of texts, or `false`";
}

/// `false`, and no other value.
mod never {
    use serde::de::{Deserialize as _, Error as _};

    pub(super) fn serialize<S: serde::Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(false)
    }

    pub(super) fn deserialize<'d, D: serde::Deserializer<'d>>(
        deserializer: D,
    ) -> Result<(), D::Error> {
        if bool::deserialize(deserializer)? {
            Err(D::Error::custom("name the versions, or write false"))
        } else {
            Ok(())
        }
    }
}

table! {
    /// Where the PKCS#11 module is and how it is loaded. Only for `kind = "pkcs11"`.
    Module as "[module]" {
        /// Absolute paths of the module. The first that exists is loaded.
        paths: Vec<PathBuf> = Vec::new(),
        /// The text that `C_Initialize` gets in `pReserved`. Some modules find their database in it.
        init_argument: Option<String> = None,
        /// Whether `C_Initialize` gets its arguments with `CKF_OS_LOCKING_OK`. With `false` it gets no flag; a module that
        /// answers `CKR_CANT_LOCK` is asked again without the flag in any case.
        os_locking: bool = true,
        /// Environment variables that the module reads, with their values. Conclave starts itself again with these
        /// variables before it loads the module, and sets no others.
        environment: BTreeMap<String, String> = BTreeMap::new(),
    }
}

table! {
    /// In which slots tokens are looked for. Only for `kind = "pkcs11"`, except `rescan`.
    Slots as "[slots]" {
        /// What it takes to notice tokens that were inserted or removed.
        rescan: Rescan = Rescan::List,
        /// The slot IDs to look in. An empty list means every slot with a token.
        only: Vec<u64> = Vec::new(),
        /// Which blank token is used when several cannot be told apart, because blank tokens have no serial number.
        equal_blanks: EqualBlanks = EqualBlanks::Refuse,
    }
}

words! {
    /// What it takes to notice tokens that were inserted or removed.
    Rescan {
        /// List the slots.
        List = "list",
        /// Finalize and initialize the module, which logs out every token. Conclave does it only while no token is
        /// logged in.
        Reinitialize = "reinitialize",
    }
}

words! {
    /// Which of several equal blank tokens is used.
    EqualBlanks {
        /// None: the operator removes the others.
        Refuse = "refuse",
        /// The one in the slot with the lowest ID. Right for software tokens, which are equal until they are initialized.
        First = "first",
    }
}

table! {
    /// How a blank token is initialized.
    Initialize as "[initialize]" {
        /// Who initializes tokens of this make. With `vendor`, a script that has an `initialize-token` step is refused.
        by: InitializedBy = InitializedBy::Pkcs11,
        /// How a blank token is recognized.
        blank: Blank = Blank::Uninitialized,
        /// Whether the token takes the label that the script gives it.
        label: LabelForm = LabelForm::Given,
        /// The longest label, in bytes.
        label_length: usize = 32,
        /// Whether the token has an SO PIN. Without one, it is initialized and its PIN is set with an empty SO PIN, and
        /// nobody can set a new PIN when the PIN is locked.
        so_pin: bool = true,
        /// Objects that a blank token may hold: they do not make it "not empty".
        ignored_objects: Vec<ObjectClass> = Vec::new(),
    }
}

words! {
    /// Who initializes tokens.
    InitializedBy {
        /// Conclave, with `C_InitToken` and `C_InitPIN`.
        Pkcs11 = "pkcs11",
        /// The vendor's own tool, before the ceremony.
        Vendor = "vendor",
    }
}

words! {
    /// How a blank token is recognized.
    Blank {
        /// The flag `CKF_TOKEN_INITIALIZED` is not set.
        Uninitialized = "uninitialized",
        /// The flag `CKF_USER_PIN_INITIALIZED` is not set.
        NoPin = "no-pin",
    }
}

words! {
    /// Whether a token takes a label.
    LabelForm {
        /// The token takes the label that the script gives it.
        Given = "given",
        /// The token keeps the label that it has.
        Kept = "kept",
    }
}

words! {
    /// A class of objects that is not a key.
    ObjectClass {
        /// Certificates.
        Certificate = "certificate",
        /// Data objects, and objects of the vendor's own classes.
        Other = "other",
    }
}

table! {
    /// How the key holder logs in.
    Login as "[login]" {
        /// Where the key holder enters the PIN.
        method: LoginMethod = LoginMethod::Pin,
        /// The user type of `C_Login`: 1 is `CKU_USER`. Vendors have others.
        user_type: u64 = 1,
        /// Whether public keys are visible only after a login.
        public_objects: bool = false,
        /// Whether each signature needs a login of its own (`CKA_ALWAYS_AUTHENTICATE`).
        each_signature: bool = false,
        /// Whether the login is lost when a key is generated, so that Conclave logs in again.
        lost_after_generation: bool = false,
        /// What a PIN is made of.
        pin_form: PinForm = PinForm::Digits,
        /// The shortest and the longest PIN in bytes, where the token reports them wrongly. An empty list means the
        /// lengths that the token reports.
        pin_length: Vec<usize> = Vec::new(),
        /// Whether wrong PINs lock the token.
        locks: bool = true,
    }
}

words! {
    /// Where the PIN is entered.
    LoginMethod {
        /// On the computer.
        Pin = "pin",
        /// On the device or its PIN pad (protected authentication path): `C_Login` gets no PIN.
        Device = "device",
        /// Nowhere: the token needs no login.
        None = "none",
    }
}

words! {
    /// What a PIN is made of.
    PinForm {
        /// Digits.
        Digits = "digits",
        /// Any printable characters; the token demands more than digits.
        Text = "text",
        /// A user name, a colon and a password.
        UserAndPassword = "user-and-password",
    }
}

table! {
    /// Which keys the token generates, and how.
    Keys as "[keys]" {
        /// The key types that the token generates and signs with. A script that generates another type is refused. An empty
        /// list means that no key is generated there.
        types: Vec<KeyType> = vec![KeyType::EcdsaP256],
        /// Which `CKA_ID` a new key gets.
        id_form: IdForm = IdForm::Random,
        /// The length of a random `CKA_ID`, in bytes.
        id_length: usize = 8,
        /// The `CKA_ID` for `id_form = "fixed"`, in hex. A token then has one key of a ceremony at a time.
        id: String = String::new(),
        /// Templates for the public half, in the order in which they are tried. Each names the attributes that it has
        /// in addition to `CKA_TOKEN`, `CKA_LABEL`, `CKA_ID` and those of the key type.
        public_templates: Vec<Vec<PublicAttribute>> = {
            use PublicAttribute::{Encrypt, Private, Verify, VerifyRecover, Wrap};
            vec![
                vec![Private, Verify, VerifyRecover, Encrypt, Wrap],
                vec![Private, Verify],
                vec![Verify],
                vec![],
            ]
        },
        /// Templates for the private half, likewise. A default template never omits `private`, `sensitive` or
        /// `extractable`.
        private_templates: Vec<Vec<PrivateAttribute>> = {
            use PrivateAttribute::{Decrypt, Derive, Extractable, Private, Sensitive, Sign, SignRecover, Unwrap};
            vec![
                vec![Private, Sensitive, Extractable, Sign, Decrypt, Unwrap, Derive, SignRecover],
                vec![Private, Sensitive, Extractable, Sign],
                vec![Private, Sensitive, Extractable],
            ]
        },
        /// Whether `CKA_LOCAL` is true for a key that the token generated. With `false`, the attribute is ignored and the
        /// transcript records the provenance as unknown.
        reports_local: bool = true,
        /// Whether a key can be destroyed with `C_DestroyObject`.
        destroy: bool = true,
    }
}

words! {
    /// Which `CKA_ID` a new key gets.
    IdForm {
        /// A random one of `id_length` bytes.
        Random = "random",
        /// Always `id`, for tokens that map IDs to slots.
        Fixed = "fixed",
        /// The one that the token chooses.
        Token = "token",
    }
}

words! {
    /// An attribute of the template for a public half.
    PublicAttribute {
        /// `CKA_PRIVATE`, false.
        Private = "private",
        /// `CKA_VERIFY`, true.
        Verify = "verify",
        /// `CKA_VERIFY_RECOVER`, false.
        VerifyRecover = "verify-recover",
        /// `CKA_ENCRYPT`, false.
        Encrypt = "encrypt",
        /// `CKA_WRAP`, false.
        Wrap = "wrap",
    }
}

words! {
    /// An attribute of the template for a private half.
    PrivateAttribute {
        /// `CKA_PRIVATE`, true.
        Private = "private",
        /// `CKA_SENSITIVE`, true.
        Sensitive = "sensitive",
        /// `CKA_EXTRACTABLE`, true only for a key that is to be backed up.
        Extractable = "extractable",
        /// `CKA_SIGN`, true.
        Sign = "sign",
        /// `CKA_DECRYPT`, false.
        Decrypt = "decrypt",
        /// `CKA_UNWRAP`, false.
        Unwrap = "unwrap",
        /// `CKA_DERIVE`, false.
        Derive = "derive",
        /// `CKA_SIGN_RECOVER`, false.
        SignRecover = "sign-recover",
    }
}

table! {
    /// How the token signs.
    Signing as "[signing]" {
        /// The signature mechanisms, best first. Conclave uses the first that fits the key and that the token offers.
        mechanisms: Vec<SignatureMechanism> = SignatureMechanism::ALL.to_vec(),
    }
}

words! {
    /// A signature mechanism.
    SignatureMechanism {
        /// ECDSA over a digest that Conclave computes.
        Ecdsa = "CKM_ECDSA",
        /// ECDSA; the token computes the SHA-256.
        EcdsaSha256 = "CKM_ECDSA_SHA256",
        /// ECDSA; the token computes the SHA-384.
        EcdsaSha384 = "CKM_ECDSA_SHA384",
        /// Ed25519 over the whole message.
        Eddsa = "CKM_EDDSA",
        /// RSA-PSS; the token computes the SHA-256.
        Sha256RsaPkcsPss = "CKM_SHA256_RSA_PKCS_PSS",
        /// RSA-PSS over a digest that Conclave computes.
        RsaPkcsPss = "CKM_RSA_PKCS_PSS",
    }
}

impl SignatureMechanism {
    /// The number in the PKCS #11 standard.
    pub const fn number(self) -> u64 {
        match self {
            Self::Ecdsa => 0x1041,
            Self::EcdsaSha256 => 0x1044,
            Self::EcdsaSha384 => 0x1045,
            Self::Eddsa => 0x1057,
            Self::Sha256RsaPkcsPss => 0x43,
            Self::RsaPkcsPss => 0xd,
        }
    }
}

table! {
    /// Whether private keys can leave the token wrapped by AES-KWP (RFC 5649), and come back.
    Backup as "[backup]" {
        /// The key types that can leave the token wrapped. A script that backs up a key of another type is refused.
        wraps: Vec<KeyType> = Vec::new(),
        /// The key types that can be restored to the token.
        unwraps: Vec<KeyType> = Vec::new(),
        /// The wrapping mechanisms, best first. Both are AES-KWP under different numbers.
        mechanisms: Vec<WrappingMechanism> = WrappingMechanism::ALL.to_vec(),
        /// Whether a key can be made non-extractable after its backup.
        confine: bool = true,
    }
}

words! {
    /// A wrapping mechanism.
    WrappingMechanism {
        /// The number 0x210B, AES-KWP of PKCS #11 3.0.
        Kwp = "CKM_AES_KEY_WRAP_KWP",
        /// The number 0x210A, which some modules use for AES-KWP.
        Pad = "CKM_AES_KEY_WRAP_PAD",
    }
}

impl WrappingMechanism {
    /// The number in the PKCS #11 standard.
    pub const fn number(self) -> u64 {
        match self {
            Self::Kwp => 0x210b,
            Self::Pad => 0x210a,
        }
    }
}
