
# The restored key signed four lines that cannot be a root: a phrase, the SHA-256 of the script, the fingerprint of the
# share set, and a random challenge. The public key is in the manifest.

python3 - "$work" "$manifest" <<'END'
import hashlib, json, pathlib, sys
work, manifest = pathlib.Path(sys.argv[1]), json.load(open(sys.argv[2]))
script = hashlib.sha256(open("script.toml", "rb").read()).hexdigest()
shown, lost = [], []
for text in open("transcript.jsonl", "rb"):
    line = json.loads(text)
    event, data = line["event"], line.get("data")
    if event == "opened" and data.get("simulated_set"):
        manifest = data["simulated_set"]
    if event == "share-entered":
        assert data["set"] == manifest["set"], "a share belongs to another set"
        shown.append(data["custodian"])
    if event == "share-declared-lost":
        lost.append(data["custodian"])
    if event == "restored-key-proven":
        lines = ["conclave restore canary v1", "script " + script, "set " + manifest["set"], "challenge " + data["challenge"]]
        (work / "restored.message").write_text("".join(line + "\n" for line in lines))
        (work / "restored.signature").write_bytes(bytes.fromhex(data["signature"]))
(work / "restored.pem").write_text(manifest["public_key"])
for group in manifest["groups"]:
    for share in group["shares"]:
        state = "lost" if share["custodian"] in lost else "proven" if share["custodian"] in shown else "not requested"
        print(f"     share of {share['name']}: {state}")
END
