"""Compares two runs of the same requests, clip by clip: what differs between clips then leaves the difference alone.

  mean_and_error(values)     (mean, standard error of the mean)
  compare(a, b, better)      of numbers, in the same order; better: 1 where more is, -1 where less is
  compare_words(a, b)        of truths: McNemar's test
Probabilities are exact and two-sided: how often chance alone would split the clips that differ at least as unevenly.
"""

import math

import numpy


def mean_and_error(values):
    if len(values) < 2:
        return float(numpy.mean(values)), math.nan
    return float(numpy.mean(values)), float(numpy.std(values, ddof=1)) / math.sqrt(len(values))


def chance(one, other):
    """Of a split of one + other fair coins at least as uneven."""
    count = one + other
    tail = sum(math.comb(count, k) for k in range(min(one, other) + 1)) / 2 ** count
    return min(1.0, 2 * tail)


def compare(a, b, better):
    differences = better * (numpy.array(a, float) - numpy.array(b, float))
    mean, error = mean_and_error(differences)
    wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
    return {"mean_difference": better * mean, "standard_error": error, "better": wins, "worse": losses,
            "of": len(differences), "p": chance(wins, losses)}


def compare_words(a, b):
    only_a, only_b = sum(x and not y for x, y in zip(a, b)), sum(y and not x for x, y in zip(a, b))
    return {"only_this": only_a, "only_other": only_b, "of": len(a), "p": chance(only_a, only_b)}
