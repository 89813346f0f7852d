"""Frontmatter, compared with what a whole YAML parser reads."""

from __future__ import annotations

import pytest
import yaml

from fastmcp.server.providers.skills.frontmatter import parse_frontmatter

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
    "nothing": "",
}


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_frontmatter_means_what_yaml_says(sample: str, ending: str) -> None:
    """With each scalar as a text."""
    whole = f"---\n{sample}\n---\nbody\n".replace("\n", ending)

    found, rest = parse_frontmatter(whole)

    assert found == (yaml.load(sample, Loader=yaml.BaseLoader) or {})
    assert rest == "body\n"


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
    ],
)
def test_what_is_no_yaml_is_read_as_far_as_it_goes(content: str, found: object) -> None:
    """Without an error, and in no time."""
    read, _ = parse_frontmatter(content)

    assert found is None or read == found
