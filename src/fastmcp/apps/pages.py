"""The pages of the apps that are ready made: plain documents that load nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, Literal

from fastmcp._components.app_config import UI_MIME_TYPE
from fastmcp.resources.literal_resources import TextResource

FOLDER: Final = Path(__file__).parent / "page"

PageName = Literal["choices", "form", "upload"]


def uri_of(name: PageName) -> str:
    """Where a page is."""
    return f"ui://fastmcp/{name}.html"


def page(name: PageName) -> TextResource:
    """A page as a resource; without origins of its own, its host lets it reach none."""
    return TextResource(uri=uri_of(name), name=name, mime_type=UI_MIME_TYPE, text=_document(name))


@cache
def _document(name: PageName) -> str:
    style, common, own = (
        (FOLDER / file).read_text("utf-8") for file in ("app.css", "app.js", f"{name}.js")
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name}</title>\n<style>\n{style}</style>\n</head>\n"
        f'<body>\n<main id="app"></main>\n<script type="module">\n{common}{own}</script>\n'
        "</body>\n</html>\n"
    )
