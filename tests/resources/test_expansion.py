"""Expanding URI templates: the published examples, and what FastMCP means by `{path*}`."""

from __future__ import annotations

from typing import Any

import pytest

from fastmcp.exceptions import ConfigurationError, InvalidSignature
from fastmcp.resources.template import expand_uri_template, extract_query_params

VARIABLES = {
    "count": ["one", "two", "three"],
    "dom": ["example", "com"],
    "dub": "me/too",
    "hello": "Hello World!",
    "half": "50%",
    "var": "value",
    "who": "fred",
    "base": "http://example.com/home/",
    "path": "/foo/bar",
    "list": ["red", "green", "blue"],
    "keys": {"semi": ";", "dot": ".", "comma": ","},
    "v": "6",
    "x": "1024",
    "y": "768",
    "empty": "",
    "empty_keys": {},
    "undef": None,
}

# RFC 6570, section 3.2: each line is a template and its expansion.
PUBLISHED = {
    "3.2.1 variables": """
        {count} one,two,three
        {count*} one,two,three
        {/count} /one,two,three
        {/count*} /one/two/three
        {;count} ;count=one,two,three
        {;count*} ;count=one;count=two;count=three
        {?count} ?count=one,two,three
        {?count*} ?count=one&count=two&count=three
        {&count*} &count=one&count=two&count=three
    """,
    "3.2.2 simple strings": """
        {var} value
        {hello} Hello%20World%21
        {half} 50%25
        O{empty}X OX
        O{undef}X OX
        {x,y} 1024,768
        {x,hello,y} 1024,Hello%20World%21,768
        ?{x,empty} ?1024,
        ?{x,undef} ?1024
        ?{undef,y} ?768
        {var:3} val
        {var:30} value
        {list} red,green,blue
        {list*} red,green,blue
        {keys} semi,%3B,dot,.,comma,%2C
        {keys*} semi=%3B,dot=.,comma=%2C
    """,
    "3.2.3 reserved": """
        {+var} value
        {+hello} Hello%20World!
        {+half} 50%25
        {base}index http%3A%2F%2Fexample.com%2Fhome%2Findex
        {+base}index http://example.com/home/index
        O{+empty}X OX
        O{+undef}X OX
        {+path}/here /foo/bar/here
        here?ref={+path} here?ref=/foo/bar
        up{+path}{var}/here up/foo/barvalue/here
        {+x,hello,y} 1024,Hello%20World!,768
        {+path,x}/here /foo/bar,1024/here
        {+path:6}/here /foo/b/here
        {+list} red,green,blue
        {+list*} red,green,blue
        {+keys} semi,;,dot,.,comma,,
        {+keys*} semi=;,dot=.,comma=,
    """,
    "3.2.4 fragments": """
        {#var} #value
        {#hello} #Hello%20World!
        {#half} #50%25
        foo{#empty} foo#
        foo{#undef} foo
        {#x,hello,y} #1024,Hello%20World!,768
        {#path,x}/here #/foo/bar,1024/here
        {#path:6}/here #/foo/b/here
        {#list} #red,green,blue
        {#list*} #red,green,blue
        {#keys} #semi,;,dot,.,comma,,
        {#keys*} #semi=;,dot=.,comma=,
    """,
    "3.2.5 labels": """
        {.who} .fred
        {.who,who} .fred.fred
        {.half,who} .50%25.fred
        www{.dom*} www.example.com
        X{.var} X.value
        X{.empty} X.
        X{.undef} X
        X{.var:3} X.val
        X{.list} X.red,green,blue
        X{.list*} X.red.green.blue
        X{.keys} X.semi,%3B,dot,.,comma,%2C
        X{.keys*} X.semi=%3B.dot=..comma=%2C
        X{.empty_keys} X
        X{.empty_keys*} X
    """,
    "3.2.6 path segments": """
        {/who} /fred
        {/who,who} /fred/fred
        {/half,who} /50%25/fred
        {/who,dub} /fred/me%2Ftoo
        {/var} /value
        {/var,empty} /value/
        {/var,undef} /value
        {/var,x}/here /value/1024/here
        {/var:1,var} /v/value
        {/list} /red,green,blue
        {/list*} /red/green/blue
        {/list*,path:4} /red/green/blue/%2Ffoo
        {/keys} /semi,%3B,dot,.,comma,%2C
        {/keys*} /semi=%3B/dot=./comma=%2C
    """,
    "3.2.7 path parameters": """
        {;who} ;who=fred
        {;half} ;half=50%25
        {;empty} ;empty
        {;v,empty,who} ;v=6;empty;who=fred
        {;v,bar,who} ;v=6;who=fred
        {;x,y} ;x=1024;y=768
        {;x,y,empty} ;x=1024;y=768;empty
        {;x,y,undef} ;x=1024;y=768
        {;hello:5} ;hello=Hello
        {;list} ;list=red,green,blue
        {;list*} ;list=red;list=green;list=blue
        {;keys} ;keys=semi,%3B,dot,.,comma,%2C
        {;keys*} ;semi=%3B;dot=.;comma=%2C
    """,
    "3.2.8 queries": """
        {?who} ?who=fred
        {?half} ?half=50%25
        {?x,y} ?x=1024&y=768
        {?x,y,empty} ?x=1024&y=768&empty=
        {?x,y,undef} ?x=1024&y=768
        {?var:3} ?var=val
        {?list} ?list=red,green,blue
        {?list*} ?list=red&list=green&list=blue
        {?keys} ?keys=semi,%3B,dot,.,comma,%2C
        {?keys*} ?semi=%3B&dot=.&comma=%2C
    """,
    "3.2.9 query continuations": """
        {&who} &who=fred
        {&half} &half=50%25
        ?fixed=yes{&x} ?fixed=yes&x=1024
        {&x,y,empty} &x=1024&y=768&empty=
        {&x,y,undef} &x=1024&y=768
        {&var:3} &var=val
        {&list} &list=red,green,blue
        {&list*} &list=red&list=green&list=blue
        {&keys} &keys=semi,%3B,dot,.,comma,%2C
        {&keys*} &semi=%3B&dot=.&comma=%2C
    """,
}
EXAMPLES = [
    pytest.param(*line.split(), id=f"{section} {line.split()[0]}")
    for section, lines in PUBLISHED.items()
    for line in lines.strip().splitlines()
]


