#include "app/manifest/json_line.h"

#include <fmt/format.h>

#include <cstddef>

#include "app/manifest/manifest_fields.h"
#include "base/core/error.h"
#include "base/core/terminal_text.h"

namespace orrery {

JsonLine parse_json_line(std::string_view text) {
  JsonLine line;
  try {
    line.object = parse_json(text, [&](std::size_t depth, const std::string& key) {
      if (depth == 1) line.repeated.insert(key);
    });
  } catch (const JsonError& e) {
    const bool is_single_quote = e.byte > 0 && text[e.byte - 1] == '\'';
    const std::string place = e.byte == 0 ? "" : fmt::format("column {}: ", character_count(text.substr(0, e.byte)));
    throw InputError(place +
                     (is_single_quote ? "not valid JSON: texts and keys stand in double quotes, not in '" : e.what()));
  }
  require_input(line.object.is_object(),
                "a JSON object was expected, as in {\"id\": \"a\", \"prompt\": \"…\"}, found " + describe(line.object));
  return line;
}

}  // namespace orrery
