#include <cstddef>

#include "app/commands/commands.h"
#include "app/manifest/few_steps.h"
#include "app/manifest/manifest.h"
#include "app/manifest/prompts.h"
#include "base/core/file.h"
#include "base/core/json.h"
#include "models/cosmos3/config.h"
#include "models/zoo/pipeline_index.h"
#include "pipeline/chunks.h"

namespace orrery {
namespace {

// The line of a request; for a long clip, that of its first chunk.
Json tokens_line(const Request& clip, PromptReader& reader) {
  const Request request = parts_of(clip).front();
  const ResolvedPrompt prompt = reader(request);
  Json line;
  line["id"] = clip.id;
  line["caption"] = request.prompt_token_ids ? Json(nullptr) : Json(prompt.caption);
  line["ids"] = prompt.ids.values();
  const bool has_negative_text = request.guided() && !request.negative_token_ids;
  line["negative_caption"] = has_negative_text ? Json(reader.negative_caption(request)) : Json(nullptr);
  line["negative_ids"] = request.guided() ? Json(prompt.negative_ids.values()) : Json(nullptr);
  line["num_frames"] = request.num_frames;
  line["steps"] = request.steps;
  line["guidance_scale"] = request.guidance_scale;
  line["flow_shift"] = request.flow_shift;
  return line;
}

// The checks that the checkpoint's files allow; only its tokenizer is required here.
RequestCheck text_check(const std::filesystem::path& checkpoint) {
  const std::filesystem::path config = checkpoint / "transformer" / "config.json";
  if (!is_there(config) || read_cosmos3_config(config).has_known_texts()) return {};
  return unreadable_texts;
}

}  // namespace

void print_tokens(const Options& o, std::ostream& out) {
  std::deque<Request> requests =
      parse_manifest(read_manifest(o.manifest), o.manifest, o.defaults, text_check(o.model.checkpoint));
  if (const std::int64_t steps = std::ssize(few_step_levels(o.model.checkpoint)); steps > 0) {
    for (Request& request : requests) take_few_steps(request, steps);
  }
  PromptReader reader(tokenizer_of(o.model.checkpoint), default_negative_prompt(o.negative_prompt_file));
  for (const Request& request : requests) out << json_text(tokens_line(request, reader)) << '\n';
}

}  // namespace orrery