@pytest.mark.parametrize(("template", "expansion"), EXAMPLES)
def test_the_published_examples_expand_as_published(template: str, expansion: str) -> None:
    """Every operator, modifier and kind of value of RFC 6570, section 3.2."""
    assert expand_uri_template(template, VARIABLES) == expansion


@pytest.mark.parametrize(
    ("template", "values", "uri"),
    [
        ("docs://{path*}", {"path": "a/b c.txt"}, "docs://a/b%20c.txt"),
        ("docs://{path}", {"path": "a/b"}, "docs://a%2Fb"),
        ("x://{user-id}{?page-size}", {"user_id": 7, "page_size": 2}, "x://7?page-size=2"),
        ("x://{a}{?b}", {"a": True, "b": 1.5}, "x://true?b=1.5"),
        ("x://{a}", {"a": "Zürich"}, "x://Z%C3%BCrich"),
        ("x://Zürich b/{a}", {"a": 1}, "x://Z%C3%BCrich%20b/1"),
        ("x://{a}{?b,c*}", {"a": "", "b": None, "c": []}, "x://"),
        ("x{?a*}", {"a": ["1", None, 2]}, "x?a=1&a=2"),
        ("x{?a}", {"a": ("1", "2")}, "x?a=1,2"),
        ("x{+a}", {"a": "1%2F2%"}, "x1%2F2%25"),
        ("x{?a, b}", {"a": 1, "b": 2}, "x?a=1&b=2"),
    ],
)
def test_values_are_written_as_a_uri_needs_them(
    template: str, values: dict[str, Any], uri: str
) -> None:
    """Names by their parameters, numbers and truth values, text of any script, nothing at all."""
    assert expand_uri_template(template, values) == uri


@pytest.mark.parametrize(
    ("template", "hint"),
    [
        ("x://{a", "%7B"),
        ("x://a}", "%7D"),
        ("x://{{a}}", "partner"),
        ("x://{}", "names no variable"),
        ("x://{?}", "names no variable"),
        ("x://{a,}", "names no variable"),
        ("x://{=a}", "not an operator"),
        ("x://{a b}", "'a b' is not a name"),
        ("x://{a.}", "'a.' is not a name"),
        ("x://{a:0}", "from 1 to 9999"),
        ("x://{a:10000}", "from 1 to 9999"),
        ("x://{a:3*}", "without *"),
        ("x://{user-id}{?user_id}", "both the parameter user_id"),
    ],
)
def test_an_invalid_template_is_refused_with_a_cure(template: str, hint: str) -> None:
    """The text names the template and what to write instead."""
    with pytest.raises(InvalidSignature) as caught:
        expand_uri_template(template, {"a": "1"})

    assert hint in str(caught.value)
    assert template in str(caught.value)


@pytest.mark.parametrize("value", [["a"], {"a": "b"}])
def test_a_prefix_of_a_list_is_refused(value: Any) -> None:
    """Only text has a beginning (RFC 6570, section 2.4.1)."""
    with pytest.raises(ConfigurationError, match=r"\{a:2\}"):
        expand_uri_template("x://{a:2}", {"a": value})


def test_the_parameters_of_the_query_can_be_asked_for() -> None:
    """By the names that the template gives them."""
    assert extract_query_params("x://{a}{?b-c,d*}{&e}") == {"b-c", "d", "e"}
