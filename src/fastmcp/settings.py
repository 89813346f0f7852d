"""The settings of this process: `fastmcp.settings.port = 9000`, or `FASTMCP_PORT=9000` outside.

The module itself is the object. A setting has what it was assigned, else what its variable says
at the moment that it is read, else what the file `.env` says of that variable (or another, which
FASTMCP_ENV_FILE names), else its default; nothing is read at import, and the file once, at first.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, Literal, TypeVar, cast, overload

from fastmcp._spelling import nearest
from fastmcp.exceptions import ConfigurationError

T = TypeVar("T")

Transport = Literal["stdio", "http", "sse", "streamable-http"]

PREFIX = "FASTMCP_"
ENV_FILE = "FASTMCP_ENV_FILE"
TRANSPORTS = ("stdio", "http", "sse", "streamable-http")
LOG_LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "TRACE")
MCP_LOG_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
_TRUE = ("1", "true", "yes", "on", "t", "y")
_ISO_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")
_FALSE = ("0", "false", "no", "off", "f", "n")


class Setting(Generic[T]):
    """One setting. `read` makes its value of what was assigned or of the text of its variable,
    and raises ValueError with what would be right. A default that is a function is asked each time.
    """

    def __init__(self, read: Callable[[Any], T], default: T | Callable[[], T]) -> None:
        self._read = read
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.variable: str = PREFIX + name.upper()
        self.keyword: str = name.removeprefix("http_")

    @overload
    def __get__(self, instance: None, owner: type) -> Setting[T]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        if self.name in instance.__dict__:
            return instance.__dict__[self.name]
        if text := os.environ.get(self.variable, "").strip():
            return self.check(text, f"{self.variable}=")
        if text := _file_variables().get(self.variable, "").strip():
            return self.check(text, f"{_file_name()}: {self.variable}=")
        return self.default() if callable(self.default) else self.default

    def __set__(self, instance: object, value: Any) -> None:
        instance.__dict__[self.name] = self.check(value, f"settings.{self.name} = ")

    def __delete__(self, instance: object) -> None:
        instance.__dict__.pop(self.name, None)

    def check(self, value: Any, place: str) -> T:
        """What a value means that stands at that place.

        Raises:
            ConfigurationError: it cannot be one of this setting's.
        """
        try:
            return self._read(value)
        except ValueError as error:
            raise ConfigurationError(f"{place}{value!r}: it must be {error}") from None

    def chosen(self, *given: Any) -> T:
        """What the keyword of this setting says: the first of these that is not None; or else the
        setting itself.

        Raises:
            ConfigurationError: it cannot be one of this setting's.
        """
        for each in given:
            if each is not None:
                return self.check(each, f"{self.keyword}=")
        return self.__get__(settings, type(settings))

    def given(self, instance: object) -> T | None:
        """The value, if it was assigned or its variable is set."""
        if self.name not in instance.__dict__:
            texts = os.environ.get(self.variable, ""), _file_variables().get(self.variable, "")
            if not any(text.strip() for text in texts):
                return None
        return self.__get__(instance, type(instance))


def _file_name() -> str:
    return os.environ.get(ENV_FILE, "").strip() or ".env"


@cache
def _file_variables() -> dict[str, str]:
    path = Path(_file_name()).expanduser()
    if not path.is_file():
        return {}
    from fastmcp._env_file import read_env_file

    return read_env_file(path)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text")
    return value.strip()


def _host(value: Any) -> str:
    host = _text(value)
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host  # as in a URL


def _directory(value: Any) -> Path:
    if not isinstance(value, Path) and not _text(value):
        raise ValueError("the path of a directory")
    return Path(value).expanduser()


def _home() -> Path:
    """Where the data of this user's programs are, by the custom of the system."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "").strip() or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME", "").strip() or "~/.local/share"
    return Path(base).expanduser() / "fastmcp"


def _secret(value: Any) -> str:
    """A text, which may be hidden as pydantic hides one; it is not told again."""
    reveal = getattr(value, "get_secret_value", None)
    text = value if reveal is None else reveal()
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    return _text(text)


