"""Report: what was found."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field, to_builtins

Level = Literal["ok", "note", "warning", "error"]


class Finding(Struct, frozen=True):
    """One thing that was looked at; `fix` says what to do about it."""

    step: str
    level: Level
    text: str
    fix: str | None = None


class Outlook(Struct, frozen=True):
    """What a kind of client comes to."""

    client: str
    level: Level
    text: str


class Report(Struct):
    """All findings about the server at a URL, in the order in which they came up."""

    url: str
    findings: list[Finding] = field(default_factory=list[Finding])
    clients: list[Outlook] = field(default_factory=list[Outlook])

    def ok(self, step: str, text: str) -> None:
        """It is as it should be."""
        self.findings.append(Finding(step, "ok", text))

    def note(self, step: str, text: str, fix: str) -> None:
        """It may be meant so; `fix` says what to do if it is not."""
        self.findings.append(Finding(step, "note", text, fix))

    def warn(self, step: str, text: str, fix: str) -> None:
        """Some clients will have trouble."""
        self.findings.append(Finding(step, "warning", text, fix))

    def error(self, step: str, text: str, fix: str) -> None:
        """Clients cannot be authorized, or not safely."""
        self.findings.append(Finding(step, "error", text, fix))

    def expect(self, client: str, level: Level, text: str) -> None:
        """What a kind of client comes to."""
        self.clients.append(Outlook(client, level, text))

    @property
    def errors(self) -> list[Finding]:
        """What has to be mended."""
        return [each for each in self.findings if each.level == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """What had better be mended."""
        return [each for each in self.findings if each.level == "warning"]

    def as_object(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {"url": self.url, "ok": not self.errors, **to_builtins(self)}
