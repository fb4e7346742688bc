#include "app/tokens.h"

#include <cstddef>

#include "app/manifest.h"
#include "app/prompts.h"
#include "core/file.h"
#include "core/json.h"

namespace orrery {
namespace {

Json tokens_line(const Request& request, const ResolvedPrompt& prompt) {
  Json line;
  line["id"] = request.id;
  line["caption"] = request.prompt_token_ids ? Json(nullptr) : Json(prompt.text.caption);
  line["ids"] = prompt.ids;
  const bool has_negative_text = request.guided() && !request.negative_token_ids;
  line["negative_caption"] = has_negative_text ? Json(prompt.text.negative_caption) : Json(nullptr);
  line["negative_ids"] = request.guided() ? Json(prompt.negative_ids) : Json(nullptr);
  return line;
}

}  // namespace

void print_tokens(const Options& o, std::ostream& out) {
  const std::vector<Request> requests = parse_manifest(read_manifest(o.manifest), o.manifest, o.defaults);
  const std::vector<ResolvedPrompt> prompts =
      resolve_prompts(requests, tokenizer_of(o.checkpoint), default_negative_prompt(o.negative_prompt_file));
  for (std::size_t i = 0; i < requests.size(); ++i) out << tokens_line(requests[i], prompts[i]).dump() << '\n';
}

}  // namespace orrery
