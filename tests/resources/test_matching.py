"""Matching URIs against templates: every operator, queries in any order, and hostile input."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastmcp.exceptions import InvalidSignature
from fastmcp.resources import ResourceTemplate
from fastmcp.resources.template import expand_uri_template, match_uri_template

from .test_expansion import EXAMPLES

LISTS = {"count", "dom", "list"}
MAPS = {"keys", "empty_keys"}
UNDECIDABLE = {
    # A variable of the path is never empty.
    "O{empty}X",
    "O{undef}X",
    "O{+empty}X",
    "O{+undef}X",
    # The value "." is one of the dots.
    "X{.keys*}",
}


@pytest.mark.parametrize(
    ("template", "uri"), [each for each in EXAMPLES if each.values[0] not in UNDECIDABLE]
)
def test_the_published_expansions_are_matched(template: str, uri: str) -> None:
    """What is found in each of RFC 6570's examples expands to the same URI again."""
    values = match_uri_template(uri, template, list_params=LISTS, map_params=MAPS)

    assert values is not None
    assert expand_uri_template(template, values) == uri


@pytest.mark.parametrize(
    ("template", "uri", "values"),
    [
        ("x://{a}", "x://1", {"a": "1"}),
        ("x://{a}", "x://a@b:c,d", {"a": "a@b:c,d"}),
        ("x://{a}", "x://1/2", None),
        ("x://{a}", "x://", None),
        ("x://{a}", "x://1?b=2", {"a": "1"}),
        ("x://{a}{b}", "x://123", {"a": "12", "b": "3"}),
        ("x://{a}-{b}", "x://1-2-3", {"a": "1-2", "b": "3"}),
        ("x://{a}%{b}", "x://1%252", {"a": "1", "b": "2"}),
        ("x://{a}2F", "x://1%2F", None),
        ("x://{a:2}{b}", "x://12345", {"a": "12", "b": "345"}),
        ("x://{a:2}/{b}", "x://%C3%BC%F0%9F%9A%80/c", {"a": "ü🚀", "b": "c"}),
        ("x://{a:2}/{b}", "x://123/c", None),
        ("x://{a:1}/{a}", "x://v/value", {"a": "value"}),
        ("x://{a:1}/{a}", "x://w/value", None),
        ("x://{a}/{a}", "x://1/12", None),
        ("x://{a}/{a}", "x://1/1", {"a": "1"}),
        ("x://{a,b}", "x://1,2", {"a": "1", "b": "2"}),
        ("x://{a,b}", "x://1", {"a": "1"}),
        ("x://{a,b}", "x://1,2,3", None),
        ("x://{a,list}", "x://1,2,3", {"a": "1", "list": ["2", "3"]}),
        ("x://{list,a}", "x://1,2%2C,3", {"list": ["1", "2,"], "a": "3"}),
        ("x://{a*}", "x://1/2/3", {"a": "1/2/3"}),
        ("x://{list*}", "x://1,2/3", {"list": ["1", "2/3"]}),
        ("x://{a*}/raw/{b}", "x://1/raw/2/raw/3", {"a": "1/raw/2", "b": "3"}),
        ("x://{a*}/{b*}", "x://1/2/3", {"a": "1/2", "b": "3"}),
        ("x://{keys}", "x://a,1,b,2", {"keys": {"a": "1", "b": "2"}}),
        ("x://{keys*}", "x://a=1,b=2", {"keys": {"a": "1", "b": "2"}}),
        ("x://{keys}", "x://%7B%7D", {"keys": "{}"}),
        ("x://{+a}", "x://1/2?3#4", {"a": "1/2?3#4"}),
        ("x://{+a}{?b}", "x://1/2?b=3", {"a": "1/2", "b": "3"}),
        ("x://{a}{#b}", "x://1#2/3?4", {"a": "1", "b": "2/3?4"}),
        ("x://{a}{#b}", "x://1", {"a": "1"}),
        ("x://{a}{.b}", "x://1.tar.gz", {"a": "1.tar", "b": "gz"}),
        ("x://a{.b}", "x://a.tar.gz", {"b": "tar.gz"}),
        ("x://a{.b,c}", "x://a.tar.gz", {"b": "tar", "c": "gz"}),
        ("x://a{.b*}", "x://a.tar.gz", {"b": ["tar", "gz"]}),
        ("x://a{/b,c}", "x://a/1/2", {"b": "1", "c": "2"}),
        ("x://a{/b,c}", "x://a/1", {"b": "1"}),
        ("x://a{/b,c}", "x://a", {}),
        ("x://a{/b,c}", "x://a/1/2/3", None),
        ("x://a{/b}/end", "x://a/end", {}),
        ("x://a{/b}/end", "x://a/1/end", {"b": "1"}),
        ("x://a{/b*}", "x://a/1/2%2F3", {"b": ["1", "2/3"]}),
        ("x://a{/b*}/raw", "x://a/1/2/raw", {"b": ["1", "2"]}),
        ("x://a{;b,c}", "x://a;c=2;b=1;d=3", {"b": "1", "c": "2"}),
        ("x://a{;b}/c", "x://a;b/c", {"b": ""}),
        ("x://{a}{;b,c}", "x://1;c=2;b=3", {"a": "1", "b": "3", "c": "2"}),
        ("x://a{;b*}", "x://a;b=1;b=2", {"b": ["1", "2"]}),
        ("x://a{?b,c}", "x://a?c=2&d=3&b=1", {"b": "1", "c": "2"}),
        ("x://a{?b}", "x://a?b=", {"b": ""}),
        ("x://a{?b}", "x://a?b", {"b": ""}),
        ("x://a{?b}", "x://a?b=1+2%2B3&b=4", {"b": "1 2+3"}),
        ("x://a{?b}", "x://a", {}),
        ("x://a{?user-id}", "x://a?user-id=1", {"user_id": "1"}),
        ("x://a{?list}", "x://a?list=1,2%2C3", {"list": ["1", "2,3"]}),
        ("x://a{?b*}", "x://a?b=1&b=2", {"b": ["1", "2"]}),
        ("x://a{?b,keys*}", "x://a?c=1&b=2&d=3", {"b": "2", "keys": {"c": "1", "d": "3"}}),
        ("x://a{?b:2}", "x://a?b=123", None),
        ("x://a?k=1{&b}", "x://a?b=2&k=1", {"b": "2"}),
        ("x://a?k=1{&b}", "x://a?b=2", None),
        ("x://a?q={q}&n={n}", "x://a?n=2&m=3&q=a/b", {"q": "a/b", "n": "2"}),
        ("x://a?q={q}", "x://a?q=", {"q": ""}),
        ("x://a?q=v{q}", "x://a?q=1&q=v2", {"q": "2"}),
        ("x://a?flag", "x://a?flag", {}),
        ("x://a{?b%20c}", "x://a?b%20c=1", {"b%20c": "1"}),
        ("x://a?b%2Fc={d}", "x://a?b%2fc=1", {"d": "1"}),
        ("x://a?{b,c}", "x://a?1,2", {"b": "1", "c": "2"}),
        ("x://a?{b}{&c}", "x://a?1&c=2", {"b": "1", "c": "2"}),
        ("x://Zürich/{a}", "x://Z%c3%bcrich/1", {"a": "1"}),
        ("x://a b/{a}", "x://a%20b/1", {"a": "1"}),
        ("x://%7Ea%2fb/{a}", "x://~a%2Fb/1", {"a": "1"}),
        ("x://a/b/{a}", "x://a%2Fb/1", None),
        ("x://{a}", "x://%2541", {"a": "%41"}),
        ("x://{a}", "x://100%", {"a": "100%"}),
        ("x://{a}", "x://%ff", {"a": "\ufffd"}),
        ("x://{a}", "x://\udc2f", {"a": "\ufffd"}),
        ("x://{a.b}", "x://1", {"a.b": "1"}),
        ("X://{a}", "x://1", None),
    ],
)
def test_a_template_finds_its_values(
    template: str, uri: str, values: dict[str, Any] | None
) -> None:
    """Decoded once, greedy from left to right, None for a URI of another form."""
    assert match_uri_template(uri, template, list_params=LISTS, map_params=MAPS) == values


