"""Fixtures: what others wrote, installed, and a browser for all tests of a process."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from chromium import Chromium, Page, chromium
from peers.conftest import node_packages as node_packages
from peers.conftest import sdk1_python as sdk1_python
from peers.environments import NodePackages

from .official import OfficialClients
from .openid import OpenIdProvider, openid_provider

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def node(node_packages: NodePackages) -> str:
    """Node 22."""
    return node_packages.node(22)


@pytest.fixture
def home(tmp_path: Path, node_packages: NodePackages) -> Path:
    """A folder with the programs in it, from where Node finds the packages."""
    shutil.copytree(HERE / "programs", tmp_path, dirs_exist_ok=True)
    (tmp_path / "node_modules").symlink_to(node_packages.modules)
    return tmp_path


@pytest.fixture
def openid(node: str, home: Path) -> Generator[OpenIdProvider]:
    """An OpenID provider."""
    with openid_provider(node, home) as provider:
        yield provider


@pytest.fixture(scope="session")
def browser() -> Generator[Chromium]:
    """A browser; each test has people of its own in it."""
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Chromium) -> Generator[Page]:
    """A person with a page."""
    with browser.person() as person:
        yield person


@pytest.fixture
def official(node: str, sdk1_python: str, home: Path) -> OfficialClients:
    """The official SDKs."""
    return OfficialClients(node, sdk1_python, home)
