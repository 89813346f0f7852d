"""From samples to the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from peers import Contender, Role, ServerSettings
from rows import Row, Sample

WORDS = ["row", "what", "unit"]
"""The columns before the figures."""

Series = Mapping[Role, list[float]]


@dataclass
class Outcome:
    """What one row gave: the samples of each contender, round by round."""

    row: Row
    roles: list[Role]
    """The columns: ours first, the floor last."""
    samples: dict[Role, list[Sample]] = field(default_factory=dict[Role, list[Sample]])
    failures: dict[Role, str] = field(default_factory=dict[Role, str])

    def lines(self) -> list[list[str]]:
        """The row's line of the table and, where CPU was measured, one more for that."""
        row = self.row
        arrow = "↑" if row.better == "higher" else "↓"
        lines = [[row.name, row.title, f"{row.unit} {arrow}", *self._figures("value"), row.aim]]
        if any(sample.per_cpu for samples in self.samples.values() for sample in samples):
            what = f"· per CPU second of the {row.measured}"
            lines.append(["", what, "calls ↑", *self._figures("per_cpu"), ""])
        return lines

    def _figures(self, what: str) -> list[str]:
        series: Series = {
            role: [getattr(sample, what) or 0.0 for sample in samples]
            for role, samples in self.samples.items()
            if role not in self.failures
        }
        figures = [
            number(median(series[role])) if role in series else self._missing(role)
            for role in self.roles
        ]
        return [*figures, *(ratio(series, other) for other in others(self.roles))]

    def _missing(self, role: Role) -> str:
        return "failed" if role in self.failures else "-"


def others(roles: list[Role]) -> list[Role]:
    """Whom ours is divided by: the floor, then the rest."""
    return [roles[-1], *roles[1:-1]]


def ratio(series: Series, other: Role) -> str:
    """The median of the rounds' ratios: neighbours in time share the machine's mood."""
    if "ours" not in series or other not in series or not all(series[other]):
        return "-"
    pairs = zip(series["ours"], series[other], strict=True)
    return number(median(ours / theirs for ours, theirs in pairs))


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def header(contenders: list[Contender], server: ServerSettings) -> list[str]:
    setting = f"uvicorn, one worker: {server.loop} loop, {server.http} parser, for all"
    return [*(str(contender) for contender in contenders), setting]


def table_of(outcomes: list[Outcome]) -> list[list[str]]:
    """Words, figures and ratios of each row, and the aim, under their headings."""
    roles = outcomes[0].roles
    headings = [*WORDS, *roles, *(f"ours/{other}" for other in others(roles)), "aim"]
    return [headings, *(line for outcome in outcomes for line in outcome.lines())]


def is_number(column: int, table: list[list[str]]) -> bool:
    """Whether a column is aligned to the right."""
    return len(WORDS) <= column < len(table[0]) - 1


def as_text(outcomes: list[Outcome]) -> str:
    table = table_of(outcomes)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]

    def aligned(cells: list[str]) -> str:
        padded = [
            cell.rjust(width) if is_number(column, table) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    return "\n".join(aligned(cells) for cells in table)


def as_markdown(outcomes: list[Outcome]) -> str:
    headings, *lines = table = table_of(outcomes)
    rule = ["---:" if is_number(column, table) else "---" for column in range(len(headings))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [headings, rule, *lines])


def failures(outcomes: list[Outcome]) -> list[str]:
    return [
        f"{outcome.row.name}, {role}: {why}"
        for outcome in outcomes
        for role, why in outcome.failures.items()
    ]
