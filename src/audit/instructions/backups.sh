
python3 - <<'END'
import hashlib, json
manifests = {}
for text in open("transcript.jsonl", "rb"):
    line = json.loads(text)
    if line["event"] == "backed-up":
        data = line["data"]
        manifests[data["manifest"]["key"], data["manifest"]["id"]] = data
        assert data["shares_on"]["device"] != data["wrapped_on"]["device"], "shares and wrapped key are on one device"
for (key, name), data in manifests.items():
    manifest = data["manifest"]
    there = json.load(open(f"backup/{key}.{name}.manifest.json"))
    assert there == manifest, f"the manifest of {key} differs from the transcript"
    assert manifest["public_key"] == open(f"keys/{key}.pub.pem").read(), f"the manifest of {key} is for another key"
    print(f"[ok] the manifest of the backup of {key} matches the transcript and keys/{key}.pub.pem")
    print(f"     SHA-256 of the wrapped key: {manifest['wrapped']['sha256']}")
    for group in manifest["groups"]:
        for share in group["shares"]:
            if share["file"]:
                print(f"     SHA-256 of the share of {share['name']}: {share['file']['sha256']}")
END
