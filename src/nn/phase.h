#pragma once

#include <ATen/record_function.h>

#include <string_view>
#include <utility>

namespace orrery {

// Runs `work` as a phase with a name, for those who listen to LibTorch's record functions: `orrery bench`, profilers.
// Nobody listens in a run, and then it costs nothing.
template <class Work>
decltype(auto) phase(std::string_view name, Work&& work) {
  RECORD_USER_SCOPE(name);
  return std::forward<Work>(work)();
}

}  // namespace orrery
