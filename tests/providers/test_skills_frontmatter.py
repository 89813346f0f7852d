"""Frontmatter, compared with what a whole YAML parser reads."""

from __future__ import annotations

import pytest
import yaml

from fastmcp._frontmatter.parsing import parse_frontmatter
from fastmcp._frontmatter.scalars import as_former_yaml, as_yaml

SAMPLES = {
    "plain": "name: a\nlicense: MIT # said\nu: http://a.b/c#d\nversion: 1.10\nyes: no",
    "quoted": 'name: "a \\"b\\" \\u00e9\\n"\nother: \'It\'\'s good\' # said\n"a key": x',
    "folded": "d: >\n  Folded\n  text\n\n  second # not said\nnext: >-\n  No break\n",
    "literal": "d: |\n  a\n    b\n\n  c\nnext: |-\n  x: y\n",
    "continued": 'd: plain\n  goes on\n\n  and on\nq: "so\n  does this"\nn: x',
    "lists": 'a:\n  - Read\n  - "Bash(git:*)"\nb:\n- x\n- y # said\nc: [p, \'q, r\', "s"]\nd: []',
    "mappings": "m:\n  version: 1.10\n  deep:\n    er: yes\n  list: [a, b]\nn: x",
    "lists of mappings": "a:\n  - name: x\n    v: 1\n  - name: y\n  - - p\n  - plain\n    on",
    "empty values": "a:\nb: ''\nc: x",
    "comments": "# only\na: x\n\n# more\nb:\n  # said\n  - y",
    "flow": 'm: {a: b, "c d": [e, \'f, g\', {}], h: } # said\nl: [a # said\n  , Bash(git:*), "#"]',
    "flow below": "m:\n  {a: b,\n   c: http://d.e/f}\nn:\n  - [a, [b]]\n  - {c: d}",
    "nothing": "",
}
TYPED = """
numbers: [1, -2, +3, 0x1f, 1.5, .5, 2., 1.0e+3]
texts: [1.2.3, 1 2, "1", 'true', 0x, ., -, tru, 12:x, nul]
others: [true, False, null, ~, {a: }]
empty:
deep:
  - 7
  - a: true
    b: "7"
block: |
  7
"""


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_frontmatter_means_what_yaml_says(sample: str, ending: str) -> None:
    """With each scalar as a text."""
    whole = f"---\n{sample}\n---\nbody\n".replace("\n", ending)

    found, rest = parse_frontmatter(whole)

    assert found == (yaml.load(sample, Loader=yaml.BaseLoader) or {})
    assert rest == "body\n"


def test_scalars_mean_what_yaml_says() -> None:
    """Where that is asked for; in quotes and in blocks they are texts."""
    found, _ = parse_frontmatter(f"---{TYPED}---\n", as_yaml)

    assert found == yaml.safe_load(TYPED)
    assert [type(each) for each in found["numbers"]] == [int] * 4 + [float] * 4


def test_halves_of_characters_are_put_together() -> None:
    """As in JSON; one alone is no character, and would be no JSON to clients."""
    found, _ = parse_frontmatter('---\na: "\\ud83d\\ude00 \\ud83d"\nb: {c: "\\udfff"}\n---\n')

    assert found == {"a": "\U0001f600 \ufffd", "b": {"c": "\ufffd"}}


def test_versions_of_yaml_differ() -> None:
    """In words for booleans."""
    text = "---\na: [yes, off, ON]\n---\n"

    assert parse_frontmatter(text, as_yaml)[0] == {"a": ["yes", "off", "ON"]}
    assert parse_frontmatter(text, as_former_yaml)[0] == {"a": [True, False, True]}


@pytest.mark.parametrize("text", ["&a x", "*a", "!!str 7", "[a", "{a", "{a: b}}", "[&a x]", "%a"])
def test_yaml_that_is_not_read_is_refused(text: str) -> None:
    """Where scalars have a meaning, a wrong one would be worse than none."""
    with pytest.raises(ValueError, match="write it in quotes"):
        parse_frontmatter(f"---\na: {text}\n---\n", as_yaml)


@pytest.mark.parametrize("number", ["9" * 100_000, "1e999", "0x" + "f" * 100_000, ".inf", ".nan"])
def test_a_number_that_json_does_not_have_is_none(number: str) -> None:
    """It is a text, or as near as a float comes."""
    found, _ = parse_frontmatter(f"---\na: {number}\n---\n", as_yaml)

    assert found == {"a": number}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("---\nd: Use when: it rains\nx\n---\n", {"d": "Use when: it rains"}),
        ("---\nd: [a\n---\n", {"d": "[a"}),
        ("---\nd: &x *y\n---\n", {"d": "&x *y"}),
        ("---\n" + "".join(" " * n + "a:\n" for n in range(2000)) + "---\n", None),
        ("---\nd: x\n", {}),
        (" ---\nd: x\n---\n", {}),
        ("", {}),
        ("---\n" + ": " * 10_000 + "\n---\n", None),
        ("---\nd: " + "'" * 10_001 + "\n---\n", None),
        ("---\nd: [" + "," * 10_001 + "\n---\n", None),
        ("---\nd: " + "[" * 10_001 + "\n---\n", {"d": "[" * 10_001}),
        ("---\nd: " + "{a: " * 10_001 + "\n---\n", None),
        ("---\nd: [" + "'a'," * 10_001 + "]\n---\n", {"d": ["a"] * 10_001}),
        ("---\nd: {a: b} c\n---\n", {"d": "{a: b} c"}),
    ],
)
def test_what_is_no_yaml_is_read_as_far_as_it_goes(content: str, found: object) -> None:
    """Without an error, and in no time."""
    read, _ = parse_frontmatter(content)

    assert found is None or read == found
