#pragma once

#include <string>
#include <vector>

#include "app/cli/options.h"
#include "base/core/error.h"

namespace orrery {

using Words = std::vector<std::string>;

// `orrery run` with its required options and `more`.
inline Words run_with(const Words& more) {
  Words words{"run", "--checkpoint", "c", "--manifest", "m", "--out", "o"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// The error message for a refused command line; "" when it is accepted.
inline std::string refusal(const Words& words) {
  try {
    parse_options(words);
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

}  // namespace orrery
