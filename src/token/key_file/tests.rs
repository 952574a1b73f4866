//! Key files of the stock client and of OpenSSL.

use std::fs;

use tempfile::TempDir;

use super::*;

/// What `notary key generate` of version 0.7.0 wrote, under "a passphrase".
const STOCK: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
role: root

MIHuMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAgr0I/2/o8wgwICCAAw
HQYJYIZIAWUDBAEqBBA/WGrJjIvWY23pqW5CDFMZBIGgllGkMAD+PeNlJxYmQaLC
MPYxirOO0XcLqkeH8GCByOMgLi1989wmeGms+zGnWQSG5IhBt/dQ+MmFWhX0jWZV
gG96nudYnugSiy3OOFBNt/2Z79ZrUDx3cDy9UqUhX0geXSu1HKVX90jPqzfPF3Gw
SMdJ8BKuvFnBjuBlUQVzcW20Jdaal5n62bEc6ja4d71y0lQSzwwR/0M0T+JX/0Rg
Ag==
-----END ENCRYPTED PRIVATE KEY-----
";
const STOCK_ID: &str = "2be7b5eab2742ae2293bf75c07d73d8e0d9ad9b95dff4179a88bc76e6b5a665c";

/// What `openssl ec -aes-256-cbc` wrote, under "secret": as the clients of old did.
const LEGACY: &str = "\
-----BEGIN EC PRIVATE KEY-----
role: root
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,B590665EF6640C23435961C33FEAE924

CD8Sm7PIXE/8TJUFNzP5z27wjYgKb4BtcXKCAR77dN0SJDdwg58NlZGbH3hnAi9S
VNR45J9/LbfS2fmbz2iiXibb5jJb5yVqr09C+HmbgyVQ6RcanKmoXLRnbj/IZuat
D55doAztA1X9dIlHa4XQq42UaGWS/46zabprk6yHQYk=
-----END EC PRIVATE KEY-----
";
/// What `openssl pkcs8 -topk8` writes of the same key, under "x".
const MODERN: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
role: root

MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjdsZXBmtLkngICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEH1X6PouJ0ZUf1lICI8EX8MEgZCV
tox9GWQeaz91vWCIKLKKKPgAe5+srOVhwYgB1/FqHKpxGQ1sxJBT71Ap748DwBlE
NJEcb5PVgPY3xmNZC2HAQdmv33shPbGiGcFfgISouSKUSfS7AR0Og4IifdO6UKUU
29Z7u+GssX/rfQxGrTI9fU0309iJw5a2T92QYFKZx83BP8lsVCH3PYybpzYt/j8=
-----END ENCRYPTED PRIVATE KEY-----
";
const OPENSSL_ID: &str = "e0cca6290f1ae63e1e909fc482364a2909ff90eab280c7f239e641efd47c2018";

/// Closed by PKCS #12's own derivation and 3DES.
const ODD: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
role: root

MIHhMBwGCiqGSIb3DQEMAQMwDgQI/RKHwXTVWKUCAggABIHA5tAalyFPaRjjcssj
jKbQtgq4c1xjEtnvXaT+Td0uhCdoKJ6pzq0yJZMiuAMJgK0rLm2ScVKHC5ZiebGC
GTh0Ph15zaxqgBD+QHkivp3AAyyOe2hBg83/zirysEqCAU0WbFiORIinmODqUMfx
+0CBDXlnTqn1B4Qp1STWGfNwBrcR+mWecxdHwzc/TaN6zwZXao2wX80VY4Mmjcgp
qVwrP6UMcGHO47Q7mnxmFf66xrIXwJMEAsMazY7Wwk3G8H5Y
-----END ENCRYPTED PRIVATE KEY-----
";

fn passphrase(text: &str) -> Pin {
    Pin::new(Zeroizing::new(text.to_owned())).unwrap()
}

