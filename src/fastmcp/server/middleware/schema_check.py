"""Checking values against a JSON Schema (2020-12), compiled once.

All assertions are known but `unevaluatedItems` and `unevaluatedProperties`; `format` is no
assertion. Anchors and references to other documents allow everything: nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from fastmcp._components.schemas.pointers import pointed_at

from .assertions import (
    Check,
    Json,
    Problems,
    all_different,
    all_fits,
    chosen_by,
    containing,
    every,
    listed,
    matching,
    members,
    named,
    nothing_fits,
    of_type,
    one_of,
    regex,
    requiring,
    some_of,
    unlike,
    where_given,
)
from .schema_bounds import limits_of


def schema_check(schema: Json) -> Callable[[Any], Problems]:
    """What tells, of a value, where and how it breaks the schema."""
    check = _Compiler(schema).compile(schema)

    def problems_of(value: Any) -> Problems:
        problems: Problems = []
        try:
            check(value, (), problems)
        except RecursionError:
            return [((), "The arguments are nested too deeply to be checked")]
        return problems

    return problems_of


class _Compiler:
    def __init__(self, root: Json) -> None:
        self._root = root
        self._made: dict[int, list[Check]] = {}

    def compile(self, node: Any) -> Check:
        """The check of a schema, which may refer to itself."""
        if not isinstance(node, dict):
            return nothing_fits if node is False else all_fits
        schema = cast("Json", node)
        known = self._made.get(id(schema))
        if known is not None:
            return lambda value, path, problems: known[0](value, path, problems)
        made = self._made[id(schema)] = []
        made.append(every(self._checks(schema)))
        return made[0]

    def _checks(self, schema: Json) -> list[Check]:
        checks: list[Check] = []
        if "type" in schema:
            checks.append(of_type(schema["type"]))
        if "enum" in schema:
            checks.append(one_of(schema["enum"]))
        if "const" in schema:
            checks.append(one_of([schema["const"]]))
        checks += limits_of(schema)
        if isinstance(pattern := schema.get("pattern"), str):
            checks.append(matching(regex(pattern)))
        if schema.get("uniqueItems") is True:
            checks.append(all_different)
        checks += self._of_objects(schema) + self._of_lists(schema) + self._combined(schema)
        ref = schema.get("$ref")
        target = pointed_at(self._root, ref) if isinstance(ref, str) else None
        if target is not None:
            checks.append(self.compile(target))
        return checks

    def _of_objects(self, schema: Json) -> list[Check]:
        checks: list[Check] = []
        each = {name: self.compile(one) for name, one in schema.get("properties", {}).items()}
        patterns = [
            (regex(pattern), self.compile(one))
            for pattern, one in schema.get("patternProperties", {}).items()
        ]
        more = schema.get("additionalProperties", True)
        rest = None if more is True else self.compile(more)
        if each or patterns or rest is not None:
            checks.append(members(each, patterns, rest))
        if required := schema.get("required"):
            checks.append(requiring(required))
        if "propertyNames" in schema:
            checks.append(named(self.compile(schema["propertyNames"])))
        for name, needed in schema.get("dependentRequired", {}).items():
            checks.append(where_given(name, requiring(needed)))
        for name, needed in schema.get("dependentSchemas", {}).items():
            checks.append(where_given(name, self.compile(needed)))
        return checks

    def _of_lists(self, schema: Json) -> list[Check]:
        checks: list[Check] = []
        first = [self.compile(one) for one in schema.get("prefixItems", ())]
        rest = self.compile(schema["items"]) if "items" in schema else None
        if first or rest is not None:
            checks.append(listed(first, rest))
        if "contains" in schema:
            least, most = schema.get("minContains", 1), schema.get("maxContains")
            checks.append(containing(self.compile(schema["contains"]), least, most))
        return checks

    def _combined(self, schema: Json) -> list[Check]:
        checks = [self.compile(one) for one in schema.get("allOf", ())]
        for name in ("anyOf", "oneOf"):
            if options := schema.get(name):
                checks.append(some_of([self.compile(one) for one in options], name == "oneOf"))
        if "not" in schema:
            checks.append(unlike(self.compile(schema["not"])))
        if "if" in schema:
            then, other = schema.get("then", True), schema.get("else", True)
            chosen = self.compile(schema["if"]), self.compile(then), self.compile(other)
            checks.append(chosen_by(*chosen))
        return checks
