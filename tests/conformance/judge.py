"""Holds HTTP exchanges against the vendor's OpenAPI files: JSON on standard input, verdicts as JSON on standard output.

Validation is openapi-core's. It lets unknown names pass, so names that the files do not declare are looked for here.
With the command `describe` it answers with the operations themselves, every reference resolved, and with `events` with
the schemas whose titles name them.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict


class Loader(yaml.CSafeLoader):
    """YAML as JSON knows it: dates stay text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class References:
    """The references of one document, each resolved once."""

    def __init__(self, document):
        self.document, self.resolved = document, {}

    def resolve(self, node):
        """The node with every reference in it replaced by what it names. What contains itself leads back to itself."""
        if isinstance(node, list):
            return [self.resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return {key: self.resolve(value) for key, value in node.items()}
        if reference not in self.resolved:
            target = self.find(reference)
            # Known before it is filled, so that what is inside finds it.
            whole = self.resolved[reference] = {}
            whole.update(self.resolve(target))
        return self.resolved[reference]

    def find(self, reference):
        """What a reference names, which is no reference itself."""
        target = self.document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        inner = target.get("$ref")
        return self.find(inner) if isinstance(inner, str) else target


class Operation:
    """One operation of one file."""

    def __init__(self, file, document, path, method):
        self.file, self.document = file, document
        resolve = References(document).resolve
        item = document["paths"][path]
        own = resolve(item[method])
        self.title = own.get("summary", "")
        self.body = own.get("requestBody", {}).get("content", {})
        self.responses = own["responses"]
        parameters = {(one["name"], one["in"]): one for one in resolve(item.get("parameters", [])) + own.get("parameters", [])}
        # OpenAPI ignores header parameters of these names (3.0, Parameter Object).
        ignored = {"accept", "content-type", "authorization"}
        self.parameters = [
            one for one in parameters.values() if one["in"] != "header" or one["name"].lower() not in ignored
        ]

    def describe(self):
        """What the file says of the operation."""
        responses = [
            {
                "status": status,
                "media_type": media_type,
                "schema": media.get("schema"),
                "examples": examples(media),
            }
            for status, response in self.responses.items()
            for media_type, media in (response.get("content") or {"": {}}).items()
        ]
        body = self.body.get("application/json", {})
        return {
            "file": self.file,
            "title": self.title,
            "parameters": self.parameters,
            "body": body.get("schema"),
            "body_examples": examples(body),
            "responses": responses,
        }


def examples(media):
    """The examples of a media type. `text` is laid out over lines, so that whoever writes it anew changes its bytes."""
    named = {name: example["value"] for name, example in media.get("examples", {}).items() if "value" in example}
    if "example" in media:
        named["example"] = media["example"]
    return [{"name": name, "value": value, "text": json.dumps(value, indent=3)} for name, value in named.items()]


def load(folder, wanted):
    """The operations by the caller's id, as far as a file has them below a server of their API version. No two files may."""
    documents = {}
    for path in sorted(Path(folder).rglob("*.yml")):
        text = path.read_text()
        # Reading YAML is slow, and most files hold none of the paths.
        if any(f"{one['path']}'" in text or f"{one['path']}:" in text for one in wanted):
            documents[path.relative_to(folder).as_posix()] = yaml.load(text, Loader)
    operations = {}
    for one in wanted:
        method = one["method"].lower()
        found = [
            Operation(file, document, one["path"], method)
            for file, document in documents.items()
            if method in document["paths"].get(one["path"], {})
            and any(server["url"].endswith(one["base"]) for server in document["servers"])
        ]
        if len(found) > 1:
            raise SystemExit(f"{one['id']}: {method} {one['path']} stands in {[each.file for each in found]}")
        operations.update({one["id"]: each for each in found})
    return operations


def events(folder):
    """The schemas of events, by the titles that name them."""
    document = yaml.load((Path(folder) / "webhooks.v3.yml").read_text(), Loader)
    schemas = document["components"]["schemas"]
    resolve = References(document).resolve
    return {schema["title"]: resolve(schema) for schema in schemas.values() if "/" in schema.get("title", "")}


def undeclared(schema, value, at=""):
    """Paths in `value` that the schema has no name for. What has neither properties nor items is free."""
    schemas = variants(schema)
    if isinstance(value, list):
        items = [one["items"] for one in schemas if "items" in one]
        for item in value if items else []:
            yield from undeclared({"anyOf": items}, item, at)
    if not isinstance(value, dict):
        return
    declared = {}
    for one in schemas:
        for name, inner in one.get("properties", {}).items():
            declared.setdefault(name, []).append(inner)
    if not declared:
        return
    free = [one["additionalProperties"] for one in schemas if one.get("additionalProperties")]
    for name, inner in value.items():
        path = f"{at}.{name}".lstrip(".")
        if name in declared:
            yield from undeclared({"anyOf": declared[name]}, inner, path)
        elif not free:
            yield path


def variants(schema):
    """The schema and every schema that it is put together from."""
    found = [schema] if isinstance(schema, dict) else []
    for key in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(key, []) if found else []:
            found += variants(part)
    return found


def faults(errors):
    """Each error as `{at, rule, says}`, from the innermost cause that tells."""
    for error in errors:
        name, causes, cause = getattr(error, "name", ""), [], error
        while cause is not None:
            causes, last = getattr(cause, "schema_errors", None) or causes, cause
            cause = cause.__cause__
        for inner in causes:
            steps = [name, *(step for step in inner.absolute_path if isinstance(step, str))]
            # The message tells which name is missing; those of other rules hold the value.
            rule = inner.message if inner.validator == "required" else inner.validator
            yield {"at": ".".join(filter(None, steps)), "rule": rule, "says": inner.message[:300]}
        if not causes:
            yield {"at": name, "rule": type(last).__name__, "says": str(last)[:300]}


def as_request(given):
    """A request in the form that openapi-core asks for."""
    url, headers = urlsplit(given["url"]), Headers(given["headers"])
    return SimpleNamespace(
        host_url=f"{url.scheme}://{url.netloc}",
        path=url.path,
        method=given["method"].lower(),
        body=given["body"].encode() if given["body"] is not None else None,
        content_type=headers.get("Content-Type", ""),
        parameters=RequestParameters(
            query=ImmutableMultiDict(parse_qsl(url.query, keep_blank_values=True)), header=headers
        ),
    )


def judge_request(validator, operation, request):
    """What is wrong with a request."""
    found = list(faults(validator.iter_request_errors(request)))
    names = {one["name"] for one in operation.parameters if one["in"] == "query"}
    paths = [name for name in request.parameters.query if name not in names]
    if request.body is not None:
        paths += undeclared(operation.body["application/json"]["schema"], json.loads(request.body))
    return found + [undeclared_fault(path) for path in paths]


def judge_response(validator, operation, request, given):
    """What is wrong with an answer."""
    headers = Headers(given["headers"])
    body = given["body"].encode()
    content_type = headers.get("Content-Type", "")
    response = SimpleNamespace(
        status_code=given["status"], headers=headers, content_type=content_type, data=body or None
    )
    declared = operation.responses.get(str(given["status"]))
    success = next((status for status in operation.responses if status.startswith("2")), None)
    if declared is None and body and 200 <= given["status"] < 300 and success:
        # A success under another number than the file's: that is told, and the rest is judged all the same.
        as_declared = {**given, "status": int(success)}
        status = {"at": "", "rule": "undeclared status", "says": f"the file declares {success}"}
        return [status, *judge_response(validator, operation, request, as_declared)]
    content = (declared or {}).get("content", {})
    if not body and declared is not None and not content:
        # An empty answer, and the file wants none; openapi-core misses a body all the same.
        return []
    found = list(faults(validator.iter_response_errors(request, response)))
    schema = content.get(content_type.split(";")[0], {}).get("schema", {})
    paths = undeclared(schema, json.loads(body)) if body and "json" in content_type else []
    return found + [undeclared_fault(path) for path in paths]


def undeclared_fault(path):
    return {"at": path, "rule": "undeclared", "says": "the file declares no such name"}


def main():
    given = json.load(sys.stdin)
    if given["command"] == "events":
        json.dump(events(given["folder"]), sys.stdout)
        return
    operations = load(given["folder"], given["operations"])
    if given["command"] == "describe":
        json.dump({id: operation.describe() for id, operation in operations.items()}, sys.stdout)
        return
    # The vendor's files are judged as they are: whether they are good OpenAPI is not the question.
    config = Config(spec_validator_cls=None)
    validators = {one.file: OpenAPI.from_dict(one.document, config=config) for one in operations.values()}
    verdicts = []
    for exchange in given["exchanges"]:
        operation = operations[exchange["operation"]]
        validator, request = validators[operation.file], as_request(exchange["request"])
        verdict = judge_request(validator, operation, request)
        if exchange["response"] is not None:
            verdict = judge_response(validator, operation, request, exchange["response"])
        verdicts.append(verdict)
    json.dump(verdicts, sys.stdout)


main()
