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

// What is kept of a request in latent files must be that request.
void require_kept(const Request& request) {
  const std::string line = manifest_line(request);
  const Request again = parse_request(line, {request.parent});
  check(again == request, "another request is read from " + line);
}

}  // namespace
}  // namespace orrery::fuzz

using namespace orrery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::accepts("clips.jsonl", [&] {
    for (const Request& request : parse_manifest(fuzz::bytes(data, size), "/manifests/clips.jsonl", Request{})) {
      fuzz::require_kept(request);
      fuzz::caption_of(request);
      request.sound_steps();
    }
  });
  return 0;
}
