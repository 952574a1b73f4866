//! What becomes of a token whose module misbehaves: every quirk against everything that a ceremony does with a token.
//!
//! `docs/tokens.md` has the table. `REGENERATE=1 cargo test --test hardware quirks` writes it again.

mod ceremony;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use conclave::metadata::{KeyType, Scheme};
use conclave::profile::Profile;
use conclave::token::pkcs11::Module;
use conclave::token::{GeneratedKey, KeyRequest, Reader as _, Seen, Token, TokenError, TokenQuery};

use crate::softhsm::module::pin;
use crate::support::store::{PIN, SO_PIN, STORE, Store};

/// What a ceremony does with a token, in the order of the columns.
const STEPS: [&str; 8] = [
    "list", "init", "log in", "generate", "sign", "reopen", "back up", "destroy",
];

/// The rows: a quirk, what the profile says about it, and what it means.
const ROWS: &[(&str, &str, &str)] = &[
    ("none", "", "SoftHSM as it is"),
    (
        "full-template-refused",
        "",
        "the full template of the private half is refused with `CKR_GENERAL_ERROR`",
    ),
    (
        "public-template-refused",
        "",
        "the template of the public half is refused with `CKR_FUNCTION_FAILED`",
    ),
    (
        "generation-reports-error",
        "",
        "the pair is generated, but an error is returned",
    ),
    ("local-false", "", "`CKA_LOCAL` is false"),
    ("local-unknown", "", "`CKA_LOCAL` is not shown"),
    ("flags-silent", "", "no flag of the private half is shown"),
    (
        "different-ids",
        "",
        "the module gives each half an ID of its own",
    ),
    ("module-ids", "", "the module chooses the ID of both halves"),
    ("ids-of-8-bytes", "", "IDs have 8 bytes"),
    (
        "ids-of-8-bytes",
        "[keys]\nid_length = 20",
        "the same, with `id_length = 20` in the profile",
    ),
    (
        "public-objects-need-login",
        "",
        "public objects are invisible before the login",
    ),
    (
        "public-objects-need-login",
        "[login]\npublic_objects = true",
        "the same, with `public_objects = true` in the profile",
    ),
    (
        "login-lost-after-generation",
        "",
        "the login ends when a key is generated",
    ),
    (
        "context-login",
        "",
        "each signature requires the PIN (`CKA_ALWAYS_AUTHENTICATE`)",
    ),
    ("no-login", "", "no login is required"),
    ("pin-pad", "", "the PIN is entered on the device"),
    ("only-210a", "", "AES-KWP as 0x210A only"),
    ("only-210b", "", "AES-KWP as 0x210B only"),
    ("no-wrapping", "", "no AES-KWP"),
    (
        "only-ecdsa-sha256",
        "",
        "`CKM_ECDSA_SHA256` in place of `CKM_ECDSA`",
    ),
    ("der-signatures", "", "ECDSA signatures are DER"),
    (
        "signature-length-upper-bound",
        "",
        "a length query gives an upper bound",
    ),
    (
        "signature-length-huge",
        "",
        "a signature of 2^60 bytes is reported",
    ),
    (
        "buffer-always-too-small",
        "",
        "`C_Sign` always returns `CKR_BUFFER_TOO_SMALL`",
    ),
    (
        "bare-points",
        "",
        "`CKA_EC_POINT` is not in an OCTET STRING",
    ),
    (
        "garbage-info",
        "",
        "clock, manufacturer and serial number are garbage",
    ),
    ("empty-serials", "", "all serial numbers are empty"),
    ("pin-length-zero", "", "the longest PIN has 0 bytes"),
    (
        "pin-length-reversed",
        "",
        "the shortest PIN is longer than the longest",
    ),
    ("token-info-fails-once", "", "`C_GetTokenInfo` fails once"),
    ("cannot-lock", "", "`C_Initialize` returns `CKR_CANT_LOCK`"),
    (
        "initialize-fails-once",
        "",
        "`C_Initialize` fails once when tokens are listed again",
    ),
    (
        "destroy-ignored",
        "",
        "`C_DestroyObject` returns success and destroys nothing",
    ),
    (
        "destroy-unsupported",
        "",
        "`C_DestroyObject` is not supported",
    ),
    (
        "value-readable",
        "",
        "the value of a private key is readable",
    ),
    ("find-fails-once", "", "`C_FindObjectsInit` fails once"),
    ("sign-fails-once", "", "`C_Sign` fails once"),
];

