"""What single sessions see: rules of their own, after the server's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .catalogue import Catalogue
from .providers.local import Feature
from .visibility import Rule

# How many sessions may have rules of their own; the least recently used are forgotten.
MAX_SESSIONS = 100_000


class SessionVisibility:
    """The catalogues of sessions that see something else than the server shows.

    `view` makes a catalogue of the server's with further rules; `rules` are those by session.
    """

    def __init__(self, view: Callable[[Sequence[Rule]], Catalogue]) -> None:
        self._view = view
        self.rules: dict[str, list[Rule]] = {}
        self._catalogues: dict[str, Catalogue] = {}

    def catalogue(self, session: str) -> Catalogue | None:
        """What the session sees; None when it has no rules."""
        rules = self.rules.pop(session, None)
        if rules is None:
            return None
        self.rules[session] = rules
        return self._catalogues[session]

    def rules_of(self, session: str) -> tuple[Rule, ...]:
        """The rules of a session."""
        return tuple(self.rules.get(session, ()))

    def replace(self, session: str, rules: Sequence[Rule]) -> None:
        """Let a session have these rules, which it got elsewhere."""
        if self.rules_of(session) == tuple(rules):
            return
        self.forget(session)
        for each in rules:
            self.add(session, each)

    def add(self, session: str, rule: Rule) -> list[Feature]:
        """Show or hide something for a session; the lists that have changed for it."""
        rules = self.rules.get(session)
        if rules is None:
            rules = self.rules[session] = []
            self._catalogues[session] = self._view(rules)
            if len(self.rules) > MAX_SESSIONS:
                self.forget(next(iter(self.rules)))
        before = self._catalogues[session].shown()
        rules.append(rule)
        return _differences(before, self._catalogues[session])

    def reset(self, session: str) -> list[Feature]:
        """Let a session see what the server shows; the lists that have changed for it."""
        catalogue = self._catalogues.get(session)
        if catalogue is None:
            return []
        self.forget(session)
        return _differences(catalogue.shown(), self._view([]))

    def forget(self, session: str) -> None:
        """The session has ended."""
        self.rules.pop(session, None)
        self._catalogues.pop(session, None)


def _differences(before: Mapping[Feature, object], catalogue: Catalogue) -> list[Feature]:
    after = catalogue.shown()
    return [feature for feature in before if before[feature] != after[feature]]
