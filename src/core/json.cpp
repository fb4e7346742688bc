#include "core/json.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "core/file.h"
#include "core/not_fetched.h"

namespace orrery {
namespace {

// Walks over brackets, commas and quotes alone, without recursion. Up to the first error of a text, the parser sees the
// same ones.
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
      throw JsonError(at_ + 1, "JSON nested more than " + std::to_string(kMostJsonDepth) + " levels deep");
    }
    levels_[depth_++] = {is_object, 0};
  }
  void count_key() {
    if (depth_ == 0) return;
    Level& level = levels_[depth_ - 1];
    if (++level.commas >= most_keys_ && level.is_object) {
      throw JsonError(at_ + 1, "a JSON object with more than " + std::to_string(most_keys_) + " keys");
    }
  }

  std::size_t most_keys_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::array<Level, kMostJsonDepth> levels_;
};

// Looks for equal keys in one object, which the parser would pass over. Errors are left to the parser.
class RepeatedKeys final : public nlohmann::json_sax<SortedJson> {
 public:
  explicit RepeatedKeys(const OnRepeatedKey& found) : found_(found) {}

  bool start_object(std::size_t) override {
    keys_.emplace_back();
    return true;
  }
  bool end_object() override {
    keys_.pop_back();
    return true;
  }
  bool start_array(std::size_t) override { return start_object(0); }
  bool end_array() override { return end_object(); }
  bool key(std::string& name) override {
    const auto [place, is_new] = keys_.back().insert(std::move(name));
    if (!is_new) found_(keys_.size(), *place);
    return true;
  }
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(SortedJson::binary_t&) override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  const OnRepeatedKey& found_;
  std::vector<std::set<std::string>> keys_;
};

// "[json.exception.parse_error.101] parse error at line 1, column 8: REASON" -> "REASON".
std::string reason_in(std::string_view said) {
  const std::size_t column = said.find(", column ");
  const std::size_t start = said.find(": ", column == std::string_view::npos ? 0 : column);
  if (start != std::string_view::npos) said.remove_prefix(start + 2);
  const std::size_t bracket = said.find("] ");
  return std::string(said.starts_with('[') && bracket != std::string_view::npos ? said.substr(bracket + 2) : said);
}

template <class Value>
Value parse(std::string_view text, std::size_t most_keys, const OnRepeatedKey& on_repeated_key) {
  Outline(most_keys).check(text);
  if (on_repeated_key) {
    RepeatedKeys repeated(on_repeated_key);
    SortedJson::sax_parse(text, &repeated);
  }
  try {
    return Value::parse(text);
  } catch (const nlohmann::detail::parse_error& e) {
    throw JsonError(std::min(e.byte, text.size()), "not valid JSON: " + reason_in(e.what()));
  } catch (const nlohmann::detail::exception& e) {  // a number too large for a double
    throw JsonError(0, "not valid JSON: " + reason_in(e.what()));
  }
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
    throw InputError(path.string() + (e.byte == 0 ? "" : ":" + std::to_string(line)) + ": " + e.what());
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

}  // namespace orrery
