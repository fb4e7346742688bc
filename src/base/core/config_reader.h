#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/core/json.h"

namespace orrery {

// Closed interval of the values that a number may have.
struct NumberRange {
  double low;
  double high;
};

// One config.json and its checks. Every refusal is an InputError "FILE: KEY: found X, expected Y", or "FILE: KEY is
// missing". It remembers which keys were asked for, so that keys that nobody reads can be refused too.
class ConfigReader {
 public:
  // Throws InputError when the file is not a JSON object.
  explicit ConfigReader(const std::filesystem::path& file);

  bool has(const std::string& key) const { return json_.contains(key); }
  // Whether the key is there with a value other than null.
  bool gives(const std::string& key) const;
  const Json& at(const std::string& key) const;
  // The object that is the value of `key`; refusals name its keys "KEY.INNER".
  ConfigReader object(const std::string& key) const;

  // Positive whole numbers below 2^24.
  std::int64_t size(const std::string& key) const;
  std::int64_t size_or(const std::string& key, std::int64_t otherwise) const;  // null counts as absent
  double number(const std::string& key, NumberRange range) const;
  double number_or(const std::string& key, double otherwise, NumberRange range) const;
  bool flag_or(const std::string& key, bool otherwise) const;

  // Lists of `length` entries. `note` is appended to "a list of 8 numbers" in the message.
  std::vector<std::int64_t> sizes(const std::string& key, std::int64_t length) const;
  std::vector<bool> flags(const std::string& key, std::int64_t length, const std::string& note = {}) const;
  std::vector<double> numbers(const std::string& key, std::int64_t length, NumberRange range,
                              const std::string& note = {}) const;
  // A list of at least one size.
  std::vector<std::int64_t> sizes(const std::string& key) const;

  // Refuses any value of `key` but `only`, the one that is implemented.
  void require_only(const std::string& key, const Json& only) const;
  // Refuses a value other than `only`; the key may be absent, which means `only`.
  void require_only_if_given(const std::string& key, const Json& only) const;
  // Refuses every key that no other function was asked for and that is not in `irrelevant`, the keys that make no
  // difference here. Keys that begin with an underscore (they say who wrote the file) and keys whose value is null
  // pass. Call it when everything has been read.
  void require_nothing_else(std::initializer_list<std::string_view> irrelevant) const;

  [[noreturn]] void refuse(const std::string& key, const Json& found, const std::string& expected) const;
  // For sizes that contradict one another: "FILE: WHAT".
  void require_consistent(bool ok, const std::string& what) const;

 private:
  ConfigReader(std::string file, std::string scope, Json json)
      : file_(std::move(file)), scope_(std::move(scope)), json_(std::move(json)) {}
  const Json& list(const std::string& key, std::int64_t length, const std::function<bool(const Json&)>& good,
                   const std::string& what) const;

  std::string file_;
  std::string scope_;  // in front of keys in messages: "rope_scaling.", or ""
  Json json_;
  mutable std::set<std::string, std::less<>> read_;
};

}  // namespace orrery
