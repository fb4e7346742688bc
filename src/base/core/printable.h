#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace orrery {

// `text` with U+FFFD in place of every byte that is not UTF-8: file names may have such bytes, JSON and HDF5 may not.
std::string valid_utf8(std::string_view text);

// `text` as it may be shown on a terminal, where the characters of others (prompts, file names) must do nothing but
// appear: valid_utf8 with control characters and changes of writing direction as \u001b. Tabs stay.
std::string printable(std::string_view text);

// `text` of several lines as printable() has it, with its newlines.
std::string printable_lines(std::string_view text);

// How many characters valid UTF-8 has: its width in columns where each takes one, as in Latin, Greek and Cyrillic.
std::size_t character_count(std::string_view utf8);

// The longest beginning of valid UTF-8 that has at most `bytes` bytes and whole characters.
std::string_view whole_characters(std::string_view utf8, std::size_t bytes);

}  // namespace orrery
