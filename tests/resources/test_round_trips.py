"""Expanding a template and matching the URI gives the variables back: every operator, text, lists
and mappings. Where a value could not be told from the template around it, it is left out, and the
strategy says why.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastmcp.resources.template import expand_uri_template, match_uri_template

Text = st.SearchStrategy[str]


def without(*delimiters: str, empty: bool = False) -> Text:
    """Text without characters that its operator writes as they are."""
    return st.text(min_size=0 if empty else 1).filter(
        lambda text: not any(delimiter in text for delimiter in delimiters)
    )


anything = st.text()
something = st.text(min_size=1)  # a variable of the path is never empty
# Reserved expansion writes what is percent-encoded already as it is, and matching decodes it.
unencoded = something.filter(lambda text: not re.search("%[0-9A-Fa-f]{2}", text))
unlisted = unencoded.filter(lambda text: "," not in text)


def there_and_back(template: str, values: dict[str, Any], **shapes: set[str]) -> Any:
    return match_uri_template(expand_uri_template(template, values), template, **shapes)


TEXTS = [
    ("x://{a}", something, something),
    ("x://{a}/{b}", something, something),
    ("x://{a,b}", anything, anything),
    ("x://{a*}", something, something),
    ("x://{a*}/end", something, something),
    ("x://{a:3}", st.text(min_size=1, max_size=3), something),
    ("x://{a:3}/{b}", st.text(min_size=1, max_size=3), something),
    ("x://{+a}", unencoded, something),
    ("x://{+a,b}", unlisted, unlisted),
    ("x://{+a}/end", unencoded, something),
    ("x://y{#a}", unencoded, something),
    ("x://y{#a,b}", unlisted, unlisted),
    ("x://{b}{#a}", unencoded, without("#")),
    ("x://y{.a}", anything, something),
    ("x://y{.a,b}", without(".", empty=True), without(".", empty=True)),
    ("x://{b}{.a}", without(".", empty=True), something),
    ("x://y{/a}", anything, something),
    ("x://y{/a,b}", anything, anything),
    ("x://y{/a}/end", anything, something),
    ("x://y{;a}", anything, something),
    ("x://y{;a,b}/end", anything, anything),
    ("x://{b}{;a}", anything, something),
    ("x://y{;a:3}", st.text(max_size=3), something),
    ("x://y{?a}", anything, something),
    ("x://y{?a,b}", anything, anything),
    ("x://{b}{?a}", anything, something),
    ("x://y{?a:3}", st.text(max_size=3), something),
    ("x://y?k=1{&a,b}", anything, anything),
    ("x://y?k={b}{&a}", anything, anything),
    ("x://y{?a}{&b}{#c}", anything, anything),
]


@pytest.mark.parametrize(("template", "a", "b"), TEXTS, ids=[each[0] for each in TEXTS])
@given(data=st.data())
def test_text_comes_back(template: str, a: Text, b: Text, data: st.DataObject) -> None:
    """Of any script and with any delimiters."""
    values = {"a": data.draw(a)}
    if "b" in template:
        values["b"] = data.draw(b)

    assert there_and_back(template, values) == values


LISTS = [
    ("x://{a}/end", something),
    ("x://{a*}/end", something),
    ("x://{b,a}", anything),
    ("x://{+a}", unlisted),
    ("x://{+a*}", unlisted),
    ("x://y{#a}", unlisted),
    ("x://y{#a*}", unlisted),
    ("x://y{.a}", anything),
    ("x://y{.a*}", without(".", empty=True)),
    ("x://y{/a}/end", anything),
    ("x://y{/a*}/end", anything),
    ("x://y{;a}", anything),
    ("x://y{;a*}", anything),
    ("x://y{?a}", anything),
    ("x://y{?a*}", anything),
    ("x://y?k=1{&a}", anything),
    ("x://y?k=1{&a*}", anything),
]


@pytest.mark.parametrize(("template", "item"), LISTS, ids=[each[0] for each in LISTS])
@given(data=st.data())
def test_lists_come_back(template: str, item: Text, data: st.DataObject) -> None:
    """Written with commas, and exploded."""
    values: dict[str, Any] = {"a": data.draw(st.lists(item, min_size=1))}
    if "b" in template:
        values["b"] = data.draw(anything)

    assert there_and_back(template, values, list_params={"a"}) == values


plain = unencoded.filter(lambda text: not re.search("[,=]", text))

MAPS = [
    ("x://{a}/end", something, anything),
    ("x://{a*}/end", something, anything),
    ("x://{+a}", plain, plain),
    ("x://{+a*}", plain, plain),
    ("x://y{#a}", plain, plain),
    ("x://y{#a*}", plain, plain),
    ("x://y{.a}", something, anything),
    ("x://y{.a*}", without("."), without(".", empty=True)),
    ("x://y{/a}/end", something, anything),
    ("x://y{/a*}/end", something, anything),
    ("x://y{;a}", something, anything),
    ("x://y{;a*}", something, anything),
    ("x://y{?a}", something, anything),
    ("x://y{?a*}", something, anything),
    ("x://y?k=1{&a}", something, anything),
    ("x://y?k=1{&a*}", without("k"), anything),
]


@pytest.mark.parametrize(("template", "name", "text"), MAPS, ids=[each[0] for each in MAPS])
@given(data=st.data())
def test_mappings_come_back(template: str, name: Text, text: Text, data: st.DataObject) -> None:
    """Written with commas, and exploded."""
    values = {"a": data.draw(st.dictionaries(name, text, min_size=1))}

    assert there_and_back(template, values, map_params={"a"}) == values


SEGMENTS = {"{NAME}": something, "y{;NAME}": anything, "y{.NAME}": anything, "y{/NAME}": anything}


@given(st.lists(st.sampled_from(sorted(SEGMENTS)), min_size=1, max_size=6), st.data())
def test_several_expressions_come_back(forms: list[str], data: st.DataObject) -> None:
    """Side by side in a path, each with its own operator."""
    template = "x://" + "/".join(form.replace("NAME", f"v{n}") for n, form in enumerate(forms))
    values = {f"v{n}": data.draw(SEGMENTS[form]) for n, form in enumerate(forms)}

    assert there_and_back(template, values) == values
