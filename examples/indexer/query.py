"""What people type, as a query that SQLite understands."""

from __future__ import annotations

import re

# A query of thousands of words is a text; its first words tell what it is about.
MAX_TERMS = 32

_TERM = re.compile(r'"([^"]*)"|(\S+)')


def terms(text: str) -> list[str]:
    """The words and "quoted phrases" of a text, each as an FTS5 string; `word*` is a beginning.

    Inside of a string nothing has a meaning but the quote, so no text is an error in its syntax.
    What has no letter and no digit is left out: the index knows nothing else.
    """
    found: list[str] = []
    storable = text.encode(errors="replace").decode().replace("\0", " ")
    for phrase, word in _TERM.findall(storable):
        term = phrase or word
        if any(map(str.isalnum, term)):
            quoted = '"' + term.replace('"', '""') + '"'
            found.append(quoted + "*" if word.endswith("*") else quoted)
    return list(dict.fromkeys(found))[:MAX_TERMS]
