#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace orrery {

// How many bytes at a file's beginning not_fetched() needs.
inline constexpr std::size_t kNotFetchedBytes = 256;

// Recognizes a file, by its beginning, that stands for one that was never fetched: a Git LFS pointer, or a web page
// that was downloaded in its place. Returns what it is and what to do; "" for any other file.
std::string not_fetched(std::string_view begin);

}  // namespace orrery
