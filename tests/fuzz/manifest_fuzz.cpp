// A manifest of any number of lines, and the captions of its prompts.
#include "app/manifest/manifest.h"
#include "fuzz.h"
#include "io/text/prompt.h"

namespace orrery::fuzz {
namespace {

void caption_of(const Request& request) {
  const PromptSource source{request.prompt, request.negative_prompt, "blurred", request.append_metadata};
  const ClipFacts clip{request.num_frames, request.fps, request.height, request.width, request.aspect_ratio};
  try {
    prompt_text(source, clip, Semantics::Native);
    prompt_text(source, clip, Semantics::Seed);
  } catch (const InputError&) {  // which the run names the clip with
  }
}

// What is kept of requests in latent files must be those requests.
void require_kept(const std::deque<Request>& requests) {
  std::string manifest;
  for (const Request& request : requests) manifest += manifest_line(request) + "\n";
  check(parse_manifest(manifest, "/manifests/again.jsonl", Request{}) == requests,
        "other requests are read from " + manifest);
}

}  // namespace
}  // namespace orrery::fuzz

using namespace orrery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::accepts("clips.jsonl", [&] {
    const std::deque<Request> requests = parse_manifest(fuzz::bytes(data, size), "/manifests/clips.jsonl", Request{});
    fuzz::require_kept(requests);
    for (const Request& request : requests) {
      fuzz::caption_of(request);
      request.sound_steps();
    }
  });
  return 0;
}
