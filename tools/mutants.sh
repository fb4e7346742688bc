#!/usr/bin/env bash
# Mutation test, started by hand: puts small faults into a copy of the sources, one at a time, and prints which test fails.
# tools/mutants.txt has the faults. The first call builds the copy; each fault then rebuilds one or two files.
#   tools/mutants.sh [--together] [WORD…]      all faults, or those whose names contain one of the words
# --together combines faults in different files with different test programs, except those for tests that run the whole
# program; this takes a third of the time. A failing case may then come from another fault of the group: check its name.
# MUTANTS_DIR (default: build/mutants) keeps the copy and its build, configured as in tools/test.sh, with CMAKE_ARGS added.
# If it is this clone itself, its build is used and each file is restored afterwards, which is faster.
# Exits with 1 when no test fails for a fault, or when its code is not in the sources any more: then update its entry.
set -euo pipefail
cd "$(dirname "$0")/.."
python3 - "$PWD" "${MUTANTS_DIR:-$PWD/build/mutants}" "$@" <<'END'
import json, os, pathlib, re, shutil, signal, subprocess, sys

source, copy = map(pathlib.Path, sys.argv[1:3])
words = [word for word in sys.argv[3:] if word != "--together"]
together = "--together" in sys.argv[3:]
signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # restores files


def copy_sources():
    """Only what differs, and with the time of now: what was built of a fault is older and is built again."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=source,
                            capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        old, new = source / name, copy / name
        if not old.is_file() or (new.is_file() and new.read_bytes() == old.read_bytes()):
            continue
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(old, new)


def configure():
    made = subprocess.run(["cmake", "-G", "Ninja", "-S", copy, "-B", copy / "build", "-DORRERY_WERROR=ON",
                           *os.environ.get("CMAKE_ARGS", "").split()], capture_output=True, text=True, check=False)
    if made.returncode:
        sys.exit(made.stdout + made.stderr)


class Fault:
    """A block of the list: its name, members, lines to take out, lines to put in."""

    def __init__(self, block):
        self.name, *lines = block.strip().splitlines()
        self.name = self.name.strip("[]")
        members = dict(line.split(None, 1) for line in lines if line[0] in "ft")
        self.path, self.tests, self.filter = copy / members["file"], members["tests"].split(), members.get("filter")
        self.old, self.new = ("\n".join(line[2:] for line in lines if line[0] == mark) for mark in "-+")
        self.text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""

    def targets(self):
        return {re.sub(r"\.np\d+$", "", test) for test in self.tests}


def wanted_faults():
    text = (source / "tools/mutants.txt").read_text(encoding="utf-8")
    faults = [Fault(block) for block in re.split(r"\n(?=\[)", text)[1:]]
    return [fault for fault in faults if not words or any(word in fault.name for word in words)]


def tests_of_the_program():
    tests = json.loads(run("ctest", "--show-only=json-v1").stdout)["tests"]
    labels = {test["name"]: [p["value"] for p in test["properties"] if p["name"] == "LABELS"] for test in tests}
    return {name for name, values in labels.items() if {"e2e", "kill"} & set(sum(values, []))}


def rounds(faults):
    """Lists of faults that are planted at once."""
    alone = tests_of_the_program()
    found = []
    for fault in faults:
        for others in found if together else []:
            if not any(fault.path == other.path or fault.targets() & other.targets() or alone & {*fault.tests, *other.tests}
                       for other in others):
                others.append(fault)
                break
        else:
            found.append([fault])
    return found


def mutated(text, old, new):
    """`text` with `new` for `old`, however either is broken into lines; None unless it is there exactly once."""
    pattern = r"\s*".join(re.escape(word) for word in re.findall(r"\w+|\S", old))
    return re.sub(pattern, lambda _: new, text) if len(re.findall(pattern, text)) == 1 else None


def run(*command, **environment):
    return subprocess.run(command, cwd=copy / "build", capture_output=True, text=True, check=False,
                          env={**os.environ, **environment})


def noticed(fault):
    """Which of its tests fails, with the cases."""
    only = {"GTEST_COLOR": "no", **({"GTEST_FILTER": fault.filter} if fault.filter else {})}
    for test in fault.tests:
        ended = run("ctest", "--no-tests=error", "--output-on-failure", "-R", "^" + re.escape(test) + "$", **only)
        if ended.returncode:
            cases = sorted(set(re.findall(r"\[  FAILED  \] (\w\S+\.\w\S*?)(?:,|\s|$)", ended.stdout)))
            return "caught by " + test + ": " + ", ".join(cases or ["it ended badly"])
    return "NOT CAUGHT by " + ", ".join(fault.tests)


def verdicts(faults):
    """What is found with the faults planted at once; those that do not compile together are planted one by one."""
    changed = {fault: mutated(fault.text, fault.old, fault.new) for fault in faults}
    planted = [fault for fault in faults if changed[fault] is not None]
    built = None
    for fault in planted:
        fault.path.write_text(changed[fault], encoding="utf-8")
    try:
        if planted:
            built = run("ninja", *set().union(*(fault.targets() for fault in planted)))
        for fault in faults:
            if fault not in planted:
                yield fault, "its place is not found once in " + str(fault.path.relative_to(copy))
            elif built.returncode == 0:
                yield fault, noticed(fault)
            elif len(planted) == 1:
                yield fault, "does not compile:\n" + built.stdout[-2000:]
    finally:
        for fault in planted:
            fault.path.write_text(fault.text, encoding="utf-8")
    if built and built.returncode and len(planted) > 1:
        for fault in planted:
            yield from verdicts([fault])


copy_sources()
configure()
missed = 0
for faults in rounds(wanted_faults()):
    for fault, told in verdicts(faults):
        missed += not told.startswith("caught")
        print(f"{fault.name}: {told}", flush=True)
sys.exit(1 if missed else 0)
END
