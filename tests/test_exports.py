"""The names that packages promise."""

import importlib

import pytest

PACKAGES = [
    "fastmcp",
    "fastmcp.client",
    "fastmcp.client.transports",
    "fastmcp.prompts",
    "fastmcp.resources",
    "fastmcp.server",
    "fastmcp.server.middleware",
    "fastmcp.server.providers",
    "fastmcp.tools",
    "fastmcp.utilities.types",
]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_promised_name_is_there_and_has_a_docstring(package: str) -> None:
    """What stands in `__all__` can be imported, and says what it is."""
    module = importlib.import_module(package)

    for name in module.__all__:
        assert getattr(module, name).__doc__, name


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_that_is_not_there_is_an_attribute_error_naming_the_package(package: str) -> None:
    """A typing mistake is told with the package it was made in."""
    with pytest.raises(AttributeError, match=package):
        importlib.import_module(package).no_such_name  # noqa: B018
