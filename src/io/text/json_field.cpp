#include "io/text/json_field.h"

#include <fmt/format.h>

#include <limits>

#include "base/core/error.h"

namespace orrery {
namespace {

std::string shown(const SortedJson& value) {
  if (value.is_structured()) return std::string("an ") + value.type_name();
  const std::string text = value.dump(-1, ' ', true, SortedJson::error_handler_t::replace);
  return text.size() > 80 ? text.substr(0, 80) + "..." : text;
}

}  // namespace

JsonField::JsonField(const SortedJson& value, const std::string& place, const std::string& key)
    : value_(&value), where_(key.empty() ? place : place + ": " + key) {}

bool JsonField::has(const std::string& key) const {
  const auto place = object().find(key);
  return place != object().end() && !place->second.is_null();
}

JsonField JsonField::at(const std::string& key) const {
  const auto place = object().find(key);
  require_input(place != object().end(), where_ + ": no key \"" + key + "\"");
  return JsonField(place->second, where_, key);
}

JsonField JsonField::at(std::size_t index) const {
  require_input(index < array().size(), fmt::format("{}: no entry {}", where_, index));
  return JsonField(array()[index], where_, std::to_string(index));
}

const SortedJson::object_t& JsonField::object() const {
  if (!value_->is_object()) refuse("an object");
  return value_->get_ref<const SortedJson::object_t&>();
}

const SortedJson::array_t& JsonField::array() const {
  if (!value_->is_array()) refuse("an array");
  return value_->get_ref<const SortedJson::array_t&>();
}

std::string JsonField::string() const {
  if (!value_->is_string()) refuse("a string");
  return value_->get<std::string>();
}

std::int64_t JsonField::id() const {
  const bool whole = value_->is_number_unsigned();
  if (!whole || value_->get<std::uint64_t>() > std::numeric_limits<std::int32_t>::max()) refuse("a token id");
  return value_->get<std::int64_t>();
}

void JsonField::require_neutral(const std::string& key) const {
  if (!has(key)) return;
  const JsonField field = at(key);
  const SortedJson& value = *field.value_;
  if (value != false && value != "" && value != 0) field.refuse("none: this setting is not implemented");
}

void JsonField::refuse(const std::string& expected) const {
  throw InputError(where_ + ": found " + shown(*value_) + ", expected " + expected);
}

}  // namespace orrery