@pytest.mark.parametrize("template", ["x://{a", "x://{}", "x://{user-id}/{user_id}"])
def test_what_is_not_a_template_matches_nothing(template: str) -> None:
    """Templates of other servers are not trusted to be valid."""
    assert match_uri_template("x://1", template) is None


def test_text_within_a_query_is_refused() -> None:
    """`{?x}` takes all that follows, so text after it could never be told from it."""
    with pytest.raises(InvalidSignature, match=r"'/b'.*begin it with &"):
        ResourceTemplate(uri_template="x://a{?x}/b")


BLOCKS = {"{x}": "[^/]+", "{x*}": ".+", "{+x}": ".+", "{x:2}": "[^/]{1,2}"}
OPTIONAL = {"{/x}": "/[^/]*", "{.x}": r"\.[^/]*"}
PIECES = [*BLOCKS, *OPTIONAL, "a", "/", ".", "a/"]


def backtracked(pieces: list[str], text: str, there: bool = False) -> list[str | None] | None:
    """What the blocks hold, by trying everything in the order of preference: the longest first,
    but rather one that leaves something to a following optional block. `there` says that the
    first piece, which is optional, is not absent.
    """
    if not pieces:
        return None if text else []
    piece, rest = pieces[0], pieces[1:]
    if piece in OPTIONAL and not there:
        found = backtracked(pieces, text, True)
        if found is None and (others := backtracked(rest, text)) is not None:
            return [None, *others]
        return found
    if piece not in OPTIONAL and piece not in BLOCKS:
        return backtracked(rest, text[len(piece) :]) if text.startswith(piece) else None
    form = re.compile(OPTIONAL.get(piece) or BLOCKS[piece])
    for following in (True, False) if rest and rest[0] in OPTIONAL else (False,):
        for end in range(len(text), -1, -1):
            if form.fullmatch(text[:end]):
                others = backtracked(rest, text[end:], following)
                if others is not None:
                    return [text[piece in OPTIONAL : end], *others]
    return None


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.text("ab/.", max_size=10))
def test_matching_finds_what_trying_everything_would(pieces: list[str], text: str) -> None:
    """The same values, though nothing is tried twice."""
    template = "".join(piece.replace("x", f"x{n}") for n, piece in enumerate(pieces))
    names = [f"x{n}" for n, piece in enumerate(pieces) if "x" in piece]

    held = backtracked(pieces, text)

    found = match_uri_template(f"x:{text}", f"x:{template}")
    assert found == (
        None
        if held is None
        else {name: value for name, value in zip(names, held, strict=True) if value is not None}
    )


