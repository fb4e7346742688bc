#include "app/manifest/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <utility>

#include "app/manifest/manifest_fields.h"
#include "app/manifest/request_rules.h"
#include "base/core/choice.h"
#include "base/core/error.h"
#include "base/core/file_content.h"
#include "base/core/json.h"
#include "base/core/numbers.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

// The place of a request in the manifest.
struct Origin {
  int line = 0;
  const char* key = "";   // the key that names what the clip continues: "continues" or "condition_latents"
  std::string continued;  // the value of that key as written
  bool is_first = true;   // whether the request is the first of the line's samples
};

// The prefix `id "x": ` of messages; "" while the id is not known.
std::string who(const std::string& id) { return id.empty() ? "" : "id \"" + id + "\": "; }

// Resets settings that do not affect the clip, since latent files do not record them.
void forget_unused(Request& request) {
  const Request unset;
  if (!request.step_cache.on()) request.step_cache = unset.step_cache;
  if (request.is_long()) return;
  request.chunk_frames = unset.chunk_frames;
  request.chunk_overlap = unset.chunk_overlap;
}

// Why the request's seed is not valid, or "".
std::string seed_problem(const Request& request) {
  for (FieldProblem& problem : check_request(request)) {
    if (problem.field == "seed") return std::move(problem.reason);
  }
  return "";
}

// Reads the lines of one manifest and collects their problems.
class ManifestReader {
 public:
  ManifestReader(const fs::path& file, const RequestDefaults& defaults, const RequestCheck& also_refuse)
      : file_(file.string()),
        folder_(fs::absolute(file).parent_path()),
        defaults_(defaults),
        also_refuse_(also_refuse) {}

  void read_line(std::string_view text);
  std::deque<Request> take();

 private:
  Request defaults_of(const Json& object) const;
  Request read_fields(const JsonLine& line);
  void check_together(const Json& object, const Request& request);
  void find_parent(const Json& object, Request& request);
  void find_parent(const Json& object, const char* key, Request& request);
  void check_parent(const Request& request, const Request& parent);
  void check_values(const Request& request);
  bool check_unique(const Request& request);
  std::int64_t samples_in(const Json& object, const Request& request);
  void add_samples(const Json& object, const Request& request);
  bool is_forward(std::size_t index);
  bool is_of_samples(std::size_t index);
  bool is_sample(std::size_t index) const;
  void bad(const std::string& reason) {
    problems_[at_.line] += fmt::format("{}:{}: {}{}\n", file_, at_.line, who_, reason);
  }

  std::string file_;
  fs::path folder_;
  const RequestDefaults& defaults_;
  const RequestCheck& also_refuse_;
  Origin at_;                            // the current line
  std::string who_;                      // prefix of messages about the current line's request
  std::map<int, std::string> problems_;  // by line
  std::deque<Request> requests_;
  std::deque<Origin> origins_;                      // one for each request
  std::map<std::string, std::size_t> index_of_id_;  // the index of the first request with an id
};

// The defaults for a line. They depend on its number of frames, which may be anywhere in the line.
Request ManifestReader::defaults_of(const Json& object) const {
  const auto frames = object.find("num_frames");
  const bool given = frames != object.end() && frames->is_number_integer();
  return defaults_.of(given ? frames->get<std::int64_t>() : defaults_.num_frames);
}

Request ManifestReader::read_fields(const JsonLine& line) {
  Request request = defaults_of(line.object);
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

// Checks which keys a line has, not their values.
void ManifestReader::check_together(const Json& object, const Request& request) {
  const auto given = [&](const char* key) { return object.contains(key) && !object[key].is_null(); };
  if (!given("id")) bad("id: missing: every line needs one, it names the clip's files");
  if (!given("prompt") && !given("prompt_token_ids")) bad("prompt: missing: give a text, or prompt_token_ids");
  if (given("prompt") && given("prompt_token_ids")) bad("prompt_token_ids: excludes prompt: give one of the two");
  if (given("negative_prompt") && given("negative_token_ids")) {
    bad("negative_token_ids: excludes negative_prompt: give one of the two");
  }
  constexpr std::array kStarts{"image", "video", "condition_latents", "continues"};  // a line has at most one of them
  for (std::size_t i = 0; i < kStarts.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (given(kStarts[i]) && given(kStarts[k])) {
        bad(fmt::format("{}: excludes {}: give one of the two", kStarts[i], kStarts[k]));
      }
    }
  }
  if (given("last_image") && !given("image")) bad("last_image: needs image, the picture that the clip begins with");
  if (given("video_keep") && !given("video")) bad("video_keep: needs video");
  if (given("condition_frames") && !request.conditioned()) {
    bad("condition_frames: needs image, video, continues or condition_latents");
  }
}

