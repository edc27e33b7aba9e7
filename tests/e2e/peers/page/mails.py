"""Reads what mail.py kept, with Python's own reader of mails: prints JSON, one object a mail."""

import email
import email.policy
import json
import pathlib
import sys

found = []
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.eml")):
    to, _, rest = path.read_bytes().partition(b"\n")
    mail = email.message_from_bytes(rest, policy=email.policy.default)
    found.append({
        "to": to.decode().removeprefix("To: "),
        "subject": mail["subject"],
        "id": mail["message-id"],
        "automatic": mail["auto-submitted"],
        "text": mail.get_body(("plain",)).get_content(),
        "html": mail.get_body(("html",)).get_content(),
        "defects": [str(d) for d in mail.defects],
    })
print(json.dumps(found))
