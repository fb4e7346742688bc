#include "app/commands/run_models.h"

#include "models/zoo/compute_dtype.h"

namespace orrery {

MediaModelSet media_models_for(const RunPlan& plan, const OutputOptions& output, bool is_root) {
  const bool makes_media = output.media.wanted();
  MediaModelSet wanted;
  for (const ClipJob& job : plan.jobs) {
    if (!job.refusal.empty()) continue;
    const bool begins = !job.latents_done && !job.resumes;
    const bool decodes = makes_media || (begins && job.request.encodes_parent);
    wanted.decoder |= decodes && (is_root || output.vae_split != VaeSplit::None);
    wanted.encoder |= begins && is_root && job.request.needs_encoder();
    wanted.sound |= is_root && job.request.sound && makes_media;
  }
  return wanted;
}

RunModels::RunModels(const CheckpointFiles& checkpoint, const RunPlan& plan, const RunContext& context,
                     const Attention& attention)
    : tp(make_collectives(context.grid.tp(), context.device)),
      cfg(make_collectives(context.grid.cfg(), context.device)),
      place{context.world, *tp, *cfg, context.device, compute_dtype(context.options.model.dtype, context.device),
            attention},
      sizes(model_sizes(checkpoint, place, context.options.output.vae_split)),
      media(checkpoint, media_models_for(plan, context.options.output, context.world.is_root()), place.device,
            place.dtype),
      towers(load_towers(context.options, checkpoint, plan, place, context.log)) {}

}  // namespace orrery
