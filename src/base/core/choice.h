#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace orrery {

// Names of the values of enumerations, as command lines, job files and the files of a run write them. An enumeration
// that has names declares choices() beside itself: a std::array<Choice<E>, N> of all its values.

template <class E>
struct Choice {
  std::string_view name;
  E value;
};

// The name of `value`; empty when choices() does not list it.
template <class E>
constexpr std::string_view choice_name(E value) {
  for (const auto& choice : choices(E{})) {
    if (choice.value == value) return choice.name;
  }
  return {};
}

// The entry of `known` that `word` was most likely meant to be: the one at the smallest edit distance, if that is at
// most 2 or a third of the word; failing that, the closest one that contains the whole word. Empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// " (did you mean NAME?)", or nothing when none is near. `prefix` goes before the name, as in "--".
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known, std::string_view prefix = "");

}  // namespace orrery
