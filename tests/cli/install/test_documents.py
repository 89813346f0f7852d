"""Files of other programs: what is entered is there, and all else is as it was, to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastmcp.cli.install.documents.json_splice import put_json, same
from fastmcp.cli.install.documents.jsonc import DEEPEST, Fault, read
from fastmcp.cli.install.documents.yaml_splice import put_yaml, read_yaml

KEYS = ("mcpServers", "new")
ENTRY: dict[str, Any] = {"command": "uv", "args": ["run"], "env": {"KEY": "1"}}

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def put(text: str, entry: Any = ENTRY, *, whole: bool = False) -> str:
    return put_json(text, KEYS, entry, comments=True, whole=whole)


@pytest.mark.parametrize(
    "text",
    [
        *("", "  \n", "{}", "{ }\n", "{\n}\n", "{ // note\n}", "/**/{}//"),
        *('{"mcpServers": null}', '{"mcpServers": {"new": null}}'),
    ],
)
def test_a_server_is_entered_where_there_is_nothing(text: str) -> None:
    """An empty file becomes an object; comments beside it stay."""
    result = put(text)

    assert read(result).plain == {"mcpServers": {"new": ENTRY}}
    assert ("// note" in result) == ("// note" in text)


COMMENTED = """// mine
{
\t"z": [1, 2,],\t// kept
\t"mcpServers": {
\t\t"old": {"command": "x"}, // old
\t\t/* between */
\t}, // end
\t"a": 1.50
}
"""


def test_nothing_is_touched_but_what_is_entered() -> None:
    """Order, tabs, comments, commas at the end, and how numbers are written."""
    result = put(COMMENTED)
    before, after = COMMENTED.split("/* between */\n")

    assert result.startswith(before + '/* between */\n\t\t"new": {\n\t\t\t"command": "uv"')
    assert result.endswith("\t\t},\n" + after)
    assert put(result) == result


def test_comments_of_an_entry_survive_its_change() -> None:
    """Only values that differ are replaced, and members that it alone has stay."""
    text = '{"mcpServers": {"new": {\n  "command": "old", // here\n  "disabled": true\n}}}'

    result = put(text)

    assert '"command": "uv", // here' in result
    assert read(result).plain["mcpServers"]["new"] == {**ENTRY, "disabled": True}


def test_a_comment_behind_the_last_member_stays_with_it() -> None:
    """The comma goes before it, what is new below it."""
    result = put('{\n  "mcpServers": {\n    "old": {} // old\n  }\n}\n')

    assert '"old": {}, // old\n    "new": {' in result


def test_ends_of_lines_and_one_line_objects_stay_as_they_are() -> None:
    """A file of Windows gets such ends, and what is on one line stays on it."""
    windows = put('{\r\n    "mcpServers": {\r\n        "old": {}\r\n    }\r\n}\r\n')
    line = put('{"mcpServers": {"old": {}}}')

    assert windows.count("\r\n") == windows.count("\n")
    assert '\r\n        "new": {\r\n            "command"' in windows
    assert "\n" not in line


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": 1', "line 1, column 8: a comma or } is missing"),
        ('{\n  "a": 1\n  "b": 2}', "line 3, column 3: a comma or } is missing"),
        ('{"a": [1 2]}', "line 1, column 10: a comma or ] is missing"),
        ("{a: 1}", "line 1, column 2: a name in double quotes is missing"),
        ('{"a" 1}', "line 1, column 6: a colon is missing"),
        ('{"a": tru}', "line 1, column 7: no value begins like this"),
        ('{"a": NaN}', "line 1, column 7: no value begins like this"),
        ('{"a": "b\n"}', "line 1, column 7: this string does not end"),
        ('{"a": "\\x"}', "line 1, column 7: this string does not end, or has an escape"),
        ('{"a":', "line 1, column 6: the text ends where a value is missing"),
        ("{} {}", "line 1, column 4: nothing may follow here"),
        ("{} /", "line 1, column 4: a stray /"),
        ("{} /* ", "line 1, column 4: a stray /"),
        ("[" * (DEEPEST + 2), "nested more than"),
        ("[]", "line 1, column 1: the whole is no object, in braces"),
        ('{\n "mcpServers": 5}', "line 2, column 16: 'mcpServers' is no object, in braces"),
        ('{"a": 1,, "b": 2}', "line 1, column 9: a name in double quotes is missing"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, place: str) -> None:
    """By line and column, and in words."""
    with pytest.raises(Fault) as caught:
        put(text)

    assert place in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place"), [("{} // x", "column 4: a comment"), ('{"a": 1,}', "a comma before }")]
)
def test_strict_json_has_no_comments(text: str, place: str) -> None:
    """For programs that could not read them."""
    with pytest.raises(Fault, match=place):
        put_json(text, KEYS, ENTRY, comments=False, whole=False)


@given(st.dictionaries(st.text(), plain, max_size=4), plain, st.sampled_from([None, 1, 4, "\t"]))
def test_what_is_put_is_what_is_read(data: dict[str, Any], entry: Any, indent: Any) -> None:
    """In any JSON, written in any way; a second time changes nothing."""
    text = json.dumps({**data, "mcpServers": {"old": data}}, indent=indent)

    result = put(text, entry, whole=True)

    expected = {**data, "mcpServers": {"old": data, "new": entry}}
    assert same(json.loads(result), expected)
    assert put(result, entry, whole=True) == result


@given(plain)
def test_json_is_read_as_the_standard_library_reads_it(value: Any) -> None:
    """Escapes, numbers and nesting."""
    for text in (json.dumps(value), json.dumps(value, indent=2, ensure_ascii=False)):
        assert same(read(text, comments=False).plain, json.loads(text))


GOOSE = ("extensions", "new")
EXTENSION: dict[str, Any] = {
    "enabled": True,
    "cmd": "uvx",
    "args": ["a", "b: c"],
    "envs": {"K": "1"},
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# mine\n",
        "extensions:\n",
        "extensions: {}\nother: 1\n",
        "extensions: ~ # none\n",
        "other: 1",
        "extensions: # mine\n  old:\n    args:\n    - 1 # one\n\n\n# later\nother: 1\n",
        "other: 1\nextensions:\n    old: {type: x}\n",
        "extensions: {old: {type: x}}\n",
        "extensions:\r\n  old:\r\n    type: x\r\n",
        "extensions:\n  old:\n    text: |\n      several\n      lines\n\nother: 1\n",
        "extensions:\n  new:\n    cmd: old # note\n    keep: 3\n    args:\n    - 1\nother: 1\n",
        "extensions:\n  new: {cmd: old, args: [1]}\n",
        "{other: 1, extensions: {new: {}}}\n",
        "{extensions: ~}\n",
        "extensions:\n  new:\n    - 1\n    - 2\n  old: {}\n",
    ],
)
def test_a_yaml_text_keeps_what_it_has(text: str) -> None:
    """Comments, order and styles; what is entered is there, and a second time changes nothing."""
    result = put_yaml(text, GOOSE, EXTENSION, whole=False)
    before = read_yaml(text) or {}
    former = (before.get("extensions") or {}).get("new")
    former = former if isinstance(former, dict) else {}
    expected = {**before, "extensions": {**(before.get("extensions") or {})}}
    expected["extensions"]["new"] = {**former, **EXTENSION}

    assert read_yaml(result) == expected
    assert [part in result for part in ("# mine", "# one", "# later", "# note")] == [
        part in text for part in ("# mine", "# one", "# later", "# note")
    ]
    assert put_yaml(result, GOOSE, EXTENSION, whole=False) == result
    assert ("\r\n" in text) == ("\r\n" in result)


def test_a_yaml_entry_can_be_replaced_as_a_whole() -> None:
    """What it had before is gone."""
    text = (
        "extensions:\n  new:\n    uri: x\n    headers:\n      a: b\n    enabled: true\n  old: {}\n"
    )

    result = put_yaml(text, GOOSE, EXTENSION, whole=True)

    assert read_yaml(result) == {"extensions": {"new": EXTENSION, "old": {}}}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [1\n", "line 2, column 1: not YAML"),
        ("- 1\n", "line 1, column 1: the whole is no mapping"),
        ("extensions: 5\n", "line 1, column 13: 'extensions' is no mapping"),
    ],
)
def test_a_fault_of_yaml_is_told_with_its_place(text: str, place: str) -> None:
    """By line and column, too."""
    with pytest.raises(Fault) as caught:
        put_yaml(text, GOOSE, EXTENSION, whole=False)

    assert place in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("base: &b {x: {}}\nextensions:\n  <<: *b\n", "line 3, column 3"),
        ("extensions: &e\n  o: {}\nothers: *e\n", "line 1, column 13"),
        ("extensions:\n  o:\n    cmd: |+\n      x\n\n\n", "line 2, column 3"),
    ],
)
def test_yaml_that_would_become_something_else_is_refused(text: str, place: str) -> None:
    """What names that stand for others would make of a splice is seen before it is written."""
    with pytest.raises(Fault, match=rf"{place}: extensions\.new cannot be entered"):
        put_yaml(text, GOOSE, EXTENSION, whole=False)


def test_yaml_may_have_names_and_values_that_json_has_not() -> None:
    """They are left as they are."""
    text = "yes: 2020-01-01\n1: .nan\nb: !!binary eA==\n"

    assert put_yaml(text, GOOSE, EXTENSION, whole=False).startswith(text)
