#include <fmt/format.h>

#include <vector>

#include "app/cli/version.h"
#include "app/commands/commands.h"
#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/json.h"
#include "base/core/numbers.h"
#include "base/core/pulse.h"
#include "io/latents/latent_store.h"
#include "models/zoo/checkpoint_files.h"
#include "models/zoo/model_options.h"
#include "pipeline/arrays.h"
#include "pipeline/condition.h"

namespace orrery {
namespace {

// Encodes the feed's first `limit` frames (0: the largest number 4k + 1) to a latent (C, t, h, w).
at::Tensor encode_feed(const WanEncoder& encoder, FrameFeed& feed, std::int64_t limit, at::Device device) {
  WanEncodeStream stream(encoder);
  std::vector<at::Tensor> latents;
  std::int64_t used = 0;
  while (limit == 0 || used < limit) {
    const std::int64_t wanted = stream.frames_wanted();
    const at::Tensor frames = feed.next(wanted);
    if (!frames.defined() || frames.size(1) < wanted) break;
    latents.push_back(stream.next(frames.to(device)).to(at::kCPU));
    used += wanted;
  }
  require_input(used >= limit,
                fmt::format("it has only {}, --num-frames asks for {}", count_text(used, "usable frame"), limit));
  return at::stack(latents, 1);
}

}  // namespace

void encode_file(const Options& options, at::Device device, const Log& log) {
  const std::filesystem::path& source = options.files.front();
  note_clip(source.string());
  note_phase("encode");
  require_writable_folder(std::filesystem::absolute(options.output.folder).parent_path());
  const CheckpointFiles checkpoint = open_checkpoint(options.model.checkpoint);
  const Request& size = options.defaults;
  FrameFeed feed(source, size.height, size.width);
  const WanEncoder encoder(Weights(checkpoint.vae, Shard{}, device, compute_dtype(options.model.dtype, device)),
                           checkpoint.vae_config);
  at::Tensor latent;
  try {
    latent = encode_feed(encoder, feed, options.encode_frames.value_or(0), device);
  } catch (const InputError& e) {
    const std::string reason = e.what();
    throw InputError(reason.starts_with(source.string()) ? reason : source.string() + ": " + reason);
  }
  const std::int64_t frames = WanConfig::frames(latent.size(1));
  const double fps = static_cast<double>(feed.fps().numerator) / feed.fps().denominator;
  LatentFile file;
  file.request = json_text({{"id", options.output.folder.stem().string()},
                            {"source", source.string()},
                            {"num_frames", frames},
                            {"height", size.height},
                            {"width", size.width},
                            {"fps", fps}});
  file.model = json_text(checkpoint.description());
  file.software = software_name();
  file.created = utc_now();
  file.latents[Stream::Video] = to_array(latent.unsqueeze(0));
  write_latents(options.output.folder, file);
  log.info(fmt::format("{} -> {}: {}, latents {}", source.string(), options.output.folder.string(),
                       count_text(frames, "frame"), shape_text(file.latents.at(Stream::Video).shape)));
}

}  // namespace orrery
