"""Puts the code of the guide into the pages: `python3 dev.py docs`.

A page names a snippet in a comment, before the block that is filled with it:

    <!-- tests/guide/test_tools.py: first -->
    ```python
    ```

A snippet is what stands between `# snippet: first` and `# end` in that file.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[1]

SNIPPET = re.compile(r"^ *# snippet: (\S+)\n(.*?)^ *# end\n", re.M | re.S)
BLOCK = re.compile(r"^<!-- (\S+\.py): (\S+) -->\n```python\n(.*?)^```\n", re.M | re.S)


def pages() -> list[Path]:
    """The pages that code is put into."""
    return sorted((ROOT / "docs").rglob("*.md"))


def snippets(source: str) -> dict[str, str]:
    """The snippets of a file by name, without the indentation that they have in common.

    Raises:
        ValueError: two have the same name, or one has no end.
    """
    found = SNIPPET.findall(source)
    names = [name for name, _ in found]
    if len(set(names)) < source.count("# snippet: ") or any("# snippet: " in b for _, b in found):
        raise ValueError(f"a snippet has no end, or its name is not its own: {', '.join(names)}")
    return {name: dedent(body).strip("\n") + "\n" for name, body in found}


def shown(page: str) -> list[tuple[str, str]]:
    """The snippets that a page names: file and name."""
    return [(path, name) for path, name, _ in BLOCK.findall(page)]


def woven(page: str) -> str:
    """A page with the code that its comments name.

    Raises:
        ValueError: a snippet is not there.
    """

    def block(match: re.Match[str]) -> str:
        path, name, _ = match.groups()
        code = snippets((ROOT / path).read_text("utf-8")).get(name)
        if code is None:
            raise ValueError(f"{path} has no snippet {name!r}")
        return f"<!-- {path}: {name} -->\n```python\n{code}```\n"

    return BLOCK.sub(block, page)


def main() -> None:
    for path in pages():
        page = path.read_text("utf-8")
        if (new := woven(page)) != page:
            path.write_text(new, "utf-8")
            print(f"{path.relative_to(ROOT)}: brought up to date")


if __name__ == "__main__":
    main()
