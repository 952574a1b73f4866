
#    The root file contains the signed message, exactly these signatures, and for each key ID the public key in keys/.
#    A key ID is the SHA-256 of the key object in canonical JSON; key IDs of the previous root are not changed.

python3 - "$work" "$root" "$before" <<'END'
import base64, hashlib, json, pathlib, subprocess, sys
work, root = pathlib.Path(sys.argv[1]), json.load(open(sys.argv[2]))
before = json.load(open(sys.argv[3]))["signed"] if sys.argv[3] else None
signed = root["signed"]
assert signed == json.loads((work / "root.message").read_bytes(), strict=False), "another message was signed"
def canonical(value):
    if isinstance(value, dict):
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in sorted(value)) + "}"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return json.dumps(value)
def public(document, key_id):
    text = document["keys"][key_id]["keyval"]["public"]
    if document["_type"] == "Root":  # Notary: a certificate
        show = ["openssl", "x509", "-pubkey", "-noout"]
        text = subprocess.run(show, input=base64.b64decode(text), stdout=subprocess.PIPE, check=True).stdout.decode()
    return text.strip()
def as_in_file(signature, pem):
    if signed["_type"] != "Root":
        return signature.hex()
    half = 48 if len(pem) > 200 else 32  # Notary: r and s, each with the length of the curve
    r, s = signature[4 : 4 + signature[3]], signature[6 + signature[3] :]
    raw = b"".join(int.from_bytes(part, "big").to_bytes(half, "big") for part in (r, s))
    return base64.b64encode(raw).decode()
documents = [signed] if before is None else [before, signed]
signatures = {}
for path in work.glob("*.root.keyid"):
    name, key_id = path.name.removesuffix(".root.keyid"), path.read_text()
    pem = open(f"keys/{name}.pub.pem").read()
    raw = base64.b64decode("".join(pem.splitlines()[1:-1]))[-32:].hex()
    document = signed if key_id in signed["keys"] else before
    key = document["keys"][key_id]
    assert public(document, key_id) == (raw if key["keytype"] == "ed25519" else pem.strip()), name
    if before is None or key_id not in before["keys"]:
        assert key_id == hashlib.sha256(canonical(key).encode()).hexdigest(), name
    for other in documents:
        for other_id in other["roles"]["root"]["keyids"]:
            if public(other, other_id) == public(document, key_id):
                signatures[other_id] = as_in_file((work / f"{name}.root.signature").read_bytes(), pem)
assert signatures == {entry["keyid"]: entry["sig"] for entry in root["signatures"]}, "the signatures differ"
for document in documents:
    role = document["roles"]["root"]
    count = len({public(document, key_id) for key_id in role["keyids"] if key_id in signatures})
    assert count >= role["threshold"] > 0, "fewer signatures than the threshold"
    print(f"[ok] {count} of {len(role['keyids'])} keys of root {document['version']} signed; {role['threshold']} required")
if before is not None:
    assert signed["version"] == before["version"] + 1, "the version is not the next version"
END
