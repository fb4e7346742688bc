#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace orrery {

// What this user can still write to the file system of `folder`; none when it does not say. A quota shows only where
// the file system counts it in.
std::optional<std::int64_t> available_bytes(const std::filesystem::path& folder);

// How many files can still be made there (inodes); none when the file system does not count them.
std::optional<std::int64_t> available_files(const std::filesystem::path& folder);

// `folder`, or the nearest of its parents that is there.
std::filesystem::path nearest_existing(const std::filesystem::path& folder);

}  // namespace orrery