fn lay(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let private = folder.path().join("private");
    fs::create_dir_all(&private).unwrap();
    let path = private.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn why<T>(result: Result<T, TokenError>) -> String {
    result.err().unwrap().to_string()
}

#[test]
fn what_stock_tools_closed_opens_and_signs() {
    let folder = TempDir::new().unwrap();
    for (text, id, phrase) in [
        (STOCK, STOCK_ID, "a passphrase"),
        (LEGACY, OPENSSL_ID, "secret"),
        (MODERN, OPENSSL_ID, "x"),
    ] {
        let path = lay(&folder, &format!("{id}.key"), text);
        let file = KeyFile::read(&path).unwrap();
        assert!(file.is_root() && file.id() == id);
        let wrong = file.open(&passphrase("another"));
        assert!(matches!(
            wrong,
            Err(TokenError::WrongPin {
                role: PinRole::Passphrase,
                ..
            })
        ));
        assert_eq!(why(wrong), "the passphrase is wrong");
        let mut token = KeyFileToken {
            id: file.token_id(),
            file,
            opened: None,
        };
        assert!(token.keys().unwrap().is_empty());
        token.login(&passphrase(phrase)).unwrap();
        let held = token.keys().unwrap().remove(0);
        assert!(token.holding(&held.public).unwrap().is_some());
        let scheme = Scheme::EcdsaP256;
        let signed = token.sign_by(&held.object_id, &held.public, scheme, b"a root");
        assert!(scheme.verifies(&held.public, b"a root", &signed.unwrap()));
        token.logout().unwrap();
        assert!(matches!(
            token.sign_by(&held.object_id, &held.public, scheme, b"a root"),
            Err(TokenError::LoginNeeded)
        ));
    }
}

#[test]
fn what_is_no_root_key_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let targets = STOCK.replace("role: root", "role: targets\ngun: docker.example/app");
    let path = lay(&folder, &format!("{STOCK_ID}.key"), &targets);
    let other = KeyFile::read(&path)
        .unwrap()
        .open(&passphrase("a passphrase"));
    assert!(
        why(other).ends_with("holds a key of the role \"targets\", not a root key"),
        "a key of another role"
    );
    assert!(KeyFile::roots_in(&[folder.path().to_owned()]).is_empty());
    let renamed = lay(&folder, &format!("{OPENSSL_ID}.key"), STOCK);
    let other = KeyFile::read(&renamed)
        .unwrap()
        .open(&passphrase("a passphrase"));
    assert!(why(other).ends_with("does not hold the key that its name states"));
    let open = LEGACY.replace("Proc-Type: 4,ENCRYPTED\n", "");
    for (text, told) in [
        (ODD, "uses an encryption that Conclave does not support"),
        (open.as_str(), "is not encrypted"),
    ] {
        let path = lay(&folder, &format!("{OPENSSL_ID}.key"), text);
        let opened = KeyFile::read(&path).unwrap().open(&passphrase("x"));
        let why = why(opened);
        assert!(why.contains(told), "{why}");
    }
    let cut = STOCK.replace("-----END", "----END");
    let damaged = STOCK.replace("MIHu", "M?Hu");
    for (text, told) in [
        ("no key", "is not PEM: it has no line -----BEGIN …-----"),
        (
            cut.as_str(),
            "is truncated: it has no line -----END ENCRYPTED PRIVATE KEY-----",
        ),
        (
            damaged.as_str(),
            "is damaged: the text between BEGIN and END is not base64",
        ),
    ] {
        let path = lay(&folder, &format!("{STOCK_ID}.key"), text);
        let why = why(KeyFile::read(&path));
        assert!(why.ends_with(told), "{why}");
    }
    let named = lay(&folder, "my.key", STOCK);
    assert!(why(KeyFile::read(&named)).contains("does not have the name of a Docker key file"));
}

#[test]
fn a_trust_directory_is_searched_as_old_and_new_clients_laid_it_out() {
    let folder = TempDir::new().unwrap();
    lay(&folder, &format!("{STOCK_ID}.key"), STOCK);
    let old = folder.path().join("private/root_keys");
    fs::create_dir(&old).unwrap();
    let unsaid = LEGACY.replace("role: root\n", "");
    fs::write(old.join(format!("{OPENSSL_ID}_root.key")), unsaid).unwrap();
    let found = KeyFile::roots_in(&[folder.path().to_owned()]);
    let ids: Vec<&str> = found.iter().map(KeyFile::id).collect();
    assert_eq!(ids, [STOCK_ID, OPENSSL_ID]);
}

