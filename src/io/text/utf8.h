#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace orrery {

// Strict UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF). All throw InputError "WHAT is not valid
// UTF-8 at byte N …".

// Returns the code point that starts at `position` and moves `position` past it. Needs position < text.size().
char32_t next_code_point(std::string_view text, std::size_t& position, std::string_view what);

void require_utf8(std::string_view text, std::string_view what);
std::u32string from_utf8(std::string_view text, std::string_view what);

// Appends a Unicode scalar value.
void append_utf8(std::string& text, char32_t code_point);

}  // namespace orrery
