"""Compares two runs of the same requests clip by clip, which removes the differences between clips.

  mean_and_error(values)     (mean, standard error of the mean)
  compare(a, b, better)      compares numbers in the same order; better: 1 when more is better, -1 when less is
  compare_words(a, b)        compares booleans, with McNemar's test
Probabilities are exact and two-sided: those of splitting the differing clips at least as unevenly by chance.
"""

import math

import numpy


def mean_and_error(values):
    if len(values) < 2:
        return float(numpy.mean(values)), math.nan
    return float(numpy.mean(values)), float(numpy.std(values, ddof=1)) / math.sqrt(len(values))


def chance(one, other):
    """The probability that one + other fair coins split at least as unevenly."""
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
