#pragma once

#include <array>
#include <string_view>

// Names of the values of enumerations, as command lines, job files and the files of a run write them. An enumeration
// that has names declares choices() beside itself: a std::array<Choice<E>, N> of all its values.
namespace orrery {

template <class E>
struct Choice {
  std::string_view name;
  E value;
};

// The name of `value`.
template <class E>
constexpr std::string_view choice_name(E value) {
  for (const auto& choice : choices(E{})) {
    if (choice.value == value) return choice.name;
  }
  return {};
}

}  // namespace orrery
