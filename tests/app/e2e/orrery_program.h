#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/core/json.h"
#include "support/process.h"

namespace orrery {

// The command line of the built program with these arguments, without a launcher. It runs in a fork of the test
// (run_in_forks); after another program, such as `env` or a launcher, it is started as a new process.
CommandLine orrery(const CommandLine& arguments);

// A job of `ranks` ranks, under the tests' launcher.
CommandLine on_ranks(int ranks, const CommandLine& command);

// `orrery run` with its three paths, then `more`.
CommandLine run_command(const std::filesystem::path& checkpoint, const std::filesystem::path& manifest,
                        const std::filesystem::path& out, const CommandLine& more = {});

// A small checkpoint with a tokenizer, made by tools/make_checkpoint.py for this program and removed at its end.
const std::filesystem::path& demo_checkpoint();

// A request of token ids for random:tiny: 5 frames of 32 x 32 in 2 steps. The members of `more` are added or replace.
std::string random_line(const std::string& id, const Json& more = Json::object());

// Waits until `happened` returns true. Returns false if it does not within ten minutes.
bool soon(const std::function<bool()>& happened);

// The lines of a JSON Lines file.
std::vector<Json> json_lines(const std::filesystem::path& file);

}  // namespace orrery
