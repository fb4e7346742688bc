#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/json.h"
#include "support/process.h"

namespace orrery {

// The built program with these arguments, without a launcher.
CommandLine orrery(const CommandLine& arguments);

// A job of `ranks` ranks, under the tests' launcher.
CommandLine on_ranks(int ranks, const CommandLine& command);

// `orrery run` with its three paths, then `more`.
CommandLine run_command(const std::filesystem::path& checkpoint, const std::filesystem::path& manifest,
                        const std::filesystem::path& out, const CommandLine& more = {});

// A small checkpoint with a tokenizer, made by tools/make_checkpoint.py for this program and removed at its end.
const std::filesystem::path& demo_checkpoint();

// The lines of a JSON Lines file.
std::vector<Json> json_lines(const std::filesystem::path& file);

}  // namespace orrery
