#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/process.h"

namespace orrery {

// Used as a number of lines when mpirun prints messages too.
constexpr int kLaunchersToo = 0;

// Expected words of an error message, and its number of lines, one for each problem.
struct Said {
  std::vector<std::string> words;
  int lines = 1;
};

// Starts a command and expects that it is refused: exit code 2, one "orrery: error:" with the words, no other output,
// no new files at `out`, and little CPU time. The CPU time is not checked under a launcher, where ranks spend it
// waiting for each other.
void expect_refused(const CommandLine& command, const std::filesystem::path& out, const Said& said);

// The largest CPU time of a refused command so far [s].
double dearest_refusal();

}  // namespace orrery