const KEK: [u8; 32] = [0x42; 32];

/// The module that this package's build leaves beside the test binaries.
fn quirky_module() -> PathBuf {
    let folder = env::current_exe().unwrap();
    folder.parent().unwrap().join(format!(
        "{}conclave_quirks{}",
        env::consts::DLL_PREFIX,
        env::consts::DLL_SUFFIX
    ))
}

fn quirky_profile(addition: &str) -> String {
    format!(
        "name = \"quirky\"\ntitle = \"Quirky\"\n[module]\npaths = [\"{}\"]\n[slots]\nrescan = \"reinitialize\"\n{addition}\n",
        quirky_module().display()
    )
}

fn request(name: u8, profile: &Profile, extractable: bool) -> KeyRequest {
    KeyRequest {
        object_id: vec![name; profile.keys.id_length],
        label: format!("key {name}"),
        key_type: KeyType::EcdsaP256,
        extractable,
    }
}

/// One token on which a quirk is tried, step by step, and what came of each.
struct Trial {
    module: Module,
    results: Vec<Result<(), String>>,
}

impl Trial {
    /// Tries a step until it works, at most three times, as people in a ceremony do.
    fn step<T>(&mut self, mut work: impl FnMut(&mut Module) -> Result<T, String>) -> Option<T> {
        let mut first = None;
        for _ in 0..3 {
            match work(&mut self.module) {
                Ok(value) => {
                    self.results.push(match first {
                        None => Ok(()),
                        Some(error) => Err(format!("at the second try; first: {error}")),
                    });
                    return Some(value);
                }
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        self.results.push(Err(first.unwrap()));
        None
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` passes it")]
fn told(error: TokenError) -> String {
    error.to_string()
}

fn find(module: &mut Module) -> Result<Seen, TokenError> {
    module.find(&TokenQuery {
        label: Some("quirky".to_owned()),
        ..TokenQuery::of("quirky")
    })
}

fn log_in(token: &mut dyn Token) -> Result<(), TokenError> {
    let state = token.state()?;
    if state.pin_pad {
        token.login_on_device()
    } else if state.login_required {
        token.login(&pin(PIN))
    } else {
        Ok(())
    }
}

fn set_up(token: &mut dyn Token) -> Result<(), TokenError> {
    if token.state()?.pin_pad {
        token.initialize_on_device("quirky")?;
        token.set_pin_on_device()
    } else {
        token.initialize(&pin(SO_PIN), "quirky")?;
        token.set_pin(&pin(SO_PIN), &pin(PIN))
    }
}

fn signs(token: &mut dyn Token, key: &GeneratedKey) -> Result<(), String> {
    let held = token.holding(&key.public).map_err(told)?;
    let held = held.ok_or("the token does not show the key")?;
    let signed = token.sign(&held.object_id, &key.public, b"message");
    let scheme = Scheme::for_public_key(&key.public).unwrap();
    let signed = signed.map_err(told)?;
    let verifies = scheme.verifies(&key.public, b"message", &signed);
    verifies
        .then_some(())
        .ok_or_else(|| "the signature does not verify".to_owned())
}

fn opened(module: &mut Module) -> Result<Box<dyn Token>, TokenError> {
    let seen = find(module)?;
    let mut token = module.open(&seen.id)?;
    log_in(token.as_mut())?;
    Ok(token)
}

fn backed_up(token: &mut dyn Token, profile: &Profile) -> Result<(), TokenError> {
    let request = request(2, profile, true);
    let key = match token.recover(&request)? {
        Some(key) => key,
        None => token.generate(&request)?,
    };
    let held = token.holding(&key.public)?.unwrap().object_id;
    let wrapping = token.wrapping().unwrap();
    let wrapped = wrapping.wrap(&held, &KEK)?;
    wrapping.sign_wrapped(&key.public, &KEK, &wrapped, b"message")?;
    wrapping.make_non_extractable(&held)?;
    Ok(())
}

/// The cells of a row.
fn tried(profile: &Profile) -> Vec<Result<(), String>> {
    let mut trial = Trial {
        module: Module::load(profile).unwrap(),
        results: Vec::new(),
    };
    let blank = trial.step(|module| {
        module.tokens().map_err(told)?;
        module.find(&TokenQuery::blank("quirky")).map_err(told)
    });
    let Some(blank) = blank else {
        return trial.results;
    };
    let Some(mut token) = trial.step(|module| {
        let mut token = module.open(&blank.id).map_err(told)?;
        set_up(token.as_mut()).map_err(told)?;
        Ok(token)
    }) else {
        return trial.results;
    };
    if trial
        .step(|_| log_in(token.as_mut()).map_err(told))
        .is_none()
    {
        return trial.results;
    }
    let request = request(1, profile, false);
    let Some(key) = trial.step(|_| match token.recover(&request).map_err(told)? {
        Some(key) => Ok(key),
        None => token.generate(&request).map_err(told),
    }) else {
        return trial.results;
    };
    trial.step(|_| signs(token.as_mut(), &key));
    drop(token);
    trial.step(|module| {
        module.reset().map_err(told)?;
        let mut token = opened(module).map_err(told)?;
        signs(token.as_mut(), &key)
    });
    trial.step(|module| {
        let mut token = opened(module).map_err(told)?;
        backed_up(token.as_mut(), profile).map_err(told)
    });
    trial.step(|module| {
        let mut token = opened(module).map_err(told)?;
        let held = token.holding(&key.public).map_err(told)?;
        let held = held.ok_or("the token does not show the key")?;
        token.destroy(&held.object_id).map_err(told)
    });
    trial.results
}

/// The variable that tells a process of its own which row it is.
const ROW: &str = "CONCLAVE_TEST_QUIRK";

fn row(number: usize) -> String {
    let (quirk, _, meaning) = ROWS[number];
    let store = Store::new();
    let mut command = store.command(env::current_exe().unwrap());
    let output = command
        .args(["quirks::one_row", "--exact", "--nocapture"])
        .env(STORE, store.folder())
        .env(ROW, number.to_string())
        .env("CONCLAVE_QUIRKS", quirk)
        .env("CONCLAVE_QUIRKS_PIN", PIN)
        .env("CONCLAVE_QUIRKS_SO_PIN", SO_PIN)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let cells = printed.lines().find_map(|line| line.strip_prefix("ROW "));
    let cells = cells.unwrap_or_else(|| {
        panic!(
            "{quirk}: {printed}{}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    let cells: Vec<Result<(), String>> = serde_json::from_str(cells).unwrap();
    let mut line = format!("| {meaning} |");
    for step in 0..STEPS.len() {
        line.push_str(match cells.get(step) {
            Some(Ok(())) => " yes |",
            Some(Err(error)) if error.starts_with("at the second") => " again |",
            Some(Err(_)) => " no |",
            None => " – |",
        });
    }
    let problem = cells.iter().find_map(|cell| cell.as_ref().err());
    let problem = problem.map_or("", String::as_str);
    format!("{line} {problem} |\n")
}

#[test]
fn one_row() {
    let Some(number) = env::var(ROW).ok() else {
        return;
    };
    let (_, addition, _) = ROWS[number.parse::<usize>().unwrap()];
    let profile = Profile::parse(&quirky_profile(addition), "quirky.toml").unwrap();
    println!("ROW {}", serde_json::to_string(&tried(&profile)).unwrap());
}

#[test]
fn every_quirk_has_the_outcome_that_the_manual_promises() {
    const BEGIN: &str = "<!-- quirks -->\n";
    const END: &str = "<!-- end of quirks -->\n";
    let mut table = format!("| quirk | {} | first problem |\n", STEPS.join(" | "));
    table.push_str(&"|---".repeat(STEPS.len() + 2));
    table.push_str("|\n");
    for number in 0..ROWS.len() {
        table.push_str(&row(number));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tokens.md");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if env::var_os("REGENERATE").is_some() {
        fs::write(&path, [before, BEGIN, &table, END, after].concat()).unwrap();
    } else {
        assert_eq!(written, table);
    }
}
