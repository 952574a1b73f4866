
# 3. The transcript is complete. Each line of transcript.jsonl is an entry. Its "prev" is the SHA-256 of the previous
#    line without the line feed; the "prev" of the first line is 64 zeros. The SHA-256 of the last line is the
#    transcript digest. If it equals the digest on paper, no entry was changed, added or removed.

digest=$(python3 - <<'END'
import hashlib, json
digest, first = "0" * 64, None
for number, text in enumerate(open("transcript.jsonl", "rb"), 1):
    line = json.loads(text)
    first = first or line
    assert text.endswith(b"\n"), f"line {number} is incomplete"
    assert line["seq"] == number and line["prev"] == digest, f"line {number} does not follow the previous line"
    assert line["script"] == first["script"] and line["mode"] == first["mode"], f"line {number} belongs to another ceremony"
    digest = hashlib.sha256(text[:-1]).hexdigest()
assert first["script"] == hashlib.sha256(open("script.toml", "rb").read()).hexdigest(), "script.toml is another script"
print(digest)
END
)
