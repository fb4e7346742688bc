#include "core/json.h"

#include <algorithm>
#include <string>

#include "core/error.h"
#include "core/file.h"
#include "core/not_fetched.h"

namespace orrery {
namespace {

template <class Value>
Value parse_file(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  try {
    return Value::parse(text);
  } catch (const nlohmann::detail::parse_error& e) {
    const std::string instead = not_fetched(text);
    require_input(instead.empty(), path.string() + ": " + instead);
    const std::string before = text.substr(0, std::min(e.byte, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    throw InputError(path.string() + ":" + std::to_string(line) + ": not valid JSON: " + e.what());
  } catch (const nlohmann::detail::exception& e) {  // a number too large for a double
    throw InputError(path.string() + ": cannot be read as JSON: " + e.what());
  }
}

}  // namespace

Json parse_json_file(const std::filesystem::path& path) { return parse_file<Json>(path); }

SortedJson parse_sorted_json_file(const std::filesystem::path& path) { return parse_file<SortedJson>(path); }

}  // namespace orrery
