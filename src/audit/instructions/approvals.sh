
# 7. Participants approved with approval tokens. At attendance, an approval token signs four lines: a phrase, the SHA-256
#    of the script, the ID of the person in the script, and a random challenge. An approval is a signature over five
#    lines: a phrase, the SHA-256 of the script, the SHA-256 of all previous events, the ID of the person, and the
#    SHA-256 of the approved event.

python3 - "$work" <<'END'
import hashlib, json, pathlib, sys
work = pathlib.Path(sys.argv[1])
script = hashlib.sha256(open("script.toml", "rb").read()).hexdigest()
def canonical(value):
    if isinstance(value, dict):
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return json.dumps(value)
def digest(value):
    return hashlib.sha256(canonical(value).encode()).hexdigest()
def keep(person, seq, lines, signature):
    name = work / f"{person}.{seq}.own"
    name.with_suffix(".own-message").write_text("".join(line + "\n" for line in lines))
    name.with_suffix(".own-signature").write_bytes(bytes.fromhex(signature))
before = hashlib.sha256(b"").hexdigest()
for text in open("transcript.jsonl", "rb"):
    line = json.loads(text)
    step, event, data = line["step"], line["event"], line.get("data")
    if event == "opened":
        for person, public_key in data.get("simulated_approvals", {}).items():
            (work / f"{person}.own-simulated.pem").write_text(public_key)
    if event == "approval-token-proven":
        person = line["people"][0]
        keep(person, line["seq"], ["conclave approval token v1", script, person, data["challenge"]], data["signature"])
    approvals = data.get("approvals", []) if isinstance(data, dict) else []
    for approval in approvals:
        if "signature" in approval:
            person, rest = approval["person"], {name: data[name] for name in data if name != "approvals"}
            what = digest({"step": step, "event": event, "data": rest})
            keep(person, line["seq"], ["conclave approval v1", script, before, person, what], approval["signature"])
        assert ("signature" in approval) == (approval["strength"] == "token"), "an approval without its signature"
    before = digest({"before": before, "step": step, "people": line["people"], "event": event, "data": data})
END
