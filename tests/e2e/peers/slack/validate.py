#!/usr/bin/env python3
"""Holds what a bot sent to Slack against Slack's own models (slack_sdk), and against limits they do not know.

Standard input: one JSON object a line, {"method": "chat.postMessage", "args": {...}}.
Prints a line for each thing that is wrong; exits 1 if anything is, 2 if nothing was there to look at."""
import json
import logging
import sys

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View


class Heard(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def lost(sent, kept, at=""):
    """What went into a model and did not come out: a key or an element Slack does not know."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        for name, value in sent.items():
            if value is None:
                continue
            if name not in kept:
                yield f"{at}/{name} is not known"
            else:
                yield from lost(value, kept[name], f"{at}/{name}")
    elif isinstance(sent, list) and isinstance(kept, list):
        if len(sent) != len(kept):
            yield f"{at}: {len(sent)} sent, {len(kept)} known"
        for i, (a, b) in enumerate(zip(sent, kept)):
            yield from lost(a, b, f"{at}/{i}")


def longer(at, text, most):
    if len(text or "") > most:
        yield f"{at}: {len(text)} characters, at most {most}"


def text_of(at, obj, most, plain=False):
    if not isinstance(obj, dict) or not obj.get("text"):
        yield f"{at}: no text"
        return
    if plain and obj.get("type") != "plain_text":
        yield f"{at}: {obj.get('type')} where plain text belongs"
    yield from longer(at, obj["text"], most)


def element(at, e):
    kind = e.get("type")
    yield from longer(f"{at} action_id", e.get("action_id"), 255)
    if kind == "button":
        yield from text_of(at, e.get("text"), 75, plain=True)
        yield from longer(f"{at} value", e.get("value"), 2000)
    options = (e.get("options") or []) + [o for g in e.get("option_groups") or [] for o in g["options"]]
    most = {"checkboxes": 10, "radio_buttons": 10, "overflow": 5}.get(kind, 100)
    if "options" in e and not 1 <= len(e["options"]) <= most:
        yield f"{at}: {len(e['options'])} options, 1 to {most}"
    rich = kind in ("checkboxes", "radio_buttons")
    for i, o in enumerate(options):
        yield from text_of(f"{at} option {i}", o.get("text"), 75, plain=not rich)
        yield from longer(f"{at} option {i} value", o.get("value"), 150)
        if "description" in o:
            yield from text_of(f"{at} option {i} description", o["description"], 75, plain=not rich)
    for group in e.get("option_groups") or []:
        yield from text_of(f"{at} group", group.get("label"), 75, plain=True)
        if len(group["options"]) > 100:
            yield f"{at}: a group of {len(group['options'])}"
    chosen = e.get("initial_options")
    if chosen is not None and not chosen:
        yield f"{at}: initial_options is empty"
    for one in (chosen or []) + ([e["initial_option"]] if e.get("initial_option") else []):
        if one not in options:
            yield f"{at}: an initial option that is no option"
    if "placeholder" in e:
        yield from text_of(f"{at} placeholder", e["placeholder"], 150, plain=True)
    if "confirm" in e:
        for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            yield from text_of(f"{at} confirm {name}", e["confirm"].get(name), most, plain=name != "text")


def blocks(of, most):
    if len(of) > most:
        yield f"{len(of)} blocks, at most {most}"
    ids = [b["block_id"] for b in of if b.get("block_id")]
    yield from (f"block_id {i!r} twice" for i in {i for i in ids if ids.count(i) > 1})
    for n, b in enumerate(of):
        at, kind = f"block {n}", b.get("type")
        yield from longer(f"{at} block_id", b.get("block_id"), 255)
        model = Block.parse(b)
        if model is None:
            yield f"{at}: type {kind!r} is not known"
            continue
        try:
            yield from lost(b, model.to_dict(), at)
        except Exception as why:  # the models say what they refuse by raising
            yield f"{at}: {why}"
        if kind == "section":
            if "text" in b:
                yield from text_of(at, b["text"], 3000)
            for f in b.get("fields") or []:
                yield from text_of(f"{at} field", f, 2000)
            if "accessory" in b:
                yield from element(f"{at} accessory", b["accessory"])
        elif kind == "header":
            yield from text_of(at, b.get("text"), 150, plain=True)
        elif kind == "context":
            if not 1 <= len(b["elements"]) <= 10:
                yield f"{at}: {len(b['elements'])} elements, 1 to 10"
            for e in b["elements"]:
                if e.get("type") != "image":
                    yield from text_of(at, e, 3000)
        elif kind == "actions":
            if not 1 <= len(b["elements"]) <= 25:
                yield f"{at}: {len(b['elements'])} elements, 1 to 25"
            names = [e.get("action_id") for e in b["elements"]]
            yield from (f"{at}: action_id {i!r} twice" for i in {i for i in names if names.count(i) > 1})
            for i, e in enumerate(b["elements"]):
                yield from element(f"{at}/{i}", e)
        elif kind == "input":
            yield from text_of(f"{at} label", b.get("label"), 2000, plain=True)
            if "hint" in b:
                yield from text_of(f"{at} hint", b["hint"], 2000, plain=True)
            yield from element(f"{at} element", b["element"])


def view(v):
    modal = v.get("type") == "modal"
    yield from lost(v, View(**v).to_dict(), "view")
    if modal:
        yield from text_of("title", v.get("title"), 24, plain=True)
        for name in ("submit", "close"):
            if v.get(name):
                yield from text_of(name, v[name], 24, plain=True)
        if any(b.get("type") == "input" for b in v.get("blocks", [])) and not v.get("submit"):
            yield "an input and nothing to submit with"
    yield from longer("private_metadata", v.get("private_metadata"), 3000)
    yield from blocks(v.get("blocks") or [], 100)


def read(value):
    return json.loads(value) if isinstance(value, str) else value


def call(method, args):
    if method.startswith("views."):
        yield from view(read(args.get("view")))
    elif method in ("chat.postMessage", "chat.update", "chat.postEphemeral"):
        of = read(args.get("blocks") or [])
        yield from blocks(of, 50)
        yield from longer("text", args.get("text"), 40000)
        if of and not args.get("text"):
            yield "blocks without a text"
        meta = read(args.get("metadata"))
        if meta and not (isinstance(meta.get("event_type"), str) and isinstance(meta.get("event_payload"), dict)):
            yield "metadata without event_type or event_payload"
        if meta and not all(isinstance(v, str) for v in meta["event_payload"].values()):
            yield "metadata with a value that is no string"
        for word in ("<!channel>", "<!here>", "<!everyone>"):
            if word in json.dumps(args):
                yield f"{word} pings everybody"


def main():
    heard = Heard()
    log = logging.getLogger("slack_sdk")
    log.addHandler(heard)
    log.propagate = False
    looked, wrong = {}, 0
    for line in sys.stdin:
        one = json.loads(line)
        heard.lines.clear()
        try:
            problems = list(call(one["method"], one["args"]))
        except Exception as why:
            problems = [f"{type(why).__name__}: {why}"]
        looked[one["method"]] = looked.get(one["method"], 0) + 1
        for problem in problems + heard.lines:
            wrong += 1
            if wrong <= 50:
                print(f"{one['method']}: {problem[:300]}")
    print("looked at", ", ".join(f"{n} {m}" for m, n in sorted(looked.items())) or "nothing")
    sys.exit(1 if wrong else 0 if looked else 2)


main()
