#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/core/json.h"

namespace orrery {

// A value of a JSON file and its path, so that every error names the file, the key, what was found and what was
// expected. The file's content must outlive it. All members throw InputError.
class JsonField {
 public:
  // `place` is a file, or the where() of the value that contains this one under `key`.
  explicit JsonField(const SortedJson& value, const std::string& place, const std::string& key = {});

  const std::string& where() const { return where_; }  // "FILE: model: vocab"
  bool has(const std::string& key) const;              // false for null, too
  JsonField at(const std::string& key) const;
  JsonField at(std::size_t index) const;

  const SortedJson::object_t& object() const;
  const SortedJson::array_t& array() const;
  std::string string() const;
  std::int64_t id() const;  // a whole number, 0 … 2^31 - 1

  // Throws unless `key` is absent or has a neutral value: "", 0, false or null.
  void require_neutral(const std::string& key) const;

  [[noreturn]] void refuse(const std::string& expected) const;

 private:
  const SortedJson* value_;
  std::string where_;
};

}  // namespace orrery
