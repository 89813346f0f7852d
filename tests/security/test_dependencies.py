"""What is below us: libraries whose known holes would be ours."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
NEEDED = {
    requirement.name: requirement
    for requirement in map(Requirement, PROJECT["project"]["dependencies"])
}


@pytest.mark.parametrize("name", ["mcp", "mcp-types", "fastmcp", "diskcache", "authlib"])
def test_ghsa_rcfx_77hg_w2wv_no_library_of_the_protocol_is_below_us(name: str) -> None:
    """Nor one that was replaced for its holes: what is not there is not to be updated."""
    everything = [*NEEDED, *_optional()]

    assert name not in everything


def test_cve_2026_32597_tokens_are_read_by_one_library() -> None:
    """By joserfc, and by no second one that reads them otherwise."""
    assert "joserfc" in NEEDED
    assert {"pyjwt", "python-jose", "jwcrypto"}.isdisjoint(
        name.lower() for name in (*NEEDED, *_optional())
    )


@pytest.mark.parametrize("version", ["0.46.0", "0.48.0", "0.49.1", "1.0.0"])
def test_cve_2026_48710_starlette_is_one_that_reads_hosts_rightly(version: str) -> None:
    """Before 1.0.1 a Host with a path in it changed what path a request was taken for."""
    assert not NEEDED["starlette"].specifier.contains(version)


def _optional() -> list[str]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    return [Requirement(each).name for extra in extras for each in extra]