void ManifestReader::find_parent(const Json& object, Request& request) {
  find_parent(object, "condition_latents", request);
  find_parent(object, "continues", request);
  const auto frames = object.find("condition_frames");
  if (frames != object.end() && !frames->is_null()) return;
  // Defaults: two latent frames (five pixel frames) of a video; the first and the last latent frame for two images.
  const bool clip = request.encodes_parent || !request.continued_video.empty() || !request.video.empty();
  if (clip) request.condition_frames = {0, 1};
  if (!request.last_image.empty()) request.condition_frames = {0, request.latent_frames() - 1};
}

void ManifestReader::find_parent(const Json& object, const char* key, Request& request) {
  const auto given = object.find(key);
  if (given == object.end() || !given->is_string()) return;
  at_.key = key;
  at_.continued = given->get<std::string>();
  const auto earlier = index_of_id_.find(at_.continued);
  if (earlier == index_of_id_.end()) return;
  request.parent = at_.continued;
  request.encodes_parent = std::string_view(key) == "continues";
  (request.encodes_parent ? request.continued_video : request.condition_latents).clear();
  if (!request.encodes_parent) check_parent(request, requests_[earlier->second]);
}

// Checks that the parent's latents fit the clip, which uses them unchanged.
void ManifestReader::check_parent(const Request& request, const Request& parent) {
  const auto size = [](const Request& r) { return fmt::format("{}x{}", r.width, r.height); };
  const std::string clip = fmt::format("condition_latents: clip \"{}\" ", parent.id);
  if (size(parent) != size(request)) {
    bad(fmt::format("{}is {}, this one {}: a clip has the size of the one it continues", clip, size(parent),
                    size(request)));
  }
  if (std::cmp_greater(request.condition_frames.size(), parent.latent_frames())) {
    bad(fmt::format("{}has {}, condition_frames asks for {}", clip, count_text(parent.latent_frames(), "latent frame"),
                    request.condition_frames.size()));
  }
}

void ManifestReader::check_values(const Request& request) {
  for (const FieldProblem& problem : check_request(request)) bad(problem.field + ": " + problem.reason);
}

bool ManifestReader::check_unique(const Request& request) {
  if (request.id.empty()) return true;
  const auto [first, is_new] = index_of_id_.emplace(request.id, requests_.size());
  if (!is_new) {
    bad(fmt::format("{}already used in line {}{}: ids must be unique",
                    who_ == who(request.id) ? "" : "its sample \"" + request.id + "\" is ",
                    origins_[first->second].line, is_sample(first->second) ? ", which has samples" : ""));
  }
  return is_new;
}

// The number of samples that the line asks for; 0 when it has no valid `samples`.
std::int64_t ManifestReader::samples_in(const Json& object, const Request& request) {
  const auto found = object.find("samples");
  if (found == object.end() || !is_sample_count(*found)) return 0;
  const auto count = found->get<std::int64_t>();
  const std::uint64_t last_seed = request.seed + static_cast<std::uint64_t>(count) - 1;
  if (last_seed > std::numeric_limits<std::uint32_t>::max()) {
    bad(fmt::format("samples: their seeds, from {} to {}, go beyond {}", request.seed, last_seed,
                    std::numeric_limits<std::uint32_t>::max()));
  } else if (request.is_long() && seed_problem(request).empty()) {  // the first one's has been reported already
    Request last = request;
    last.seed = static_cast<std::uint32_t>(last_seed);
    const std::string problem = seed_problem(last);
    if (!problem.empty()) bad("samples: of the last one, " + problem);
  }
  const std::string reason = request.id.empty() ? "" : check_id(fmt::format("{}-{}", request.id, count - 1));
  if (!reason.empty()) bad("samples: the id of the last one: " + reason);
  return count;
}

