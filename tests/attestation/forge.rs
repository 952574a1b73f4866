//! Certificates as forgers would make them, by `openssl`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A workshop: every certificate in it has a name, and its key beside it.
pub(crate) struct Workshop {
    directory: TempDir,
}

/// What a statement says: firmware 5.7.1, the serial number 20000001, PIN always, touch always.
pub(crate) const STATEMENT: &str = "1.3.6.1.4.1.41482.3.3=DER:050701
1.3.6.1.4.1.41482.3.7=DER:020401312D01
1.3.6.1.4.1.41482.3.8=DER:0302
1.3.6.1.4.1.41482.3.9=DER:03
";
pub(crate) const SERIAL: &str = "20000001";
/// What issuers say.
pub(crate) const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\n";
pub(crate) const LEAF_NAME: &str = "YubiKey PIV Attestation 9c";
pub(crate) const DEVICE_NAME: &str = "Yubico PIV Attestation";

impl Workshop {
    pub(crate) fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes a certificate with a fresh key; signed by itself when no issuer is named.
    pub(crate) fn certificate(
        &self,
        name: &str,
        subject: &str,
        extensions: &str,
        issuer: Option<&str>,
    ) -> &Self {
        let key = self.file(&format!("{name}.key"));
        let request = self.file(&format!("{name}.csr"));
        let subject = format!("/CN={subject}");
        openssl(
            Command::new("openssl")
                .args(["req", "-new", "-newkey", "ec", "-pkeyopt"])
                .args(["ec_paramgen_curve:P-256", "-nodes", "-sha256", "-subj"])
                .arg(subject)
                .arg("-keyout")
                .arg(&key)
                .arg("-out")
                .arg(&request),
        );
        let extension_file = self.file(&format!("{name}.ext"));
        fs::write(&extension_file, extensions).unwrap();
        let mut sign = Command::new("openssl");
        sign.args(["x509", "-req", "-days", "10000", "-sha256", "-extfile"])
            .arg(&extension_file)
            .arg("-in")
            .arg(&request)
            .arg("-out")
            .arg(self.pem(name));
        match issuer {
            None => sign.arg("-signkey").arg(&key),
            Some(issuer) => sign
                .arg("-CA")
                .arg(self.pem(issuer))
                .arg("-CAkey")
                .arg(self.file(&format!("{issuer}.key")))
                .arg("-CAcreateserial"),
        };
        openssl(&mut sign);
        self
    }

    pub(crate) fn pem(&self, name: &str) -> PathBuf {
        self.file(&format!("{name}.pem"))
    }

    /// Copies certificates into a folder.
    pub(crate) fn deliver(&self, folder: &Path, names: &[&str]) {
        fs::create_dir_all(folder).unwrap();
        for name in names {
            fs::copy(self.pem(name), folder.join(format!("{name}.pem"))).unwrap();
        }
    }
}

pub(crate) fn openssl(command: &mut Command) -> String {
    let output = command
        .output()
        .expect("openssl is needed: ./softhsm-setup.sh --test-tools");
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
