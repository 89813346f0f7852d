"""Every object of every revision passes through ours unchanged, and nothing later leaks out."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

import fastmcp.wire as wire
from fastmcp.wire.methods import METHODS, Method
from fastmcp.wire.model import Model
from fastmcp.wire.open import OpenModel
from fastmcp.wire.revisions import R2025_11_25, sieve

from .official import FOLDER, Official, samples, sources

OLD_NAMES = {"ResourceTemplateReference": "ResourceReference"}
"""Definitions that an older revision calls by another name."""

EMBEDDED = {"CreateMessageRequest", "ElicitRequest", "ListRootsRequest"}
"""Requests that are objects of ours from 2026-07-28 on; before, JSON-RPC frames of that name."""

BY_MODE = {"ElicitRequestParams", "elicitation/create"}
"""Unions whose two sides no single object can have all members of; each side is tested itself."""

ANY_KEY = {"some.key/name"}

OPEN_RESULTS = {"GetTaskPayloadResult"}
"""Results that stand for whatever another method's result is."""

DATA_TYPES: dict[str, type[Any]] = {
    name: getattr(wire, name)
    for name in wire.__all__
    if isinstance(getattr(wire, name), type)
    and issubclass(getattr(wire, name), Model | OpenModel)
    and name not in OPEN_RESULTS
}


def definition_of(official: Official, name: str) -> str | None:
    if name in EMBEDDED and not official.revision.modern:
        return None
    for candidate in (name, OLD_NAMES.get(name)):
        if candidate in official.definitions:
            return candidate
    return None


def passed_through(cls: type[Any], instance: Any) -> Any:
    if issubclass(cls, OpenModel):
        return json.loads(msgspec.json.encode(cls.model_validate(instance)))
    decoded = msgspec.json.decode(json.dumps(instance), type=cls)
    return json.loads(msgspec.json.encode(decoded))


TYPES = [
    pytest.param(official, definition, cls, id=f"{official}-{name}")
    for official in sources()
    for name, cls in DATA_TYPES.items()
    if (definition := definition_of(official, name)) is not None
]

PARAMS: list[Any] = [
    pytest.param(official, METHODS[method], id=f"{official}-{method}")
    for official in sources()
    for method in official.params
]


@pytest.mark.parametrize(("official", "definition", "cls"), TYPES)
def test_official_objects_pass_through_unchanged(
    official: Official, definition: str, cls: type[Any]
) -> None:
    """What the revision allows decodes into ours and encodes to the same members."""
    instances = samples(official, official.named(definition))
    assert instances
    for instance in instances:
        encoded = passed_through(cls, instance)
        assert encoded == instance
        official.validate(official.named(definition), encoded)
        if definition in official.models:
            official.models[definition].model_validate(encoded)


@pytest.mark.parametrize(("official", "row"), PARAMS)
def test_official_params_pass_through_unchanged(official: Official, row: Method) -> None:
    """The params of each method decode by its row and encode to the same members."""
    schema = official.params[row.name]
    for instance in [{}] if schema is None else samples(official, schema):
        assert passed_through(row.params, instance) == instance


def merged(a: Any, b: Any) -> Any:
    """Join an older and a newer instance of one type into one with the members of both."""
    if isinstance(a, dict) and isinstance(b, dict):
        if a.keys() == ANY_KEY != b.keys():  # only the newer revision gives it members
            return b or a
        return {key: merged(a.get(key, b.get(key)), b.get(key, a.get(key))) for key in {**a, **b}}
    if isinstance(a, list) and isinstance(b, list) and a and b:
        return [merged(a[0], b[0]), *a[1:]]
    return a


def everything(name: str) -> Any:
    """Return one instance with every member that any revision gives the type."""
    whole: Any = dict.fromkeys(ANY_KEY)
    for official in sources():
        definition = definition_of(official, name)
        if definition is not None:
            whole = merged(whole, samples(official, official.named(definition))[0])
    return whole


def everything_for(row: Method) -> Any:
    whole: Any = dict.fromkeys(ANY_KEY)
    for official in sources():
        schema = official.params.get(row.name)
        if schema is not None:
            whole = merged(whole, samples(official, schema)[0])
    return whole


