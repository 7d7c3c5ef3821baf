"""GitHub's own description of its API (OpenAPI 3.0), and what is wrong with an answer by it."""

import json

from openapi_schema_validator import OAS30Validator, oas30_format_checker

# Answers that any operation may give, and few are described with.
USUAL = {
    401: "requires_authentication",
    403: "forbidden",
    404: "not_found",
    422: "validation_failed",
}

# Fields that GitHub sends and does not describe: in environments (google/go-github#2721), and in what
# the host for files refuses (octokit/octokit.js#721).
UNDESCRIBED = {"can_admins_bypass", "request_id"}


def nullable(schema):
    """Takes `nullable` at its word beside a choice, where OpenAPI 3.0 lets it count for nothing."""
    if schema.get("nullable") is True:
        for key in ("anyOf", "oneOf"):
            if key in schema:
                schema[key].append({"enum": [None]})
    return schema


class Description:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.whole = json.load(file, object_hook=nullable)

    def faults(self, operation, status, kind, body):
        """What is wrong with an answer to `GET /some/{path}`, which came as this media type."""
        method, path = operation.split(" ", 1)
        described = self.whole["paths"][path][method.lower()]["responses"]
        answer = described.get(str(status))
        if answer is None and status in USUAL:
            answer = {"$ref": f"#/components/responses/{USUAL[status]}"}
        if answer is None:
            return [f"no answer {status} is described"]
        content = self.resolved(answer).get("content", {})
        if status == 204 or 300 <= status < 400:
            return [f"{status} has a body"] if body else []
        if kind.split(";")[0] != "application/json":
            return [f"it is {kind}"]
        # Some refusals are described without their bodies; they have the usual ones all the same.
        schema = content.get("application/json", {}).get("schema") or self.usual(status)
        value = json.loads(body)
        found = [f"{fault.json_path}: {fault.message}" for fault in self.validated(schema, value)]
        if status >= 400:
            # Every refusal has both of these, though not every one is described with them.
            found += [
                f"no {name}" for name in ("message", "documentation_url") if not value.get(name)
            ]
            found += ["another status"] if value.pop("status", str(status)) != str(status) else []
        return found + list(self.strange(schema, value, "$"))

    def usual(self, status):
        usual = self.whole["components"]["responses"][USUAL[status]]
        return usual["content"]["application/json"]["schema"]

    def validated(self, schema, value):
        rooted = {**schema, "components": self.whole["components"]}
        return OAS30Validator(rooted, format_checker=oas30_format_checker).iter_errors(value)

    def resolved(self, schema):
        while "$ref" in schema:
            found = self.whole
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def fields(self, schema):
        """The fields that an object may have; `None` where it may have any."""
        schema = self.resolved(schema)
        parts = [part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key, [])]
        found = dict(schema.get("properties", {}))
        if schema.get("additionalProperties") or not found and not parts:
            return None
        for part in parts:
            inner = self.fields(part)
            if inner is None:
                return None
            found |= inner
        return found

    def strange(self, schema, value, at):
        """Fields that the description does not know, which a validator would let pass."""
        if isinstance(value, list):
            items = self.resolved(schema).get("items", {})
            for number, one in enumerate(value):
                yield from self.strange(items, one, f"{at}[{number}]")
        if not isinstance(value, dict):
            return
        fields = self.fields(schema)
        for name, one in value.items() if fields is not None else ():
            if name not in fields:
                if name not in UNDESCRIBED:
                    yield f"{at}.{name}: the description has no such field"
            else:
                yield from self.strange(fields[name], one, f"{at}.{name}")
