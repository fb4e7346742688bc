#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/process.h"

namespace orrery {

// Instead of a number of lines: mpirun speaks as well.
constexpr int kLaunchersToo = 0;

// What a refusal has to say, and in how many lines: one a problem.
struct Said {
  std::vector<std::string> words;
  int lines = 1;
};

// Starts a command that must be refused: exit code 2, one "orrery: error:" with the words, nothing else printed,
// nothing new at `out`, and little CPU time spent. Ranks under a launcher spend it on waiting for each other: theirs is
// not looked at.
void expect_refused(const CommandLine& command, const std::filesystem::path& out, const Said& said);

// The most CPU time that one of them took, in seconds.
double dearest_refusal();

}  // namespace orrery
