#include "app/manifest.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "app/manifest_fields.h"
#include "app/nearest.h"
#include "app/request_rules.h"
#include "core/error.h"
#include "core/json.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

struct ParsedLine {
  Json object;
  std::set<std::string> repeated;  // keys that the line has more than once
};

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

// Reads the lines of one manifest and collects what is wrong with them.
class ManifestReader {
 public:
  ManifestReader(const fs::path& file, const Request& defaults, const RequestCheck& also_refuse)
      : file_(file.string()),
        folder_(fs::absolute(file).parent_path()),
        defaults_(defaults),
        also_refuse_(also_refuse) {}

  void read_line(std::string_view text);
  std::vector<Request> take();

 private:
  std::optional<ParsedLine> parse(std::string_view text);
  Request read_fields(const ParsedLine& line);
  void check_together(const Json& object, const Request& request);
  void check_values(const Request& request);
  void check_unique(const Request& request);
  void bad(const std::string& reason) {
    problems_ += file_ + ":" + std::to_string(line_) + ": " + who_ + reason + "\n";
  }

  std::string file_;
  fs::path folder_;
  const Request& defaults_;
  const RequestCheck& also_refuse_;
  int line_ = 0;
  std::string who_;  // `id "x": ` once the line's id is known
  std::string problems_;
  std::map<std::string, int> line_of_id_;
  std::vector<Request> requests_;
};

std::optional<ParsedLine> ManifestReader::parse(std::string_view text) {
  ParsedLine line;
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
    bad("column " + std::to_string(column) + ": not valid JSON: " + parser_reason(e.what()));
    return std::nullopt;
  } catch (const Json::exception& e) {
    bad("not valid JSON: " + parser_reason(e.what()));
    return std::nullopt;
  }
  if (line.object.is_object()) return line;
  bad("a JSON object was expected, as in {\"id\": \"a\", \"prompt\": \"…\"}, found " + describe(line.object));
  return std::nullopt;
}

Request ManifestReader::read_fields(const ParsedLine& line) {
  Request request = defaults_;
  for (const auto& [key, value] : line.object.items()) {
    if (line.repeated.contains(key)) bad(key + ": given more than once");
    const ManifestField* field = find_field(key);
    if (field == nullptr) {
      bad(key + ": unknown key" + did_you_mean(key, field_names()));
      continue;
    }
    try {
      if (!(field->optional && value.is_null())) field->read(value, folder_, request);
    } catch (const InputError& e) {
      bad(key + ": " + e.what());
    }
  }
  return request;
}

// Rules on which keys a line has, rather than on their values.
void ManifestReader::check_together(const Json& object, const Request& request) {
  const auto given = [&](const char* key) { return object.contains(key) && !object[key].is_null(); };
  if (!given("id")) bad("id: missing: every line needs one, it names the clip's files");
  if (!given("prompt") && !given("prompt_token_ids")) bad("prompt: missing: give a text, or prompt_token_ids");
  if (given("prompt") && given("prompt_token_ids")) bad("prompt_token_ids: excludes prompt: give one of the two");
  if (given("negative_prompt") && given("negative_token_ids")) {
    bad("negative_token_ids: excludes negative_prompt: give one of the two");
  }
  if (given("image") && given("condition_latents")) bad("condition_latents: excludes image: give one of the two");
  if (given("condition_frames") && request.image.empty() && request.condition_latents.empty()) {
    bad("condition_frames: needs image or condition_latents");
  }
}

void ManifestReader::check_values(const Request& request) {
  for (const FieldProblem& problem : check_request(request)) bad(problem.field + ": " + problem.reason);
  if (!also_refuse_) return;
  for (const std::string& reason : also_refuse_(request)) bad(reason);
}

void ManifestReader::check_unique(const Request& request) {
  if (request.id.empty()) return;
  const auto [first, is_new] = line_of_id_.emplace(request.id, line_);
  if (!is_new) bad("already used in line " + std::to_string(first->second) + ": ids must be unique");
}

void ManifestReader::read_line(std::string_view text) {
  ++line_;
  who_.clear();
  const std::size_t start = text.find_first_not_of(" \t\r");
  if (start == std::string_view::npos || text[start] == '#') return;
  const std::optional<ParsedLine> line = parse(text);
  if (!line) return;
  if (const auto id = line->object.find("id"); id != line->object.end() && id->is_string()) {
    if (check_id(id->get_ref<const std::string&>()).empty())
      who_ = "id \"" + id->get_ref<const std::string&>() + "\": ";
  }
  Request request = read_fields(*line);
  check_together(line->object, request);
  check_values(request);
  check_unique(request);
  requests_.push_back(std::move(request));
}

std::vector<Request> ManifestReader::take() {
  if (!problems_.empty()) problems_.pop_back();
  require_input(problems_.empty(), problems_);
  require_input(!requests_.empty(), file_ + ": no request in it: expected one JSON object a line");
  return std::move(requests_);
}

}  // namespace

std::vector<Request> parse_manifest(std::string_view text, const fs::path& file, const Request& defaults,
                                    const RequestCheck& also_refuse) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  ManifestReader reader(file, defaults, also_refuse);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    reader.read_line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return reader.take();
}

std::string manifest_line(const Request& request) {
  Json line = Json::object();
  write_fields(request, line);
  return line.dump();
}

}  // namespace orrery
