#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace orrery {

using Json = nlohmann::ordered_json;
using SortedJson = nlohmann::json;

// Parses a JSON file; throws InputError that names the file, line and column.
Json parse_json_file(const std::filesystem::path& path);

// The same, with the keys of objects sorted: for objects of many thousand keys, where Json takes quadratic time.
SortedJson parse_sorted_json_file(const std::filesystem::path& path);

}  // namespace orrery
