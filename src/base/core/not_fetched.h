#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace orrery {

// How many bytes of a file not_fetched looks at.
inline constexpr std::size_t kNotFetchedBytes = 256;

// What a file whose content begins with `begin` is, and what to do, when it stands for a file that was never fetched: a
// Git LFS pointer, or the web page that a download got for an answer. "" for anything else.
std::string not_fetched(std::string_view begin);

}  // namespace orrery
