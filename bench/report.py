"""From samples to the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from peers import Contender, Role, ServerSettings
from rows import Row, Sample

HEADINGS = ["row", "what", "unit", "ours", "peer", "floor", "ours/floor", "ours/peer", "aim"]
NUMBERS = range(3, 8)
"""The columns that are aligned to the right."""

Series = Mapping[Role, list[float]]


@dataclass
class Outcome:
    """What one row gave: the samples of each contender, round by round."""

    row: Row
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
            for role in ("ours", "peer", "floor")
        ]
        return [*figures, ratio(series, "floor"), ratio(series, "peer")]

    def _missing(self, role: Role) -> str:
        return "failed" if role in self.failures else "-"


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


def as_text(outcomes: list[Outcome]) -> str:
    table = [HEADINGS, *(line for outcome in outcomes for line in outcome.lines())]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]

    def aligned(cells: list[str]) -> str:
        padded = [
            cell.rjust(width) if column in NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    return "\n".join(aligned(cells) for cells in table)


def as_markdown(outcomes: list[Outcome]) -> str:
    rule = ["---:" if column in NUMBERS else "---" for column in range(len(HEADINGS))]
    table = [HEADINGS, rule, *(line for outcome in outcomes for line in outcome.lines())]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in table)


def failures(outcomes: list[Outcome]) -> list[str]:
    return [
        f"{outcome.row.name}, {role}: {why}"
        for outcome in outcomes
        for role, why in outcome.failures.items()
    ]
