#include "app/commands/run_models.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/core/error.h"
#include "base/device/device_memory.h"
#include "base/parallel/device.h"
#include "models/cost/tower_memory.h"
#include "models/zoo/model_options.h"
#include "pipeline/towers.h"

namespace orrery {
namespace {

// Host memory for a rank's keys and values: enough for more than a hundred long prompts, and little compared with a
// node's memory for each GPU.
constexpr std::int64_t kWindowBytes = std::int64_t{8} << 30;

bool needs_transformer(const ClipJob& job) { return job.refusal.empty() && !job.latents_done; }

// The clips of `plan` that are denoised; for a long clip, its missing chunks.
std::vector<const ClipJob*> denoised_clips(const RunPlan& plan) {
  std::vector<const ClipJob*> clips;
  for (const ClipJob& job : plan.jobs) {
    if (!needs_transformer(job)) continue;
    for (const ClipJob& part : job.parts()) {
      if (needs_transformer(part)) clips.push_back(&part);
    }
  }
  return clips;
}

// Bytes that the largest clip needs besides the weights.
std::int64_t working_bytes(const RunPlan& plan, const ModelSizes& sizes, bool decodes) {
  std::int64_t most = 0;
  for (const ClipJob* job : denoised_clips(plan)) {
    const ClipMemory memory = clip_memory(sizes, job->request, job->ids);
    most = std::max({most, memory.step, decodes ? memory.media : 0});
  }
  return most;
}

std::vector<PromptIds> texts_of(const RunPlan& plan) {
  std::vector<PromptIds> texts;
  for (const ClipJob* job : denoised_clips(plan)) texts.push_back(job->ids);
  return texts;
}

// Whether the text tower must be released; all ranks get the same answer. Throws InputError on all ranks when even that
// is not enough. Collective.
bool released(const Options& options, const CheckpointFiles& checkpoint, const RunPlan& plan, const RankPlace& place,
              const Log& log) {
  // Synchronizes ranks that share a GPU, here and in first_problem() below, so that all read the free memory before any
  // rank loads weights.
  const int sharers = ranks_on_gpu(place.world, place.device);
  const std::optional<std::int64_t> free = free_memory(place.device, sharers);
  if (!free) return options.model.text_tower == TextTower::Release;
  const auto at_tp = [&](int tp) { return tower_bytes(checkpoint, tp, place.dtype, options.model.product_settings()); };
  const int tp = place.groups.tp->shard().size;
  const bool decodes =
      options.output.media.wanted() && (place.world.is_root() || options.output.vae_split != VaeSplit::None);
  const TowerRoom room{*free, working_bytes(plan, model_sizes(checkpoint, place, options), decodes)};
  bool release = options.model.text_tower == TextTower::Release;
  if (options.model.text_tower == TextTower::Auto) {
    release = place.world.max(too_large_together(at_tp(tp), room) ? 1 : 0) == 1;
    if (release) log.info("both towers and the largest clip do not fit every GPU: the text tower is released");
  }
  const std::string problem = place.world.first_problem(weights_problem(checkpoint, tp, release, room, at_tp));
  require_input(problem.empty(), problem);
  return release;
}

}  // namespace

ModelSizes model_sizes(const CheckpointFiles& checkpoint, const RankPlace& place, const Options& options) {
  const ModelLayout layout{options.grid, static_cast<std::int64_t>(at::elementSize(place.dtype)),
                           options.model.products, place.attention.format()};
  return {checkpoint.transformer_config, checkpoint.vae_config, checkpoint.sound_config, layout,
          options.output.vae_split};
}

std::unique_ptr<Towers> load_towers(const Options& options, const CheckpointFiles& checkpoint, const RunPlan& plan,
                                    const RankPlace& place, const Log& log) {
  const Weights weights(checkpoint.transformer, place.groups.tp->shard(), place.device, place.dtype);
  const Cosmos3Config& config = checkpoint.transformer_config;
  std::vector<PromptIds> texts = texts_of(plan);
  if (!released(options, checkpoint, plan, place, log)) {
    return std::make_unique<KeptTowers>(weights, config, place.groups, options.model.product_settings(),
                                        place.attention);
  }
  auto towers = std::make_unique<ReleasedTowers>(weights, config, place.groups, *place.groups.cfg, texts, kWindowBytes,
                                                 log, options.model.product_settings(), place.attention);
  if (!texts.empty()) towers->prepare(texts.front());
  return towers;
}

MediaModelSet media_models_for(const RunPlan& plan, const OutputOptions& output, bool is_root) {
  const bool makes_media = output.media.wanted();
  MediaModelSet wanted;
  for (const ClipJob& job : plan.jobs) {
    if (!job.refusal.empty()) continue;
    for (const ClipJob& part : job.parts()) {
      const bool begins = !job.latents_done && !part.latents_done && !part.resumes;
      const bool decodes = makes_media || (begins && part.request.encodes_parent);
      wanted.decoder |= decodes && (is_root || output.vae_split != VaeSplit::None);
      wanted.encoder |= begins && is_root && part.request.needs_encoder();
    }
    wanted.sound |= is_root && job.request.sound && makes_media;
  }
  return wanted;
}

RunModels::RunModels(const CheckpointFiles& checkpoint, const RunPlan& plan, const RunContext& context,
                     const Attention& attention)
    : groups(context.grid, context.device),
      place{context.world, groups, context.device, compute_dtype(context.options.model.dtype, context.device),
            attention},
      sizes(model_sizes(checkpoint, place, context.options)),
      media(checkpoint, media_models_for(plan, context.options.output, context.world.is_root()), place.device,
            place.dtype),
      towers(load_towers(context.options, checkpoint, plan, place, context.log)) {}

}  // namespace orrery
