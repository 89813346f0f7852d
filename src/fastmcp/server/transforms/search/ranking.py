"""Ranking: which of many texts fit a query best, by Okapi BM25."""

from __future__ import annotations

import heapq
import math
import re
import threading
import unicodedata
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Final

_WORD = re.compile(r"[^\W_]{2,}")
# How fast the weight of a word that is repeated levels off, and how far long texts are discounted.
_SATURATION: Final = 1.5
_DISCOUNT: Final = 0.75
# Of a query, and of a text, so much is read.
LONGEST_QUERY: Final = 2_000
LONGEST_TEXT: Final = 50_000
# So many texts are remembered, or twice as many as there are at once.
REMEMBERED: Final = 20_000


def words(text: str) -> list[str]:
    """The words of a text, as they are compared; parts of names count as words."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


class Ranking:
    """Ranks any selection of texts. Each text is read once, in whichever selection it comes first;
    a word is as rare as it is in the selection. Several threads may use it.
    """

    def __init__(self) -> None:
        self._reading = threading.Lock()
        self._most = 0
        self._forget()

    def _forget(self) -> None:
        self._numbers: dict[str, int] = {}
        self._lengths = array("L")
        # For each word, the numbers of the texts that have it, and how often each has it.
        self._occurrences: dict[str, tuple[array[int], array[int]]] = {}
        self._selected = _Selection([], [], self._lengths)

    def best(self, texts: list[str], query: str, limit: int) -> list[int]:
        """The positions of the texts that fit the query, the best first."""
        asked = Counter(words(query[:LONGEST_QUERY]))
        if not asked or not texts:
            return []
        with self._reading:
            scores = self._scores(self._selection(texts), asked)
        return heapq.nsmallest(limit, scores, key=lambda position: (-scores[position], position))

    def _scores(self, selected: _Selection, asked: Counter[str]) -> dict[int, float]:
        scores: dict[int, float] = {}
        positions, damping = selected.positions, selected.damping
        for word, times in asked.items():
            numbers, counts = self._occurrences.get(word, ((), ()))
            having = sum(positions[number] >= 0 for number in numbers)
            rarity = math.log((len(selected.texts) - having + 0.5) / (having + 0.5) + 1.0)
            weight = times * rarity * (_SATURATION + 1)
            for number, count in zip(numbers, counts, strict=True):
                position = positions[number]
                if position >= 0:
                    part = weight * count / (count + damping[number])
                    scores[position] = scores.get(position, 0.0) + part
        return scores

    def _selection(self, texts: list[str]) -> _Selection:
        if texts != self._selected.texts:
            self._selected = _Selection(texts, self._numbered(texts), self._lengths)
        return self._selected

    def _numbered(self, texts: Sequence[str]) -> list[int]:
        self._most = max(self._most, len(texts))
        new = {text for text in texts if text not in self._numbers}
        if len(self._numbers) + len(new) > max(REMEMBERED, 2 * self._most):
            self._forget()
        for text in texts:
            if text not in self._numbers:
                self._read(text)
        return [self._numbers[text] for text in texts]

    def _read(self, text: str) -> None:
        number = self._numbers[text] = len(self._lengths)
        counted = Counter(words(text[:LONGEST_TEXT]))
        self._lengths.append(counted.total())
        for word, count in counted.items():
            found = self._occurrences.get(word)
            if found is None:
                found = self._occurrences[word] = (array("I"), array("H"))
            found[0].append(number)
            found[1].append(min(count, 65_535))


class _Selection:
    """Some of the texts: where each of all is among them, -1 for nowhere, and how much its length
    takes from the weight of its words.
    """

    def __init__(self, texts: list[str], numbers: list[int], lengths: array[int]) -> None:
        self.texts = texts
        self.positions = [-1] * len(lengths)
        for position, number in enumerate(numbers):
            self.positions[number] = position
        usual = sum(lengths[number] for number in numbers) / (len(numbers) or 1) or 1.0
        kept, taken = _SATURATION * (1 - _DISCOUNT), _SATURATION * _DISCOUNT / usual
        self.damping = [kept + taken * length for length in lengths]
