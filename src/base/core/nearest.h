#pragma once

#include <span>
#include <string>
#include <string_view>

namespace orrery {

// The entry of `known` that `word` was most likely meant to be: the one at the smallest edit distance, if that is at
// most 2 or a third of the word; failing that, the closest one that contains the whole word. Empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// " (did you mean NAME?)", or nothing when none is near. `prefix` goes before the name, as in "--".
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known, std::string_view prefix = "");

}  // namespace orrery
