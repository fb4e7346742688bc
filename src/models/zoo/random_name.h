#pragma once

#include <filesystem>
#include <string_view>

namespace orrery {

inline constexpr std::string_view kRandomPrefix = "random:";
// Suffix of the name of a random model that is distilled to few steps.
inline constexpr std::string_view kFewStepEnding = "-4step";

// Whether `checkpoint` is "random:NAME", which means random weights, rather than a folder.
inline bool is_random_checkpoint(const std::filesystem::path& checkpoint) {
  return checkpoint.string().starts_with(kRandomPrefix);
}

}  // namespace orrery
