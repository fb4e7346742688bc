#include "app/commands/run_context.h"

#include "app/cli/slurm.h"
#include "app/cli/version.h"
#include "base/core/json.h"
#include "base/core/terminal_text.h"
#include "base/parallel/device.h"
#include "models/zoo/model_options.h"

namespace orrery {
namespace {

at::Device device_of(const Options& options, const Comm& world) {
  set_threads(world);
  const at::Device device = choose_device(options.device, world);
  require_products(options.model.products, device);
  return device;
}

// The `model` of a latent file.
std::string model_json(const CheckpointFiles& checkpoint, const Recipe& recipe) {
  Json model = checkpoint.description();
  add_recipe(recipe, model);
  return json_text(model);
}

}  // namespace

RunContext::RunContext(const Options& run_options, const Comm& run_world)
    : options(run_options),
      world(run_world),
      grid(world, options.grid),
      stop(world, stop_limits(options)),
      log(options.log_level(), world.shard().rank),
      device(device_of(options, world)) {}

std::string distance_warning(const std::string& axis) {
  if (axis == "cfg") return "";  // cfg exchanges data only once in each step
  return "the ranks of a --" + axis +
         " group are on several nodes, and exchange data in every layer: "
         "if --sp times --tp divides the number of ranks on a node, only --cfg crosses nodes";
}

void warn_of_distant_ranks(const RunContext& context) {
  for (const std::string& axis : context.grid.axes_across_nodes(context.world)) {
    const std::string warning = distance_warning(axis);
    if (context.world.is_root() && !warning.empty()) context.log.warning(warning);
  }
}

GenerateSettings settings_of(const Options& options, const CheckpointFiles& checkpoint, AttentionKernel attention) {
  GenerateSettings settings;
  settings.folder = {options.output.folder};
  settings.recipe = recipe_of(options.model, checkpoint, attention);
  settings.vae_fingerprint = checkpoint.vae->fingerprint();
  settings.model_json = model_json(checkpoint, settings.recipe);
  settings.model_name = valid_utf8(checkpoint.name());
  settings.software = software_name();
  settings.snapshot_every = options.output.snapshot_every;
  return settings;
}

Json topology_of(const GridShape& grid) {
  Json topology{{"ranks", grid.ranks()}};
  for (const GridAxis& axis : grid.axes()) topology[axis.name] = axis.size;
  return topology;
}

RunFacts facts_of(const RunContext& context, const CheckpointFiles& checkpoint, const AttentionChoice& attention,
                  std::int64_t manifest_requests) {
  const Options& options = context.options;
  const at::ScalarType dtype = compute_dtype(options.model.dtype, context.device);
  RunFacts facts;
  facts.manifest_requests = manifest_requests;
  facts.topology = topology_of(options.grid);
  facts.topology["device"] = context.device.is_cuda() ? "cuda" : "cpu";
  facts.topology["dtype"] = dtype == at::kFloat ? "float32" : "bfloat16";
  facts.topology.update(to_json(recipe_of(options.model, checkpoint, attention.by.kernel)));
  if (!attention.remark.empty()) facts.topology["attention_remark"] = attention.remark;
  facts.checkpoint = checkpoint.description();
  facts.checkpoint["folder"] = checkpoint.place();
  return facts;
}

std::string config_of(Options options, ManifestShard shard) {
  if (!shard.is_whole()) options.shard = shard;
  return dump_config(options);
}

}  // namespace orrery
