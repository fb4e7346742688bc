#include "app/bench/bench.h"

#include <iostream>
#include <optional>

#include "app/cli/option_values.h"
#include "app/cli/version.h"
#include "app/commands/attention_choice.h"
#include "app/commands/commands.h"
#include "app/commands/run_context.h"
#include "base/core/error.h"
#include "base/core/pulse.h"
#include "base/device/gpu.h"
#include "base/parallel/rank_groups.h"
#include "models/zoo/checkpoint_files.h"
#include "models/zoo/model_options.h"
#include "models/zoo/random_models.h"

namespace orrery {
namespace {

std::filesystem::path checkpoint_of(const Options& options) {
  if (options.random_model == ModelName::None) return options.model.checkpoint;
  std::string name = std::string("random:").append(write_value(options.random_model).value());
  return options.distilled ? name.append(kFewStepEnding) : name;
}

BenchModel model_of(const CheckpointFiles& files) {
  return {
      files.name(), files.transformer_config,        files.vae_config, files.sound_config, files.transformer, files.vae,
      files.sound,  ScheduleRule(files.fixed_levels)};
}

std::string device_name(at::Device device) { return device.is_cuda() ? gpu_name(device.index()) : "CPU"; }

// The UUID in NVML's format: "GPU-" and groups of digits.
std::string nvml_name(const std::string& uuid) {
  std::string name = "GPU";
  std::size_t begin = 0;
  for (const std::size_t digits : {8, 4, 4, 4, 12}) {
    name.append("-").append(uuid, begin, digits);
    begin += digits;
  }
  return name;
}

Json facts_of(const Options& options, const BenchModel& model, at::Device device, at::ScalarType dtype,
              AttentionKernel attention) {
  return {{"model", model.name},
          {"size", write_value(options.bench_size).value()},
          {"frames", options.bench.clip.num_frames},
          {"topology", topology_of(options.grid)},
          {"dtype", dtype == at::kFloat ? "float32" : "bfloat16"},
          {"gemm", write_value(options.model.products).value()},
          {"attention", name_of(attention)},
          {"attention_format", write_value(options.model.attention_format).value()},
          {"vae_split", write_value(options.bench.vae_split).value()},
          {"device", device_name(device)},
          {"versions", versions()}};
}

// Opens the checkpoint on every rank; on rank 0 first, so that a refusal is printed once.
CheckpointFiles open_everywhere(const Options& options, const Comm& world) {
  std::optional<CheckpointFiles> files;
  world.from_root([&] {
    files = open_checkpoint(checkpoint_of(options));
    require_divisible(files->transformer_config, options.grid);
  });
  return files ? *std::move(files) : open_checkpoint(checkpoint_of(options));
}

Report report_of(const Options& options, const Comm& world, at::Device device, Json facts) {
  if (!world.is_root()) return Report(std::cout, Report::Form::Silent, {}, nullptr);
  auto clocks =
      device.is_cuda() ? std::make_unique<ClockWatch>(Nvml::load(), nvml_name(gpu_uuid(device.index()))) : nullptr;
  return Report(std::cout, options.json ? Report::Form::JsonLines : Report::Form::Table, std::move(facts),
                std::move(clocks));
}

}  // namespace

int bench(const Options& options, const Comm& world) {
  note_phase("bench");
  const ProcessGrid grid(world, options.grid);
  const Log log(options.log_level(), world.shard().rank);
  set_threads(world);
  const at::Device device = choose_device(options.device, world);
  const at::ScalarType dtype = compute_dtype(options.model.dtype, device);
  require_products(options.model.products, device);
  const BenchModel model = model_of(open_everywhere(options, world));
  const RankGroups groups(grid, device);
  const AttentionCase attention_case{device, dtype, model.transformer_config.head_dim};
  const AttentionKernels kernels = find_attention(attention_case, world);
  const NamedAttention attention = in_format(options.model.attention_format, choose(options.model.attention, kernels),
                                             attention_case, kernels.without_fa3);
  if (device.is_cuda() && !kernels.without_fa3.empty())
    log.info("attention without FlashAttention-3: " + kernels.without_fa3);
  Report report = report_of(options, world, device, facts_of(options, model, device, dtype, attention.kernel));
  BenchSettings settings = options.bench;
  settings.products = options.model.product_settings();
  std::vector<NamedAttention> all = kernels.fastest_first;
  if (attention.attention.format() != RowFormat::Plain) all.insert(all.begin(), attention);
  run_bench(model, settings, {world, groups, options.grid, device, dtype, attention, std::move(all)}, report, log);
  return 0;
}

}  // namespace orrery