def without_exceptions(encoded: Any, official: Official) -> Any:
    """Leave out what is sent on purpose although the revision's schema does not have it."""
    if official.revision == R2025_11_25 and isinstance(encoded, dict):
        capabilities = encoded.get("capabilities", encoded)
        capabilities.pop("extensions", None)
    return encoded


def members_missing(encoded: Any, expected: Any, path: str = "$") -> list[str]:
    """List the members of `expected` that `encoded` lacks."""
    if isinstance(expected, dict) and isinstance(encoded, dict):
        missing = [f"{path}.{key}" for key in expected if key not in {*encoded, *ANY_KEY}]
        for key in expected.keys() & encoded.keys():
            missing += members_missing(encoded[key], expected[key], f"{path}.{key}")
        return missing
    if isinstance(expected, list) and isinstance(encoded, list) and expected and encoded:
        return members_missing(encoded[0], expected[0], f"{path}[0]")
    return []


SIEVED = [
    pytest.param(official, definition, cls, id=f"{official}-{name}")
    for official in sources()
    for name, cls in DATA_TYPES.items()
    if issubclass(cls, Model)
    and name not in BY_MODE
    and (definition := definition_of(official, name)) is not None
]


@pytest.mark.parametrize(("official", "definition", "cls"), SIEVED)
def test_a_sieved_object_has_exactly_the_members_of_the_revision(
    official: Official, definition: str, cls: type[Model]
) -> None:
    """From an object with all members of all revisions, exactly its own are left."""
    whole = everything(cls.__name__)
    model = msgspec.json.decode(json.dumps(whole), type=cls)
    encoded = without_exceptions(
        json.loads(msgspec.json.encode(sieve(model, official.revision))), official
    )
    official.validate(official.named(definition), encoded)
    expected = samples(official, official.named(definition))[0]
    assert members_missing(encoded, expected) == []
    assert json.loads(msgspec.json.encode(model)) == whole


@pytest.mark.parametrize(
    ("official", "row"), [param for param in PARAMS if param.values[1].name not in BY_MODE]
)
def test_sieved_params_have_exactly_the_members_of_the_revision(
    official: Official, row: Method
) -> None:
    """From params with all members of all revisions, exactly its own are left."""
    schema = official.params[row.name]
    if schema is None:
        schema = {"type": "object", "properties": {}}
    model = msgspec.json.decode(json.dumps(everything_for(row)), type=row.params)
    encoded = without_exceptions(
        json.loads(msgspec.json.encode(sieve(model, official.revision))), official
    )
    # A schema that spells params out inside the request leaves `_meta` to JSON-RPC's own.
    encoded.pop("_meta", None)
    validated = {**official.resolve(schema)}
    validated["required"] = [name for name in validated.get("required", ()) if name != "_meta"]
    official.validate(validated, encoded)
    expected = samples(official, schema)
    expected_members = {k: v for k, v in (expected or [{}])[0].items() if k != "_meta"}
    assert members_missing(encoded, expected_members) == []


def example_of(path: Path) -> tuple[type[Any], Any] | None:
    """Return the object an example file shows and our type of it, or None if we have none."""
    example = json.loads(path.read_text())
    name = path.parent.name
    if name in DATA_TYPES:
        if name in EMBEDDED:
            example.pop("id", None)
        return DATA_TYPES[name], example
    if "method" in example:
        return METHODS[example["method"]].params, example.get("params", {})
    if name.endswith("ResultResponse"):
        if example["result"].get("resultType") == "input_required":
            return wire.InputRequiredResult, example["result"]
        return DATA_TYPES[name.removesuffix("Response")], example["result"]
    return None


EXAMPLES = {
    f"{path.parent.name}-{path.stem}": example
    for path in (sorted((FOLDER / "2026-07-28-examples").glob("*/*.json")) if FOLDER else ())
    if (example := example_of(path)) is not None
}


if FOLDER is not None:  # the examples are published with the schemas, and in no package

    @pytest.mark.parametrize(("cls", "example"), EXAMPLES.values(), ids=EXAMPLES)
    def test_official_examples_pass_through_unchanged(cls: type[Any], example: Any) -> None:
        """Each example of the specification decodes and encodes to the same members."""
        encoded = passed_through(cls, example)
        if example.get("isError") is False:  # the one default that some write and we do not
            encoded["isError"] = False
        assert encoded == example
