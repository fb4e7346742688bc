#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/core/json.h"
#include "support/process.h"

namespace orrery {

// The built program with these arguments, without a launcher. It runs in a fork of the test (run_in_forks); behind
// another program, as `env` or a launcher, it is started anew.
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

// Waits until something has happened. False: it never will, since ten minutes have passed.
bool soon(const std::function<bool()>& happened);

// The lines of a JSON Lines file.
std::vector<Json> json_lines(const std::filesystem::path& file);

}  // namespace orrery
