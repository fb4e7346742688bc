#include "app/json_line.h"

#include <cstddef>

#include "app/manifest_fields.h"
#include "core/error.h"

namespace orrery {
namespace {

// "parse error at line 1, column 8: REASON" -> "REASON"; the column is counted here, in characters.
std::string parser_reason(std::string_view said) {
  const std::size_t column = said.find(", column ");
  const std::size_t start = said.find(": ", column == std::string_view::npos ? 0 : column);
  if (start != std::string_view::npos) said.remove_prefix(start + 2);
  const std::size_t bracket = said.find("] ");
  return std::string(said.starts_with('[') && bracket != std::string_view::npos ? said.substr(bracket + 2) : said);
}

std::size_t characters(std::string_view bytes) {
  std::size_t count = 0;
  for (const char c : bytes) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
  return count;
}

}  // namespace

JsonLine parse_json_line(std::string_view text) {
  JsonLine line;
  std::set<std::string> keys;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    if (event != Json::parse_event_t::key || depth != 1) return true;
    const std::string& key = value.get_ref<const std::string&>();
    if (!keys.insert(key).second) line.repeated.insert(key);
    return true;
  };
  try {
    line.object = Json::parse(text, watch);
  } catch (const Json::parse_error& e) {
    const std::size_t column = characters(text.substr(0, e.byte));
    const bool is_single_quote = e.byte > 0 && e.byte <= text.size() && text[e.byte - 1] == '\'';
    throw InputError("column " + std::to_string(column) + ": not valid JSON: " +
                     (is_single_quote ? "texts and keys stand in double quotes, not in '" : parser_reason(e.what())));
  } catch (const Json::exception& e) {
    throw InputError("not valid JSON: " + parser_reason(e.what()));
  }
  require_input(line.object.is_object(),
                "a JSON object was expected, as in {\"id\": \"a\", \"prompt\": \"…\"}, found " + describe(line.object));
  return line;
}

}  // namespace orrery
