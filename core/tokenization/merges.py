"""Learning the merges of byte-pair encoding from counted words, exactly as the tokenizers library's trainer does.

The library cuts the whole corpus with a general regular-expression engine, which takes nearly all of its time. Counting
words here (`words.py`) leaves only distinct words for the merging itself, and the result is the same, tested.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import pairwise

Pair = tuple[int, int]


def learn(words: Mapping[str, int], vocabulary: dict[str, int], size: int, min_frequency: int) -> list[tuple[str, str]]:
    """The merges, best first; `vocabulary` (every character of `words` in it) grows up to `size` entries in place.

    `words` maps each distinct word to how often it came. The most frequent pair is merged, the one with the smaller ids
    when two are as frequent, until the vocabulary is full or no pair came `min_frequency` times.
    """
    names = {number: name for name, number in vocabulary.items()}
    symbols = [[vocabulary[character] for character in word] for word in words]
    weights = list(words.values())
    counts: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[int]] = defaultdict(set)
    for number, (word, weight) in enumerate(zip(symbols, weights, strict=True)):
        for pair in pairwise(word):
            counts[pair] += weight
            places[pair].add(number)
    queue = [(-counts[pair], pair, where) for pair, where in places.items() if counts[pair] > 0]
    heapq.heapify(queue)
    merges: dict[Pair, None] = {}
    while len(vocabulary) < size and queue:
        negative, pair, where = heapq.heappop(queue)
        if -negative != counts[pair]:
            heapq.heappush(queue, (-counts[pair], pair, where))
            continue
        if -negative < max(1, min_frequency):
            break
        name = names[pair[0]] + names[pair[1]]
        merged = vocabulary.setdefault(name, len(vocabulary))
        names[merged] = name
        # A pair can be met twice when two ways of joining give the same token; its later place counts.
        merges.pop(pair, None)
        merges[pair] = None
        found: defaultdict[Pair, set[int]] = defaultdict(set)
        for number in where:
            weight = weights[number]
            for changed, sign in _merge(symbols[number], pair, merged):
                counts[changed] += sign * weight
                if sign > 0:
                    found[changed].add(number)
        for changed, numbers in found.items():
            if counts[changed] > 0:
                heapq.heappush(queue, (-counts[changed], changed, numbers))
    return [(names[first], names[second]) for first, second in merges]


def _merge(word: list[int], pair: Pair, merged: int) -> list[tuple[Pair, int]]:
    """Join `pair` wherever it stands in `word`, in place; the pairs that came (+1) and went (-1) by that."""
    first, second = pair
    changes: list[tuple[Pair, int]] = []
    place = 0
    while place < len(word) - 1:
        if word[place] == first and word[place + 1] == second:
            if place:
                before = word[place - 1]
                changes += [((before, first), -1), ((before, merged), 1)]
            word[place : place + 2] = [merged]
            if place < len(word) - 1:
                after = word[place + 1]
                changes += [((second, after), -1), ((merged, after), 1)]
        place += 1
    return changes
