"""Computes shares of right words, means of deviations, and comparisons of two runs, from eval_mini.py's measurements of clips."""

import math

import paired
from deviations import MEASURES
from measure import grammar


def shares(results):
    found = {}
    for word in grammar.Caption._fields:
        told = [r["right"][word] for r in results if word in r["right"]]
        if told:
            found[word] = {"right": sum(told), "of": len(told), "percent": round(100 * sum(told) / len(told), 1)}
    whole = sum(all(r["right"].values()) for r in results)
    found["all"] = {"right": whole, "of": len(results), "percent": round(100 * whole / max(1, len(results)), 1)}
    return found


def means(results):
    found = {}
    for name, measure in MEASURES.items():
        values = [r["deviations"][name] for r in results if name in r["deviations"]]
        if values:
            mean, error = paired.mean_and_error(values)
            found[name] = {"mean": mean, "standard_error": error, "of": len(values), "unit": measure.unit}
    return found


def against(results, others):
    """Compares the clips that both runs have: {"words": …, "deviations": …}."""
    other = {r["id"]: r for r in others}
    pairs = [(r, other[r["id"]]) for r in results if r["id"] in other]
    words, numbers = {}, {}
    for word in (*grammar.Caption._fields, "all"):
        right = lambda r, word=word: all(r["right"].values()) if word == "all" else r["right"].get(word)
        told = [(right(a), right(b)) for a, b in pairs if None not in (right(a), right(b))]
        if told:
            words[word] = paired.compare_words(*zip(*told))
    for name, measure in MEASURES.items():
        both = [(a["deviations"][name], b["deviations"][name]) for a, b in pairs
                if name in a["deviations"] and name in b["deviations"]]
        if both:
            numbers[name] = paired.compare(*zip(*both), measure.better)
    return {"words": words, "deviations": numbers}


def print_wrong_words(results):
    for result in results:
        for word in (word for word, right in result["right"].items() if not right):
            print(f"{result['id']}: {word} is {result['found'][word]}: {result['prompt']}")


def print_run(results):
    for word, share in shares(results).items():
        error = 100 * math.sqrt(share["right"] * (share["of"] - share["right"]) / share["of"] ** 3)
        print(f"{word:10} {share['right']:4} of {share['of']:4} {share['percent']:6.1f} ± {error:.1f} %")
    for name, mean in means(results).items():
        print(f"{name:10} {mean['mean']:8.2f} ± {mean['standard_error']:.2f} {mean['unit']}: {MEASURES[name].meaning}")
    first = [r["first_frame_psnr"] for r in results if "first_frame_psnr" in r]
    if first:
        print(f"first frame against the image: mean {sum(first) / len(first):.1f} dB, least {min(first):.1f} dB")


def print_against(found):
    for word, counts in found["words"].items():
        print(f"{word:10} right here alone {counts['only_this']:3}, there alone {counts['only_other']:3} of {counts['of']}, "
              f"p {counts['p']:.2g}")
    for name, row in found["deviations"].items():
        print(f"{name:10} {row['mean_difference']:+8.3f} ± {row['standard_error']:.3f} {MEASURES[name].unit:7} better here "
              f"{row['better']:3}, there {row['worse']:3} of {row['of']}, p {row['p']:.2g}")
