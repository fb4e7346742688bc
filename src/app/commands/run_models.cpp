#include "app/commands/run_models.h"

#include "app/commands/device_options.h"

namespace orrery {

RunModels::RunModels(const CheckpointFiles& checkpoint, const RunPlan& plan, const RunContext& context,
                     const Attention& attention)
    : tp(make_collectives(context.grid.tp(), context.device)),
      cfg(make_collectives(context.grid.cfg(), context.device)),
      place{context.world, *tp, *cfg, context.device, compute_dtype(context.options.dtype, context.device), attention},
      sizes(model_sizes(checkpoint, place, context.options.vae_split)),
      media(checkpoint, media_models_for(plan, context.options, context.world.is_root()), place.device, place.dtype),
      towers(load_towers(context.options, checkpoint, plan, place, context.log)) {}

}  // namespace orrery
