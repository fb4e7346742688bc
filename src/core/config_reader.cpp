#include "core/config_reader.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace orrery {
namespace {

constexpr std::int64_t kSizeLimit = 1 << 24;

bool is_size(const Json& value) {
  return value.is_number_integer() && value.get<std::int64_t>() > 0 && value.get<std::int64_t>() < kSizeLimit;
}
bool is_flag(const Json& value) { return value.is_boolean(); }
bool is_finite(const Json& value) { return value.is_number() && std::isfinite(value.get<double>()); }
bool is_positive(const Json& value) { return is_finite(value) && value.get<double>() > 0; }

}  // namespace

ConfigReader::ConfigReader(const std::filesystem::path& file) : file_(file.string()), json_(parse_json_file(file)) {
  require_input(json_.is_object(), file_ + ": expected a JSON object");
}

const Json& ConfigReader::at(const std::string& key) const {
  const auto found = json_.find(key);
  require_input(found != json_.end(), file_ + ": " + key + " is missing");
  return *found;
}

std::int64_t ConfigReader::size(const std::string& key) const {
  if (!is_size(at(key))) refuse(key, at(key), "a positive whole number");
  return at(key).get<std::int64_t>();
}

std::int64_t ConfigReader::size_or(const std::string& key, std::int64_t otherwise) const {
  return has(key) && !at(key).is_null() ? size(key) : otherwise;
}

double ConfigReader::positive(const std::string& key) const {
  if (!is_positive(at(key))) refuse(key, at(key), "a positive number");
  return at(key).get<double>();
}

double ConfigReader::positive_or(const std::string& key, double otherwise) const {
  return has(key) ? positive(key) : otherwise;
}

bool ConfigReader::flag_or(const std::string& key, bool otherwise) const {
  if (!has(key)) return otherwise;
  if (!is_flag(at(key))) refuse(key, at(key), "true or false");
  return at(key).get<bool>();
}

const Json& ConfigReader::list(const std::string& key, std::int64_t length, Check good, const std::string& what) const {
  const Json& value = at(key);
  const bool ok = value.is_array() && static_cast<std::int64_t>(value.size()) == length &&
                  std::all_of(value.begin(), value.end(), good);
  if (!ok) refuse(key, value, "a list of " + std::to_string(length) + " " + what);
  return value;
}

std::vector<std::int64_t> ConfigReader::sizes(const std::string& key, std::int64_t length) const {
  return list(key, length, is_size, "positive whole numbers").get<std::vector<std::int64_t>>();
}

std::vector<std::int64_t> ConfigReader::sizes(const std::string& key) const {
  const Json& value = at(key);
  const bool ok = value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), is_size);
  if (!ok) refuse(key, value, "a list of positive whole numbers");
  return value.get<std::vector<std::int64_t>>();
}

std::vector<bool> ConfigReader::flags(const std::string& key, std::int64_t length, const std::string& note) const {
  return list(key, length, is_flag, "true or false" + note).get<std::vector<bool>>();
}

std::vector<double> ConfigReader::numbers(const std::string& key, std::int64_t length, const std::string& note) const {
  return list(key, length, is_finite, "numbers" + note).get<std::vector<double>>();
}

std::vector<double> ConfigReader::positives(const std::string& key, std::int64_t length,
                                            const std::string& note) const {
  return list(key, length, is_positive, "positive numbers" + note).get<std::vector<double>>();
}

void ConfigReader::require_only(const std::string& key, const Json& only) const {
  if (at(key) != only) refuse(key, at(key), only.dump() + " (nothing else is implemented)");
}

void ConfigReader::require_only_if_given(const std::string& key, const Json& only) const {
  if (has(key)) require_only(key, only);
}

void ConfigReader::refuse(const std::string& key, const Json& found, const std::string& expected) const {
  throw InputError(file_ + ": " + key + ": found " + found.dump() + ", expected " + expected);
}

void ConfigReader::require_consistent(bool ok, const std::string& what) const {
  require_input(ok, file_ + ": " + what);
}

}  // namespace orrery