LONG = 60_000


@pytest.mark.parametrize(
    ("template", "uri"),
    [
        ("x{a}a{b}a{c}a{d}a{e}!", "x" + "a" * LONG),
        ("x{a*}/{b*}/{c*}/{d*}!", "x" + "/a" * (LONG // 2)),
        ("x{+a}{+b}{+c}{+d}!", "x" + "a" * LONG),
        ("x{/a}{/b}{/c}{/d}{/e}{/f}{/g}{/h}!", "x" + "/" * LONG),
        ("x{.a,b,c,d,e,f,g,h}!", "x" + "." * LONG),
        ("x" + "{.a}" * 40 + "!", "x" + ".a" * 40),
        ("x" + "".join(f"{{a{n}*}}" for n in range(40)) + "!", "x" + "a" * 1000),
        ("x{;a,b,c}!", "x" + ";a=1" * (LONG // 4)),
        ("x{?a*,b,c}", "x?" + "a=1&" * (LONG // 4)),
        ("x?a={a}b{b}b{c}{&d}", "x?" + "a=bbbb&" * (LONG // 7)),
        ("x{a:9999}{b:9999}{c:9999}!", "x" + "a" * LONG),
        ("x{a,b}", "x" + "," * LONG),
        ("x" + "a" * 500 + "{b*}" + "a" * 500 + "{c}", "x" + "a" * LONG),
        ("x{a}", "x" + "%25" * (LONG // 3)),
    ],
    ids=lambda text: text[:30],
)
def test_no_uri_and_no_template_takes_long(template: str, uri: str) -> None:
    """Where a backtracking search would take hours, the work grows with the length alone."""
    started = time.perf_counter()

    match_uri_template(uri, template)

    assert time.perf_counter() - started < 5
