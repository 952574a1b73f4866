//! Backups in `VERIFY.txt`: the manifests are those of the record, and what lies on the media is held to them.

use std::fmt::{self, Write as _};

use crate::ceremony::Ceremony;

const COMPARE: &str = r#"
python3 - <<'END'
import hashlib, json
manifests = {}
for text in open("transcript.jsonl", "rb"):
    line = json.loads(text)
    if line["event"] == "backed-up":
        data = line["data"]
        manifests[data["manifest"]["key"], data["manifest"]["id"]] = data
        assert data["shares_on"]["device"] != data["wrapped_on"]["device"], "one device"
for (key, name), data in manifests.items():
    manifest = data["manifest"]
    there = json.load(open(f"backup/{key}.{name}.manifest.json"))
    assert there == manifest, f"the manifest of {key} is not the one of the record"
    assert manifest["public_key"] == open(f"keys/{key}.pub.pem").read(), f"{key} is another key"
    print(f"[ok] the manifest of the backup of {key} is the one of the record, and of keys/{key}.pub.pem")
    print(f"     the wrapped key must have the SHA-256 {manifest['wrapped']['sha256']}")
    for group in manifest["groups"]:
        for share in group["shares"]:
            if share["file"]:
                print(f"     the share of {share['name']} must have the SHA-256 {share['file']['sha256']}")
END
"#;

pub(super) fn write(text: &mut String, ceremony: &Ceremony) -> fmt::Result {
    if !ceremony
        .backups()
        .any(|(_, backup)| backup.made().is_some())
    {
        return Ok(());
    }
    writeln!(text)?;
    writeln!(
        text,
        "# Each backup is of its key. No share and no wrapped key lies here: whoever has the media compares their\n# files with the digests that are printed (sha256sum FILE). How a key is restored with age, a SLIP-39 tool and\n# OpenSSL stands inside every share."
    )?;
    text.write_str(COMPARE)
}
