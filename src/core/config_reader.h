#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/json.h"

namespace orrery {

// One config.json and its checks. Every refusal is an InputError "FILE: KEY: found X, expected Y", or "FILE: KEY is
// missing".
class ConfigReader {
 public:
  // Throws InputError when the file is not a JSON object.
  explicit ConfigReader(const std::filesystem::path& file);

  bool has(const std::string& key) const { return json_.contains(key); }
  const Json& at(const std::string& key) const;

  // Positive whole numbers below 2^24.
  std::int64_t size(const std::string& key) const;
  std::int64_t size_or(const std::string& key, std::int64_t otherwise) const;  // null counts as absent
  double positive(const std::string& key) const;
  double positive_or(const std::string& key, double otherwise) const;
  bool flag_or(const std::string& key, bool otherwise) const;

  // Lists of `length`; `note` ends the message's "a list of 8 numbers".
  std::vector<std::int64_t> sizes(const std::string& key, std::int64_t length) const;
  std::vector<bool> flags(const std::string& key, std::int64_t length, const std::string& note = {}) const;
  std::vector<double> numbers(const std::string& key, std::int64_t length, const std::string& note = {}) const;
  std::vector<double> positives(const std::string& key, std::int64_t length, const std::string& note = {}) const;
  // A list of at least one size.
  std::vector<std::int64_t> sizes(const std::string& key) const;

  // What Orrery implements for `key` is `only`.
  void require_only(const std::string& key, const Json& only) const;
  // The same where an absent key means just that.
  void require_only_if_given(const std::string& key, const Json& only) const;

  [[noreturn]] void refuse(const std::string& key, const Json& found, const std::string& expected) const;
  // For sizes that contradict one another: "FILE: WHAT".
  void require_consistent(bool ok, const std::string& what) const;

 private:
  using Check = bool (*)(const Json&);
  const Json& list(const std::string& key, std::int64_t length, Check good, const std::string& what) const;

  std::string file_;
  Json json_;
};

}  // namespace orrery
