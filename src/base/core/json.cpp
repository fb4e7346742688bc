#include "base/core/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "base/core/file.h"
#include "base/core/file_content.h"

namespace orrery {
namespace {

// Scans brackets, commas and quotes only, without recursion. Up to the first syntax error of a text, it sees the
// nesting that the parser sees.
class Outline {
 public:
  explicit Outline(std::size_t most_keys) : most_keys_(most_keys) {}

  // Throws JsonError where `text` is too deep or an object has too many keys.
  void check(std::string_view text) {
    for (at_ = 0; at_ < text.size(); ++at_) {
      switch (text[at_]) {
        case '"':
          at_ = end_of_string(text, at_);
          break;
        case '{':
          open(true);
          break;
        case '[':
          open(false);
          break;
        case '}':
        case ']':
          if (depth_ > 0) --depth_;
          break;
        case ',':
          count_key();
          break;
        default:
          break;
      }
    }
  }

 private:
  struct Level {
    bool is_object = false;
    std::size_t commas = 0;
  };

  // The closing quote, or the end of the text.
  static std::size_t end_of_string(std::string_view text, std::size_t quote) {
    std::size_t at = text.find_first_of("\"\\", quote + 1);
    while (at < text.size() && text[at] == '\\') at = text.find_first_of("\"\\", at + 2);
    return std::min(at, text.size());
  }
  void open(bool is_object) {
    if (depth_ == kMostJsonDepth) {
      throw JsonError(at_ + 1, fmt::format("JSON nested more than {} levels deep", kMostJsonDepth));
    }
    levels_[depth_++] = {is_object, 0};
  }
  void count_key() {
    if (depth_ == 0) return;
    Level& level = levels_[depth_ - 1];
    if (++level.commas >= most_keys_ && level.is_object) {
      throw JsonError(at_ + 1, fmt::format("a JSON object with more than {} keys", most_keys_));
    }
  }

  std::size_t most_keys_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::array<Level, kMostJsonDepth> levels_;
};

// "[json.exception.parse_error.101] parse error at line 1, column 8: REASON" -> "REASON".
std::string reason_in(std::string_view said) {
  const std::size_t column = said.find(", column ");
  const std::size_t start = said.find(": ", column == std::string_view::npos ? 0 : column);
  if (start != std::string_view::npos) said.remove_prefix(start + 2);
  const std::size_t bracket = said.find("] ");
  return std::string(said.starts_with('[') && bracket != std::string_view::npos ? said.substr(bracket + 2) : said);
}

// Builds a value and reports repeated keys of an object, which the library's own builder silently accepts.
template <class Value>
class Builder final : public nlohmann::json_sax<Value> {
 public:
  explicit Builder(const OnRepeatedKey& on_repeated_key) : on_repeated_key_(on_repeated_key) {}

  // Throws JsonError.
  Value build(std::string_view text) {
    if (Value::sax_parse(text, this)) return std::move(root_);
    throw JsonError(std::min(wrong_at_, text.size()), "not valid JSON: " + wrong_);
  }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(typename Value::number_integer_t value) override { return add(value); }
  bool number_unsigned(typename Value::number_unsigned_t value) override { return add(value); }
  bool number_float(typename Value::number_float_t value, const std::string&) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(typename Value::binary_t& value) override { return add(std::move(value)); }
  bool start_object(std::size_t) override { return open(Value::value_t::object); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Value::value_t::array); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    const auto [place, is_new] = levels_.back()->emplace(name, nullptr);
    if (!is_new && on_repeated_key_) on_repeated_key_(levels_.size(), name);
    member_ = &*place;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    // The library gives no position for other exceptions, such as a number too large for a double.
    const auto* syntax = dynamic_cast<const nlohmann::detail::parse_error*>(&error);
    wrong_at_ = syntax == nullptr ? 0 : syntax->byte;
    wrong_ = reason_in(error.what());
    return false;
  }

 private:
  // Stores the next value where it belongs and returns it there.
  Value& put(Value value) {
    if (levels_.empty()) return root_ = std::move(value);
    Value& level = *levels_.back();
    if (level.is_object()) return *member_ = std::move(value);
    level.push_back(std::move(value));
    return level.back();
  }
  bool add(Value value) {
    put(std::move(value));
    return true;
  }
  bool open(typename Value::value_t type) {
    levels_.push_back(&put(Value(type)));
    return true;
  }
  bool close() {
    levels_.pop_back();
    return true;
  }

  const OnRepeatedKey& on_repeated_key_;
  Value root_;
  std::vector<Value*> levels_;  // the open objects and arrays, from the outermost
  Value* member_ = nullptr;     // of the innermost object, whose key was read
  std::string wrong_;
  std::size_t wrong_at_ = 0;
};

template <class Value>
Value parse(std::string_view text, std::size_t most_keys, const OnRepeatedKey& on_repeated_key) {
  Outline(most_keys).check(text);
  return Builder<Value>(on_repeated_key).build(text);
}

template <class Parse>
auto parse_file(const std::filesystem::path& path, Parse parse_text) {
  const std::string text = read_file(path);
  try {
    return parse_text(text);
  } catch (const JsonError& e) {
    const std::string instead = not_fetched(text);
    require_input(instead.empty(), path.string() + ": " + instead);
    const std::string_view before = std::string_view(text).substr(0, e.byte);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    throw InputError(path.string() + (e.byte == 0 ? "" : fmt::format(":{}", line)) + ": " + e.what());
  }
}

}  // namespace

Json parse_json(std::string_view text, const OnRepeatedKey& on_repeated_key) {
  return parse<Json>(text, kMostOrderedKeys, on_repeated_key);
}

SortedJson parse_sorted_json(std::string_view text, const OnRepeatedKey& on_repeated_key) {
  return parse<SortedJson>(text, std::numeric_limits<std::size_t>::max(), on_repeated_key);
}

Json parse_object_or_null(std::string_view text) {
  try {
    Json value = parse_json(text);
    return value.is_object() ? value : Json();
  } catch (const JsonError&) {
    return {};
  }
}

Json parse_json_file(const std::filesystem::path& path) {
  return parse_file(path, [](std::string_view text) { return parse_json(text); });
}

SortedJson parse_sorted_json_file(const std::filesystem::path& path) {
  return parse_file(path, [](std::string_view text) { return parse_sorted_json(text); });
}

std::string json_text(const Json& value, int indent) {
  return value.dump(indent, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace orrery
