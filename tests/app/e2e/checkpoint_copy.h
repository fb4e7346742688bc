#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/core/json.h"

namespace orrery {

// Changes a JSON file in place.
void edit_json(const std::filesystem::path& file, const std::function<void(Json&)>& edit);

// Changes a safetensors file's header, with its length, but not the data after it.
void edit_header(const std::filesystem::path& file, const std::function<void(Json&)>& edit);

// Overwrites the length of the header in a safetensors file.
void set_header_length(const std::filesystem::path& file, std::uint64_t length);

// Truncates a file to half its size.
void cut_in_half(const std::filesystem::path& file);

}  // namespace orrery
