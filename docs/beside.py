"""Brings into the site what its pages link to beside `docs/`: a hook of MkDocs (mkdocs.yml).

A page links to a file of the repository as it does where the repository is browsed, by
`../../deploy/Caddyfile`; in the site the file is a copy below `repository/`, and the link leads
there.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, InclusionLevel

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)\s]*)?\)")
COPIES = "repository/"


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Adds the copies, and copies of what those that are pages link to."""
    pages = [(file.src_uri, file.content_string) for file in files.documentation_pages()]
    while pages:
        src, text = pages.pop()
        for target in beside(src, text):
            if files.get_file_from_path(COPIES + target) is None:
                copy = File.generated(
                    config,
                    COPIES + target,
                    abs_src_path=str(ROOT / target),
                    inclusion=InclusionLevel.NOT_IN_NAV,
                )
                files.append(copy)
                if copy.is_documentation_page():
                    pages.append((copy.src_uri, copy.content_string))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Has the links of a page lead to the copies."""
    src = page.file.src_uri

    def link(match: re.Match[str]) -> str:
        path, anchor = match.groups()
        in_site = seen_from(src, place(src, path))
        return f"]({in_site}{anchor or ''})"

    return LINK.sub(link, markdown)


def beside(src: str, text: str) -> list[str]:
    """The files outside of `docs/` that a page links to, as paths in the repository."""
    places = [place(src, path) for path, _ in LINK.findall(text)]
    return [each for each in places if not each.startswith("docs/") and (ROOT / each).is_file()]


def place(src: str, path: str) -> str:
    """Where a link of a page leads, as a path in the repository."""
    home = src.removeprefix(COPIES) if src.startswith(COPIES) else f"docs/{src}"
    return posixpath.normpath(posixpath.join(posixpath.dirname(home), path))


def seen_from(src: str, target: str) -> str:
    """The link from a page to a path in the repository, as the site has it."""
    there = target.removeprefix("docs/") if target.startswith("docs/") else COPIES + target
    return posixpath.relpath(there, posixpath.dirname(src) or ".")
