
# 4. Extract the signed messages from the transcript. A proof of possession is a signature over five lines: a phrase
#    that differs between rehearsal and production, the SHA-256 of the script, the ID of the key in the script, the
#    occasion, and a random challenge. The signed part of a root is its canonical JSON, contained in the event
#    "root-composed".

python3 - "$work" <<'END'
import hashlib, json, pathlib, sys
work = pathlib.Path(sys.argv[1])
script = hashlib.sha256(open("script.toml", "rb").read()).hexdigest()
keys = {}
def folder(name):
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    return "_" + name if name.startswith(".") else name
for text in open("transcript.jsonl", "rb"):
    line = json.loads(text)
    event, data = line["event"], line.get("data")
    of = work  # each further repository has its own folder
    if event == "in-repository":
        of = work / folder(data["repository"])
        event, data = data["event"]["event"], data["event"]["data"]
    of.mkdir(exist_ok=True)
    if event == "key-generated":
        keys[data["key"]] = data["public_key"]
    if event == "opened":
        keys.update(data.get("simulated_keys", {}))  # simulated keys replace enrolled keys
    if event in ("regeneration-decided", "spare-taken"):
        keys.pop(data["key"], None)  # another key replaces it
    if event == "possession-proven":
        proof = data["key"] + "." + data["occasion"]
        domain = "conclave proof of possession v1" + (", rehearsal" if line["mode"] == "rehearsal" else "")
        message = [domain, script, data["key"], data["occasion"], data["challenge"]]
        (work / (proof + ".message")).write_text("".join(part + "\n" for part in message))
        (work / (proof + ".signature")).write_bytes(bytes.fromhex(data["signature"]))
    if event == "root-composed":
        (of / "root.message").write_bytes(data["signed"].encode())
    if event == "opened" and data.get("simulated_root"):
        (work / "before.root.json").write_text(data["simulated_root"]["file"])
        for name, root in data.get("simulated_further_roots", {}).items():
            (work / folder(name)).mkdir()
            (work / folder(name) / "before.root.json").write_text(root["file"])
    if event in ("signed", "signature-collected"):
        (of / (data["key"] + ".root.signature")).write_bytes(bytes.fromhex(data["signature"]))
        (of / (data["key"] + ".root.keyid")).write_text(data["key_id"])
for name, public_key in keys.items():
    assert open(f"keys/{name}.pub.pem").read() == public_key, f"keys/{name}.pub.pem differs from the transcript"
END
