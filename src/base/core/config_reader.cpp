#include "base/core/config_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/core/error.h"

namespace orrery {
namespace {

constexpr std::int64_t kSizeLimit = 1 << 24;

bool is_size(const Json& value) {
  return value.is_number_integer() && value.get<std::int64_t>() > 0 && value.get<std::int64_t>() < kSizeLimit;
}
bool is_flag(const Json& value) { return value.is_boolean(); }
bool is_within(const Json& value, NumberRange range) {
  return value.is_number() && value.get<double>() >= range.low && value.get<double>() <= range.high;
}
std::string text(NumberRange range) { return "from " + Json(range.low).dump() + " to " + Json(range.high).dump(); }

}  // namespace

ConfigReader::ConfigReader(const std::filesystem::path& file) : file_(file.string()), json_(parse_json_file(file)) {
  require_input(json_.is_object(), file_ + ": expected a JSON object");
}

const Json& ConfigReader::at(const std::string& key) const {
  read_.insert(key);
  const auto found = json_.find(key);
  require_input(found != json_.end(), file_ + ": " + scope_ + key + " is missing");
  return *found;
}

bool ConfigReader::gives(const std::string& key) const { return has(key) && !at(key).is_null(); }

ConfigReader ConfigReader::object(const std::string& key) const {
  if (!at(key).is_object()) refuse(key, at(key), "an object");
  return {file_, scope_ + key + ".", at(key)};
}

std::int64_t ConfigReader::size(const std::string& key) const {
  if (!is_size(at(key))) refuse(key, at(key), "a positive whole number");
  return at(key).get<std::int64_t>();
}

std::int64_t ConfigReader::size_or(const std::string& key, std::int64_t otherwise) const {
  return gives(key) ? size(key) : otherwise;
}

double ConfigReader::number(const std::string& key, NumberRange range) const {
  if (!is_within(at(key), range)) refuse(key, at(key), "a number " + text(range));
  return at(key).get<double>();
}

double ConfigReader::number_or(const std::string& key, double otherwise, NumberRange range) const {
  return has(key) ? number(key, range) : otherwise;
}

bool ConfigReader::flag_or(const std::string& key, bool otherwise) const {
  if (!has(key)) return otherwise;
  if (!is_flag(at(key))) refuse(key, at(key), "true or false");
  return at(key).get<bool>();
}

const Json& ConfigReader::list(const std::string& key, std::int64_t length,
                               const std::function<bool(const Json&)>& good, const std::string& what) const {
  const Json& value = at(key);
  const bool ok = value.is_array() && static_cast<std::int64_t>(value.size()) == length &&
                  std::all_of(value.begin(), value.end(), good);
  if (!ok) refuse(key, value, fmt::format("a list of {} {}", length, what));
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

std::vector<double> ConfigReader::numbers(const std::string& key, std::int64_t length, NumberRange range,
                                          const std::string& note) const {
  const auto good = [range](const Json& value) { return is_within(value, range); };
  return list(key, length, good, "numbers " + text(range) + note).get<std::vector<double>>();
}

void ConfigReader::require_only(const std::string& key, const Json& only) const {
  if (at(key) != only) refuse(key, at(key), only.dump() + " (nothing else is implemented)");
}

void ConfigReader::require_only_if_given(const std::string& key, const Json& only) const {
  if (has(key)) require_only(key, only);
}

void ConfigReader::require_nothing_else(std::initializer_list<std::string_view> irrelevant) const {
  for (const auto& [key, value] : json_.items()) {
    const bool known = key.starts_with('_') || value.is_null() || read_.contains(key) ||
                       std::find(irrelevant.begin(), irrelevant.end(), key) != irrelevant.end();
    if (!known) {
      refuse(key, value, "no such key: no model that this program runs has it, so this may be another model");
    }
  }
}

void ConfigReader::refuse(const std::string& key, const Json& found, const std::string& expected) const {
  constexpr std::size_t kLongest = 200;
  std::string value = found.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (value.size() > kLongest) value = value.substr(0, kLongest) + "...";
  throw InputError(file_ + ": " + scope_ + key + ": found " + value + ", expected " + expected);
}

void ConfigReader::require_consistent(bool ok, const std::string& what) const {
  require_input(ok, file_ + ": " + what);
}

}  // namespace orrery
