#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orrery {

// A JSON object as Python's json.loads reads it. Values are stored as json.dumps writes them.
//
// Accepts and refuses what Python 3.11 does: NaN, Infinity and lone surrogate escapes are read, whole numbers keep all
// their digits (more than 4300 are refused), a repeated key keeps its first position and its last value. Nesting deeper
// than 990 is refused, where Python would reach its recursion limit of 1000.
class PythonObject {
 public:
  // None when the text is not JSON, or is JSON of another type. Throws InputError when it is not UTF-8.
  static std::optional<PythonObject> parse(std::string_view utf8);

  // Replaces the value in place, or appends the key. `key` is plain ASCII; `json` is serialised JSON.
  void set(std::string_view key, std::string json);
  void remove(std::string_view key);

  // json.dumps with its defaults: ", " and ": ", ASCII only.
  std::string dump() const;

  using Members = std::vector<std::pair<std::string, std::string>>;  // quoted key, serialised value

 private:
  explicit PythonObject(Members members) : members_(std::move(members)) {}
  Members members_;
};

}  // namespace orrery
