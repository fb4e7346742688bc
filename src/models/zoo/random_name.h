#pragma once

#include <filesystem>
#include <string_view>

namespace orrery {

inline constexpr std::string_view kRandomPrefix = "random:";
// What stands behind the name of a random model that is distilled to few steps.
inline constexpr std::string_view kFewStepEnding = "-4step";

// Whether `checkpoint` is "random:NAME", which asks for random weights, and not a folder.
inline bool is_random_checkpoint(const std::filesystem::path& checkpoint) {
  return checkpoint.string().starts_with(kRandomPrefix);
}

}  // namespace orrery
