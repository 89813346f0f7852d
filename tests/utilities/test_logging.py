"""Logging for those who ask for it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from processes import run_python

from fastmcp.settings import settings
from fastmcp.utilities.logging import configure_logging, get_logger, temporary_log_level


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """A logger of this test's own."""
    own = logging.getLogger("fastmcp.test_logging")
    yield own
    own.handlers.clear()
    own.propagate = True
    own.setLevel(logging.NOTSET)


def test_loggers_stand_below_the_package() -> None:
    """Whatever they are called."""
    assert get_logger("mine").name == "fastmcp.mine"
    assert get_logger("fastmcp.server").name == "fastmcp.server"
    assert get_logger("fastmcp").name == "fastmcp"


def test_records_go_to_standard_error() -> None:
    """Standard output may be the protocol's; nothing is written twice."""
    program = (
        "import logging; logging.basicConfig()\n"
        "from fastmcp.utilities.logging import configure_logging, get_logger\n"
        "configure_logging('debug'); configure_logging('INFO')\n"
        "get_logger('a').info('told'); get_logger('a').debug('not told')"
    )

    run = run_python("-c", program)

    assert run.stdout == ""
    assert run.stderr.count("told") == 1


def test_a_level_can_be_temporary(logger: logging.Logger) -> None:
    """Afterwards everything is as it was."""
    logger.setLevel(logging.ERROR)

    with temporary_log_level("debug", logger):
        assert logger.level == logging.DEBUG
        assert len(logger.handlers) == 1
    with temporary_log_level(None, logger):
        assert logger.level == logging.ERROR

    assert (logger.level, logger.handlers, logger.propagate) == (logging.ERROR, [], True)


def test_the_last_configuration_counts(logger: logging.Logger) -> None:
    """There is one handler, however often it is called."""
    configure_logging("INFO", logger)
    configure_logging(logging.WARNING, logger)

    assert (len(logger.handlers), logger.level) == (1, logging.WARNING)


def test_disabled_logging_is_not_configured(logger: logging.Logger) -> None:
    """As the settings say."""
    with settings.temporarily(log_enabled=False):
        configure_logging("DEBUG", logger)
        with temporary_log_level("debug", logger):
            assert (logger.level, logger.handlers) == (logging.NOTSET, [])


def test_the_format_is_that_of_the_settings(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    """Arguments that do not fit are said in a record, too, and what cannot be JSON is its text."""
    with settings.temporarily(log_format="json"):
        configure_logging("INFO", logger)
    logger.info("%d of %d", 1)
    logger.info("said", extra={"token": "abc", "who": object, "when": {1, 2}})
    logger.info("a\udc80b")

    first, second, third = map(json.loads, capsys.readouterr().err.splitlines())
    assert "'%d of %d' cannot be logged with its arguments" in first["message"]
    assert second["token"] == "[redacted]" and sorted(second["when"]) == [1, 2]
    assert "object" in second["who"]
    assert third["message"] == "a\\udc80b"
