#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

// One `name = value` line of a job file.
struct JobEntry {
  std::string name;
  std::string value;
  int line = 0;
};

// Reads `name = value` lines. Blank lines are skipped; # starts a comment, at the start of a line or after a blank. A
// value in double quotes is a JSON string. There are no sections, and a name may occur only once. Messages name `file`.
// Throws InputError.
std::vector<JobEntry> parse_job_file(std::string_view text, const std::filesystem::path& file);

// `value` written so that parse_job_file() reads it back: in quotes if needed.
std::string job_value(const std::string& value);

}  // namespace orrery
