#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace orrery {

using Json = nlohmann::ordered_json;

// Parses a JSON file; throws InputError that names the file, line and column.
Json parse_json_file(const std::filesystem::path& path);

}  // namespace orrery
