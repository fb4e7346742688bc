#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace orrery {

constexpr std::size_t kHelpWidth = 80;  // columns of a help page

// `text` broken between words into lines of kHelpWidth columns that begin with `indent` blanks. A blank line in the
// text separates paragraphs; a single line break counts as a blank.
std::string paragraphs(std::string_view text, std::size_t indent);

// `left`, and `text` from `column` on: beside it, or below where `left` is too long.
std::string beside(std::string_view left, std::string_view text, std::size_t column);

// Every line of `text` as it is, behind `indent` blanks.
std::string indented(std::string_view text, std::size_t indent);

}  // namespace orrery
