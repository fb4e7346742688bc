#include "io/text/python_json.h"

#include <locale.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <unordered_map>

#include "io/text/python_text.h"
#include "io/text/utf8.h"

namespace orrery {
namespace {

constexpr int kMaxDepth = 990;
constexpr std::size_t kMaxIntegerDigits = 4300;  // sys.get_int_max_str_digits()

struct NotJson {};

void expect(bool ok) {
  if (!ok) throw NotJson{};
}

std::string write_object(const PythonObject::Members& members) {
  std::string out = "{";
  for (const auto& [key, value] : members) {
    if (out.size() > 1) out += ", ";
    out += key;
    out += ": ";
    out += value;
  }
  return out + '}';
}

// strtod in the C locale, whatever locale the process has set. Overflow gives infinity, like float().
double to_double(const std::string& digits) {
  static const locale_t c_locale = ::newlocale(LC_ALL_MASK, "C", nullptr);
  return ::strtod_l(digits.c_str(), nullptr, c_locale);
}

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }

// Parses the text in one pass; every function reads one production and throws NotJson where Python raises.
class Reader {
 public:
  explicit Reader(std::u32string_view text) : text_(text) {}

  PythonObject::Members read() {
    skip_space();
    expect(peek() == '{');
    PythonObject::Members members = object(1);
    skip_space();
    expect(at_ == text_.size());
    return members;
  }

 private:
  // 0 at the end. A NUL in the text gives 0 too, but is refused wherever peek() is used.
  char32_t peek() const { return at_ < text_.size() ? text_[at_] : U'\0'; }
  bool take(char32_t c) {
    const bool found = at_ < text_.size() && text_[at_] == c;
    at_ += found ? 1 : 0;
    return found;
  }
  void skip_space() {
    while (take(' ') || take('\t') || take('\n') || take('\r')) {
    }
  }

  PythonObject::Members object(int depth) {
    expect(depth <= kMaxDepth && take('{'));
    PythonObject::Members members;
    std::unordered_map<std::string, std::size_t> places;
    skip_space();
    if (take('}')) return members;
    do {
      skip_space();
      std::string key = python_quoted(string());
      skip_space();
      expect(take(':'));
      std::string json = value(depth);
      const auto [place, is_new] = places.try_emplace(key, members.size());
      if (is_new) members.emplace_back(std::move(key), std::string());
      members[place->second].second = std::move(json);
      skip_space();
    } while (take(','));
    expect(take('}'));
    return members;
  }

  std::string array(int depth) {
    expect(depth <= kMaxDepth && take('['));
    skip_space();
    if (take(']')) return "[]";
    std::string out;
    do {
      out += out.empty() ? "[" : ", ";
      out += value(depth);
      skip_space();
    } while (take(','));
    expect(take(']'));
    return out + ']';
  }

  std::string value(int depth) {
    skip_space();
    switch (peek()) {
      case '"':
        return python_quoted(string());
      case '{':
        return write_object(object(depth + 1));
      case '[':
        return array(depth + 1);
      case 't':
        return literal("true");
      case 'f':
        return literal("false");
      case 'n':
        return literal("null");
      case 'N':
        return literal("NaN");
      case 'I':
        return literal("Infinity");
      default:
        return number();
    }
  }

  std::string literal(std::string_view word) {
    for (const char c : word) expect(take(static_cast<unsigned char>(c)));
    return std::string(word);
  }

  std::size_t digits(std::string& out) {
    const std::size_t before = out.size();
    while (is_digit(peek())) out += static_cast<char>(text_[at_++]);
    return out.size() - before;
  }

  std::string number() {
    std::string out = take('-') ? "-" : "";
    if (peek() == 'I') return out + literal("Infinity");
    const bool zero = peek() == '0';
    const std::size_t whole = digits(out);
    expect(whole > 0 && (!zero || whole == 1));
    const bool fraction = take('.');
    if (fraction) {
      out += '.';
      expect(digits(out) > 0);
    }
    const bool exponent = take('e') || take('E');
    if (exponent) {
      out += 'e';
      if (take('-'))
        out += '-';
      else
        take('+');
      expect(digits(out) > 0);
    }
    if (fraction || exponent) return python_float(to_double(out));
    expect(whole <= kMaxIntegerDigits);
    return out == "-0" ? "0" : out;
  }

  std::u32string string() {
    expect(take('"'));
    std::u32string out;
    while (!take('"')) {
      expect(peek() >= 0x20);
      const char32_t c = text_[at_++];
      out += c == '\\' ? escape() : c;
    }
    return out;
  }

  char32_t escape() {
    constexpr std::string_view named = "\"\"\\\\//b\bf\fn\nr\rt\t";  // pairs of escape letter and character
    const char32_t letter = peek();
    for (std::size_t i = 0; i < named.size(); i += 2) {
      if (letter != static_cast<unsigned char>(named[i])) continue;
      ++at_;
      return static_cast<unsigned char>(named[i + 1]);
    }
    expect(take('u'));
    const char32_t high = code_unit();
    const std::size_t after = at_;
    if (high >= 0xD800 && high <= 0xDBFF && take('\\') && take('u')) {
      const char32_t low = code_unit();
      if (low >= 0xDC00 && low <= 0xDFFF) return 0x10000 + ((high - 0xD800) << 10U) + (low - 0xDC00);
    }
    at_ = after;
    return high;
  }

  char32_t code_unit() {
    char32_t unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char32_t c = peek();
      const char32_t letter = c | 0x20U;
      expect(is_digit(c) || (letter >= 'a' && letter <= 'f'));
      unit = unit << 4U | (is_digit(c) ? c - '0' : letter - 'a' + 10);
    }
    return unit;
  }

  std::u32string_view text_;
  std::size_t at_ = 0;
};

std::string quoted_key(std::string_view ascii) { return python_quoted(std::u32string(ascii.begin(), ascii.end())); }

}  // namespace

std::optional<PythonObject> PythonObject::parse(std::string_view utf8) {
  const std::u32string text = from_utf8(utf8, "the prompt");
  // Most prompts are plain text; throwing an exception for each would dominate the time.
  const std::size_t first = text.find_first_not_of(U" \t\n\r");
  if (first == std::u32string::npos || text[first] != U'{') return std::nullopt;
  try {
    return PythonObject(Reader(text).read());
  } catch (const NotJson&) {
    return std::nullopt;
  }
}

void PythonObject::set(std::string_view key, std::string json) {
  std::string quoted = quoted_key(key);
  const auto place = std::ranges::find(members_, quoted, &Members::value_type::first);
  if (place != members_.end()) {
    place->second = std::move(json);
  } else {
    members_.emplace_back(std::move(quoted), std::move(json));
  }
}

void PythonObject::remove(std::string_view key) {
  const std::string quoted = quoted_key(key);
  std::erase_if(members_, [&](const auto& member) { return member.first == quoted; });
}

std::string PythonObject::dump() const { return write_object(members_); }

}  // namespace orrery