#[test]
fn a_damaged_file_opens_no_other_key() {
    let folder = TempDir::new().unwrap();
    for (text, id, phrase) in [
        (STOCK, STOCK_ID, "a passphrase"),
        (LEGACY, OPENSSL_ID, "secret"),
        (MODERN, OPENSSL_ID, "x"),
    ] {
        for place in 0..text.len() {
            let mut damaged = text.as_bytes().to_vec();
            // Another letter of the same line: a line feed would only be wrapped otherwise.
            damaged[place] = if damaged[place] == b'A' { b'B' } else { b'A' };
            let damaged = String::from_utf8(damaged).unwrap();
            let path = lay(&folder, &format!("{id}.key"), &damaged);
            let opened = KeyFile::read(&path).and_then(|file| file.open(&passphrase(phrase)));
            if let Ok(opened) = opened {
                let public = canonical_id(&opened.public);
                assert_eq!(public.as_deref(), Some(id), "byte {place}");
            }
        }
    }
}

/// A trust folder with two files of one key, and a file of another.
fn twice() -> (TempDir, Vec<PathBuf>, PathBuf) {
    let folder = TempDir::new().unwrap();
    let new = lay(&folder, &format!("{STOCK_ID}.key"), STOCK);
    let old = folder.path().join("private/root_keys");
    fs::create_dir(&old).unwrap();
    let old = old.join(format!("{}_root.key", STOCK_ID.to_ascii_uppercase()));
    fs::copy(&new, &old).unwrap();
    let other = lay(&folder, &format!("{OPENSSL_ID}.key"), LEGACY);
    (folder, vec![new, old], other)
}

#[test]
fn every_file_of_a_key_is_erased_and_no_other() {
    let (folder, files, other) = twice();
    // A second name of the same folder.
    let alias = folder.path().join("alias");
    std::os::unix::fs::symlink(folder.path(), &alias).unwrap();
    let folders = [folder.path().to_owned(), alias, folder.path().join("none")];
    assert_eq!(files_of(STOCK_ID, &folders).unwrap(), files);
    let one = why(erase(STOCK_ID, &files[..1], &folders));
    assert!(
        one.ends_with("is named after the same key and was not erased"),
        "{one}"
    );
    assert!(!files[0].exists() && files[1].exists());
    erase(STOCK_ID, &files[1..], &folders).unwrap();
    assert!(files_of(STOCK_ID, &folders).unwrap().is_empty());
    assert!(other.exists());
    assert!(why(erase(STOCK_ID, &files[..1], &folders)).contains("cannot be erased"));
}

#[test]
fn a_link_or_a_folder_that_cannot_be_read_leaves_it_open_whether_a_key_is_gone() {
    let (folder, files, _) = twice();
    let folders = [folder.path().to_owned()];
    fs::rename(&files[1], folder.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &files[1]).unwrap();
    assert!(why(files_of(STOCK_ID, &folders)).contains("is not a regular file"));
    let file = folder.path().join("file");
    fs::create_dir(&file).unwrap();
    fs::write(file.join("private"), "").unwrap();
    assert!(why(files_of(STOCK_ID, &[file])).contains("cannot be read"));
}

#[test]
fn an_interrupted_erasure_is_finished_and_whole_files_stay() {
    let (folder, files, _) = twice();
    let text = fs::read(&files[0]).unwrap();
    for overwritten in [1, text.len() / 2, text.len()] {
        let mut cut = text.clone();
        cut[..overwritten].fill(0);
        fs::write(&files[0], cut).unwrap();
        finish_erasing(&files).unwrap();
        assert!(!files[0].exists() && files[1].exists());
    }
    finish_erasing(&files).unwrap();
    let gone = [folder.path().join("unplugged/private/a.key")];
    assert!(why(finish_erasing(&gone)).ends_with("its folder does not exist"));
}