def _path(value: Any) -> str:
    path = _text(value)
    if not path.startswith("/"):
        raise ValueError("a path that begins with a slash")
    return path


def _port(value: Any) -> int:
    if not isinstance(value, bool) and str(value).isdecimal() and int(value) <= 65535:
        return int(value)
    raise ValueError("a port, 0 to 65535")


def _count(value: Any) -> int:
    if not isinstance(value, bool) and str(value).isdecimal():
        return int(value)
    raise ValueError("a number, 0 or more")


def _duration(value: Any) -> float:
    """Seconds, also as a `timedelta`, `HH:MM:SS` or `PT1M30S`."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else _seconds(str(value))
    if isinstance(value, bool) or not 0 < seconds < float("inf"):
        raise ValueError("seconds greater than 0")
    return seconds


def _seconds(text: str) -> float:
    text = text.strip().upper()
    try:
        if ":" in text:
            hours, minutes, seconds = text.split(":")
            return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        if text.startswith("PT"):
            found = _ISO_DURATION.fullmatch(text)
            parts = (0,) if found is None else found.groups(default="0")
            return sum(float(part) * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))
        return float(text)
    except ValueError:
        return 0


def _flag(value: Any) -> bool:
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("true or false")


def flag(value: Any, keyword: str) -> bool:
    """What a keyword that is on or off means, read as settings are; None is off.

    Raises:
        ConfigurationError: it means neither.
    """
    return value is not None and Setting(_flag, False).check(value, f"{keyword}=")


def _one_of(*choices: str) -> Callable[[Any], Any]:
    def read(value: Any) -> str:
        text = str(value).strip().lower()
        for choice in choices:
            if choice.lower() == text:
                return choice
        raise ValueError(f"one of {', '.join(choices)}")

    return read


def _protection(value: Any) -> bool | Literal["auto"]:
    if str(value).strip().lower() == "auto":
        return "auto"
    try:
        return _flag(value)
    except ValueError:
        raise ValueError('"auto", true or false') from None


def _names(value: Any) -> tuple[str, ...] | None:
    """Texts, also as JSON or with commas between them."""
    if isinstance(value, str):
        value = value.strip()
        value = _json(value) if value.startswith("[") else value.split(",")
    if value is None:
        return None
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise ValueError("a list of texts")
    names = list(cast("Iterable[Any]", value))
    if not all(isinstance(name, str) for name in names):
        raise ValueError("a list of texts")
    return tuple(name.strip() for name in names if name.strip())


def _json(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise ValueError('a list of texts: ["a", "b"], or a, b') from None


def _idle_timeout(value: Any) -> float | Literal["auto"] | None:
    text = str(value).strip().lower()
    if text == "auto":
        return "auto"
    if text in ("none", "null"):
        return None
    try:
        if (seconds := float(text)) > 0:
            return seconds
    except ValueError:
        pass
    raise ValueError('"auto", "none", or seconds greater than 0')


class Settings:
    """What a server goes by where neither its code nor its caller says otherwise."""

    transport: Setting[Transport] = Setting(_one_of(*TRANSPORTS), "stdio")
    host: Setting[str] = Setting(_host, "127.0.0.1")
    port: Setting[int] = Setting(_port, 8000)
    streamable_http_path: Setting[str] = Setting(_path, "/mcp")
    sse_path: Setting[str] = Setting(_path, "/sse")
    message_path: Setting[str] = Setting(_path, "/messages/")
    json_response: Setting[bool] = Setting(_flag, False)
    stateless_http: Setting[bool] = Setting(_flag, False)
    http_host_origin_protection: Setting[bool | Literal["auto"]] = Setting(_protection, "auto")
    http_allowed_hosts: Setting[tuple[str, ...] | None] = Setting(_names, None)
    http_allowed_origins: Setting[tuple[str, ...] | None] = Setting(_names, None)
    http_session_idle_timeout: Setting[float | Literal["auto"] | None] = Setting(
        _idle_timeout, "auto"
    )
    log_enabled: Setting[bool] = Setting(_flag, True)
    log_level: Setting[str] = Setting(_one_of(*LOG_LEVELS), "INFO")
    log_format: Setting[Any] = Setting(_one_of("auto", "rich", "plain", "json"), "auto")
    log_redaction: Setting[bool] = Setting(_flag, True)
    enable_rich_logging: Setting[bool] = Setting(_flag, True)
    enable_rich_tracebacks: Setting[bool] = Setting(_flag, True)
    show_server_banner: Setting[bool] = Setting(_flag, True)
    mask_error_details: Setting[bool] = Setting(_flag, False)
    strict_input_validation: Setting[bool] = Setting(_flag, False)
    client_log_level: Setting[Any] = Setting(_one_of(*MCP_LOG_LEVELS), "debug")
    session_store: Setting[str | None] = Setting(_text, None)
    docket_url: Setting[str] = Setting(_text, "memory://")
    docket_name: Setting[str] = Setting(_text, "fastmcp")
    docket_concurrency: Setting[int] = Setting(_count, 10)
    docket_worker_name: Setting[str | None] = Setting(_text, None)
    docket_redelivery_timeout: Setting[float] = Setting(_duration, 300.0)
    docket_reconnection_delay: Setting[float] = Setting(_duration, 5.0)
    docket_minimum_check_interval: Setting[float] = Setting(_duration, 0.05)
    tasks_encryption_key: Setting[str | None] = Setting(_secret, None)
    home: Setting[Path] = Setting(_directory, _home)
    oauth_encryption_key: Setting[str | None] = Setting(_secret, None)
    auth_token: Setting[str | None] = Setting(_secret, None)
    ssrf_trust_proxy: Setting[bool] = Setting(_flag, False)
    telemetry: Setting[bool] = Setting(_flag, True)
    telemetry_mode: Setting[Any] = Setting(_one_of("native", "propagation_only", "off"), "native")

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and not isinstance(getattr(type(self), name, None), Setting):
            raise AttributeError(_unknown(name))
        super().__setattr__(name, value)

    @contextmanager
    def temporarily(self, **values: Any) -> Generator[None]:
        """Have these values inside of the block."""
        before = {name: self.__dict__[name] for name in values if name in self.__dict__}
        try:
            for name, value in values.items():
                setattr(self, name, value)
            yield
        finally:
            for name in values:
                self.__dict__.pop(name, None)
            self.__dict__.update(before)


NAMES = tuple(name for name, value in vars(Settings).items() if isinstance(value, Setting))


# What FastMCP has besides, and what is not needed here: nothing is to be said of that.
_NEEDLESS = frozenset(
    (
        "check_for_updates",
        "client_raise_first_exceptiongroup_error",
        "debug",
        "mcp_camelcase_compat",
        "server_dependencies",
        "test_mode",
    )
)


def unread() -> list[str]:
    """What is to be said of each variable that is named as those of settings are, and is none, in
    the environment and in the file; and of a file that is named and cannot be read.
    """
    told = [_unread(variable) for variable in sorted(os.environ) if _is_strange(variable)]
    file = _file_name()
    told += [f"{file}: {_unread(each)}" for each in sorted(_file_variables()) if _is_strange(each)]
    if os.environ.get(ENV_FILE, "").strip() and not Path(file).expanduser().is_file():
        told.append(f"{ENV_FILE} names {file}, and there is no such file")
    return told


def _is_strange(variable: str) -> bool:
    prefix, name = variable[: len(PREFIX)], variable[len(PREFIX) :]
    known = name == name.upper() and (name.lower() in NAMES or name.lower() in _NEEDLESS)
    return prefix.upper() == PREFIX and variable != ENV_FILE and not (known and prefix == PREFIX)


def _unread(variable: str) -> str:
    near = nearest(variable[len(PREFIX) :], NAMES)
    hint = "" if near is None else f"; did you mean {PREFIX}{near.upper()}?"
    return f"{variable} is set, and there is no such setting{hint}"


def _unknown(name: str) -> str:
    near = nearest(name, NAMES)
    return f"There is no setting {name!r}" + ("" if near is None else f"; did you mean {near!r}?")


class _SettingsModule(Settings, ModuleType):
    pass


settings: Settings = cast(Settings, sys.modules[__name__])
sys.modules[__name__].__class__ = _SettingsModule
