"""Holds recorded requests to Discord against its public API description, and against the limits that one does not carry.

usage: validate.py LOG.json    a list of {method, url, reqBody}; prints a line for each route, ends with 1 on findings
needs: jsonschema, referencing
"""

import json
import pathlib
import re
import sys

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SPEC = json.loads(pathlib.Path(__file__).with_name("openapi.json").read_text())


def close(schema):
    """The description allows any further key, so that a misspelt one would pass: close the objects of requests."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            close(value)
    elif isinstance(schema, list):
        for value in schema:
            close(value)


for name, schema in SPEC["components"]["schemas"].items():
    if "Request" in name or name.startswith("RichEmbed") or name.startswith("ApplicationCommand") and name.endswith("Option"):
        close(schema)
REGISTRY = Registry().with_resource("urn:discord", Resource(contents=SPEC, specification=DRAFT202012))
ROUTES = sorted(
    ((re.compile("^" + re.sub(r"\{[^}]+\}", "[^/]+", path) + "$"), path) for path in SPEC["paths"]),
    key=lambda route: route[1].count("{"),
)


def route_of(method, url):
    path = url.split("?")[0].removeprefix("/api/v10")
    return next((p for pattern, p in ROUTES if pattern.match(path) and method.lower() in SPEC["paths"][p]), None)


def leaves(error):
    """Of a tree of alternatives, the one that came nearest."""
    if not error.context:
        return [f"{error.json_path}: {error.message[:200]}"]
    ways = {}
    for inner in error.context:
        ways.setdefault(inner.schema_path[0], []).append(inner)
    other_kind = lambda way: any(e.path and e.path[-1] == "type" for e in way)
    nearest = min(ways.values(), key=lambda way: (other_kind(way), len(way)))
    return [leaf for inner in nearest for leaf in leaves(inner)]


def by_description(method, url, body):
    path = route_of(method, url)
    if path is None:
        return None, ["there is no such route"]
    request = SPEC["paths"][path][method.lower()].get("requestBody")
    if request is None:
        return path, [] if body in (None, "") else ["this route takes no body"]
    step = path.replace("~", "~0").replace("/", "~1")
    at = f"urn:discord#/paths/{step}/{method.lower()}/requestBody/content/application~1json/schema"
    errors = Draft202012Validator({"$ref": at}, registry=REGISTRY).iter_errors(body)
    return path, [leaf for error in errors for leaf in leaves(error)]


MESSAGES = re.compile(r"/messages(/\d+)?$|/messages/@original$|^/api/v10/webhooks/\d+/[^/]+$")


def message_of(method, url, body):
    """The part of a request that is a message people see, if it is one."""
    path = url.split("?")[0].replace("%40", "@")
    if not isinstance(body, dict) or method not in ("POST", "PATCH"):
        return None
    if path.endswith("/callback"):
        return body.get("data") if body.get("type") in (4, 7) else None
    return body if MESSAGES.search(path) else None


def total(embed):
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields") or []:
        texts += [field["name"], field["value"]]
    return sum(len(text or "") for text in texts)


def by_limits(method, url, body):
    """What Discord documents and its description does not say."""
    message = message_of(method, url, body)
    if message is None:
        return []
    found = []
    mentions = message.get("allowed_mentions")
    if not isinstance(mentions, dict) or mentions.get("parse") != []:
        found.append("allowed_mentions does not silence what people typed")
    if len(message.get("content") or "") > 2000:
        found.append("content has more than 2000 characters")
    if len(str(message.get("nonce") or "")) > 25:
        found.append("nonce has more than 25 characters")
    rows = message.get("components") or []
    if len(rows) > 5:
        found.append("more than 5 rows")
    ids = []
    for row in rows:
        inner = row.get("components") or []
        if len(inner) > (1 if any(c["type"] != 2 for c in inner) else 5):
            found.append("a row holds too much")
        for c in inner:
            ids.append(c.get("custom_id"))
            options = c.get("options") or []
            if c["type"] == 3 and not (c.get("min_values", 1) <= c.get("max_values", 1) <= len(options)):
                found.append("a select wants more than it offers")
            if sum(bool(o.get("default")) for o in options) > c.get("max_values", 1):
                found.append("a select has more chosen than it takes")
    if len(ids) != len(set(ids)):
        found.append("an id stands there twice")
    characters = sum(total(embed) for embed in message.get("embeds") or [])
    if characters > 6000:
        found.append(f"embeds have {characters} characters together")
    return found


def main(log):
    routes = {}
    for entry in json.loads(pathlib.Path(log).read_text()):
        method, url, body = entry["method"], entry["url"], entry.get("reqBody") or None
        path, found = by_description(method, url, body)
        count, all_found = routes.setdefault((method, path or url.split("?")[0]), [0, set()])
        routes[(method, path or url.split("?")[0])][0] = count + 1
        all_found.update(found + by_limits(method, url, body))
    for (method, path), (count, found) in sorted(routes.items()):
        print("BAD" if found else "ok ", f"{count:5}", method, path)
        for finding in sorted(found):
            print("          ", finding)
    bad = sum(bool(found) for _, found in routes.values())
    print(f"{len(routes)} routes, {bad} with findings")
    return 1 if bad or not routes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
