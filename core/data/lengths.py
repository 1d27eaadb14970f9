"""How long documents are: counted one by one, told as a few figures and a histogram."""

from __future__ import annotations

from array import array


class Lengths:
    """Lengths of documents (characters or tokens), eight bytes for each document."""

    def __init__(self) -> None:
        self._each = array("Q")
        self._begun = 0
        self.characters = 0

    def add(self, length: int, continues: bool = False) -> None:
        """One document, or a piece of one that `continues` in the next."""
        self.characters += length
        self._begun += length
        if not continues:
            self._each.append(self._begun)
            self._begun = 0

    @property
    def documents(self) -> int:
        """Documents that have ended."""
        return len(self._each)

    def summary(self) -> dict[str, int]:
        """Shortest, median, 95 % and longest; empty when there are none."""
        ordered = sorted(self._each)
        if not ordered:
            return {}
        return {
            "shortest": ordered[0],
            "median": ordered[len(ordered) // 2],
            "p95": ordered[int(0.95 * (len(ordered) - 1))],
            "longest": ordered[-1],
        }

    def histogram(self) -> list[list[int]]:
        """[longest length in it, documents] of each doubling that holds any, gaps between them as 0: the first holds
        lengths up to 1, the next up to 2, then 4, 8, ..."""
        counts: dict[int, int] = {}
        for length in self._each:
            step = max(0, length - 1).bit_length()
            counts[step] = counts.get(step, 0) + 1
        return [[1 << step, counts.get(step, 0)] for step in range(min(counts), max(counts) + 1)] if counts else []
