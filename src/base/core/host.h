#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace orrery {

// The host's own name; "an unknown host" where it has none.
std::string host_name();

// The peak of this process's resident memory since reset_peak_host_memory(), in bytes, libraries and shared pages
// included. None when the system does not report or does not reset it.
std::optional<std::int64_t> peak_host_memory();
void reset_peak_host_memory();

// Bytes that this user can still write to the file system of `folder`; none when the file system does not say. A quota
// counts only where the file system reports it.
std::optional<std::int64_t> available_bytes(const std::filesystem::path& folder);

// How many files can still be made on the file system of `folder` (inodes); none when it does not count them.
std::optional<std::int64_t> available_files(const std::filesystem::path& folder);

// `folder`, or the nearest of its parents that exists.
std::filesystem::path nearest_existing(const std::filesystem::path& folder);

}  // namespace orrery