// Adds the line's request or, for a line with `samples`, requests ID-0, ID-1, … with consecutive seeds.
void ManifestReader::add_samples(const Json& object, const Request& request) {
  const std::int64_t count = samples_in(object, request);
  bool is_unique = true;  // reports only the first repeated id of a line with samples
  for (std::int64_t i = 0; i < std::max<std::int64_t>(count, 1); ++i) {
    Request sample = request;
    if (count > 0 && !request.id.empty()) sample.id += fmt::format("-{}", i);
    sample.seed += static_cast<std::uint32_t>(i);
    is_unique = is_unique && check_unique(sample);
    requests_.push_back(std::move(sample));
    origins_.push_back(at_);
    at_.is_first = false;
  }
}

// Reports, and returns whether, the request continues the id of its own line or of a later one.
bool ManifestReader::is_forward(std::size_t index) {
  if (!requests_[index].parent.empty()) return false;
  const auto found = index_of_id_.find(origins_[index].continued);
  if (found == index_of_id_.end()) return false;
  bad(found->second == index ? fmt::format("{}: names the clip of this line, which cannot continue itself", at_.key)
                             : fmt::format("{}: names the clip of line {}, which comes later: move it up", at_.key,
                                           origins_[found->second].line));
  return true;
}

// Whether the request is one of several samples of its line.
bool ManifestReader::is_sample(std::size_t index) const {
  const auto same_line = [&](std::size_t other) {
    return other < origins_.size() && origins_[other].line == origins_[index].line;
  };
  return same_line(index + 1) || (index > 0 && same_line(index - 1));
}

// Reports, and returns whether, the request continues the id of a line with samples, whose clips have other ids.
bool ManifestReader::is_of_samples(std::size_t index) {
  const std::string& id = origins_[index].continued;
  if (id.empty() || !requests_[index].parent.empty() || fs::exists(folder_ / id)) return false;
  const auto first = index_of_id_.find(id + "-0");
  if (first == index_of_id_.end() || !is_sample(first->second)) return false;
  bad(fmt::format("{}: line {} makes {}-0, {}-1, … of {}: name one of them", at_.key, origins_[first->second].line, id,
                  id, id));
  return true;
}

void ManifestReader::read_line(std::string_view text) {
  at_ = {at_.line + 1, "", "", true};
  who_.clear();
  const std::size_t start = text.find_first_not_of(" \t\r");
  if (start == std::string_view::npos || text[start] == '#') return;
  JsonLine line;
  try {
    line = parse_json_line(text);
  } catch (const InputError& e) {
    bad(e.what());
    return;
  }
  if (const auto id = line.object.find("id"); id != line.object.end() && id->is_string()) {
    if (check_id(id->get_ref<const std::string&>()).empty()) who_ = who(id->get_ref<const std::string&>());
  }
  Request request = read_fields(line);
  find_parent(line.object, request);
  check_together(line.object, request);
  check_values(request);
  forget_unused(request);
  add_samples(line.object, request);
}

std::deque<Request> ManifestReader::take() {
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    at_ = origins_[i];
    if (!at_.is_first) continue;
    who_ = who(requests_[i].id);
    if (is_forward(i) || is_of_samples(i) || !also_refuse_) continue;
    for (const std::string& reason : also_refuse_(requests_[i])) bad(reason);
  }
  std::string problems;
  for (const auto& [line, text] : problems_) problems += text;
  if (!problems.empty()) problems.pop_back();
  require_input(problems.empty(), problems);
  require_input(!requests_.empty(), file_ + ": no request in it: expected one JSON object a line");
  return std::move(requests_);
}

}  // namespace

std::deque<Request> parse_manifest(std::string_view text, const fs::path& file, const RequestDefaults& defaults,
                                   const RequestCheck& also_refuse) {
  ManifestReader reader(file, defaults, also_refuse);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    reader.read_line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return reader.take();
}

std::string read_manifest(const fs::path& file) {
  try {
    return read_text_file(file);
  } catch (const InputError& e) {
    const std::string from = file.is_absolute() ? "" : "; the path starts at " + fs::current_path().string();
    throw InputError(std::string("--manifest: ") + e.what() + "; expected JSON Lines, one request a line" + from);
  }
}

Json manifest_json(const Request& request) { return written_fields(request); }

std::string manifest_line(const Request& request) { return json_text(manifest_json(request)); }

}  // namespace orrery
