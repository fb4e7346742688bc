#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/core/error.h"

namespace orrery {

using Json = nlohmann::ordered_json;
using SortedJson = nlohmann::json;

// All JSON that is read goes through the functions below. They bound what a text may ask for before anything is built
// of it, so that no text can exhaust the stack, or take hours, when the value is copied, printed or destroyed.
inline constexpr std::size_t kMostJsonDepth = 128;       // objects and arrays inside one another
inline constexpr std::size_t kMostOrderedKeys = 10'000;  // in one Json object, whose insertion is quadratic

// Why a text is refused, and where: what() is the reason alone.
class JsonError : public InputError {
 public:
  JsonError(std::size_t byte_read, const std::string& reason) : InputError(reason), byte(byte_read) {}
  std::size_t byte;  // bytes read up to the error; 0: the text as a whole is refused
};

// Called for a key that is repeated in its object; `depth` is 1 for the keys of the outermost object.
using OnRepeatedKey = std::function<void(std::size_t depth, const std::string& key)>;

// Parses one JSON value. When a key is repeated in an object, its last value counts. Throws JsonError.
Json parse_json(std::string_view text, const OnRepeatedKey& on_repeated_key = {});

// Parses with the keys of objects sorted: for objects of many thousand keys.
SortedJson parse_sorted_json(std::string_view text, const OnRepeatedKey& on_repeated_key = {});

// The object in `text`; null when it is no JSON, or JSON of another type.
Json parse_object_or_null(std::string_view text);

// Parses a JSON file; throws InputError that names the file, line and reason.
Json parse_json_file(const std::filesystem::path& path);
SortedJson parse_sorted_json_file(const std::filesystem::path& path);

// `value` as text, on one line when `indent` is negative. Never throws: bytes that are not UTF-8, which file names may
// contain, become U+FFFD.
std::string json_text(const Json& value, int indent = -1);

}  // namespace orrery
