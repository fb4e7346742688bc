#pragma once

#include <string>
#include <string_view>

namespace orrery {

// `text` with U+FFFD in place of every byte that is not UTF-8: file names may have such bytes, JSON and HDF5 may not.
std::string valid_utf8(std::string_view text);

// `text` as it may be shown on a terminal, where the characters of others (prompts, file names) must do nothing but
// appear: valid_utf8 with control characters and changes of writing direction as \u001b. Tabs stay.
std::string printable(std::string_view text);

// The same of several lines: newlines stay, too.
std::string printable_lines(std::string_view text);

}  // namespace orrery
