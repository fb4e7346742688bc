"""Prints the lines of `orrery bench --json` as a table: bench_table.py FILE…"""

import json
import sys

COLUMNS = [("size", 12), ("ranks", 13), ("what", 12), ("name", 40), ("ms", 11), ("TFLOP/s", 9), ("GB/s", 9), ("of ceiling", 11)]


def ranks_of(line):
    topology = line.get("topology", {})
    ranks = " ".join(f"{axis}{topology[axis]}" for axis in ("cfg", "sp", "tp") if topology.get(axis, 1) > 1) or "1 rank"
    others = [line[key] for key, usual in (("gemm", "bf16"), ("attention", "fa3")) if line.get(key, usual) != usual]
    others += ["attention fp8"] if line.get("attention_format") == "fp8" else []
    others += [f"error {line['error']:.2g}"] if "error" in line else []
    return " ".join([ranks, *others])


def number(line, key, digits):
    return f"{line[key]:.{digits}f}" if key in line else ""


def name_of(line):
    """The line's name; for a rank's share of a branch with the predicted time of a branch of which no exchange is hidden."""
    return f"{line['name']}: at most {line['predicted_ms']:.0f}" if "predicted_ms" in line else line["name"]


def row_of(line):
    share = f"{100 * line['share']:.1f} %" if "share" in line else ""
    return [f"{line.get('size', '')}/{line.get('frames', '')}", ranks_of(line), line["what"], name_of(line), number(line, "median_ms", 3),
            number(line, "tflops", 0), number(line, "gbps", 0), share]


def print_row(cells):
    texts = [str(cell)[:width].ljust(width) if i < 4 else str(cell).rjust(width) for i, (cell, (_, width)) in enumerate(zip(cells, COLUMNS))]
    print(" ".join(texts).rstrip())


def main(files):
    print_row([title for title, _ in COLUMNS])
    for file in files:
        with open(file, encoding="utf-8") as lines:
            for text in lines:
                line = json.loads(text)
                print_row(row_of(line))


if __name__ == "__main__":
    main(sys.argv[1:])
