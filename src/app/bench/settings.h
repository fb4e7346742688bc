#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/core/choice.h"
#include "io/checkpoint/weight_source.h"
#include "models/audio/config.h"
#include "models/cosmos3/config.h"
#include "models/nn/linear.h"
#include "models/sampler/schedule.h"
#include "models/wan/config.h"
#include "pipeline/media_settings.h"
#include "pipeline/request.h"

namespace orrery {

// The parts of a benchmark, as --what names them.
enum class BenchPart { Step, Vae, Sound, Collectives, Load, Ceilings, Formats, Shares };

constexpr auto choices(BenchPart) {
  return std::array{
      Choice<BenchPart>{"step", BenchPart::Step},       Choice<BenchPart>{"vae", BenchPart::Vae},
      Choice<BenchPart>{"sound", BenchPart::Sound},     Choice<BenchPart>{"collectives", BenchPart::Collectives},
      Choice<BenchPart>{"load", BenchPart::Load},       Choice<BenchPart>{"ceilings", BenchPart::Ceilings},
      Choice<BenchPart>{"formats", BenchPart::Formats}, Choice<BenchPart>{"shares", BenchPart::Shares}};
}

struct BenchSettings {
  std::set<BenchPart> parts{BenchPart::Step, BenchPart::Vae, BenchPart::Sound, BenchPart::Collectives,
                            BenchPart::Ceilings};
  Request clip;  // gives the size, steps, guidance and seed
  VaeSplit vae_split = VaeSplit::Exact;
  ProductSettings products;  // of the layers
  int repeats = 0;           // runs of each measurement; 0: as many as the time budget allows, at least 3
  int kernels = 0;           // the number of slowest kernels to list, of a step and of a decoded frame

  bool drop_cache = false;  // drop the checkpoint's files from the page cache before each measurement that reads them

  bool wants(BenchPart part) const { return parts.contains(part); }
};

// The model to measure: its configuration and the sources of its weights.
struct BenchModel {
  std::string name;
  Cosmos3Config transformer_config;
  WanConfig vae_config;
  std::optional<SoundConfig> sound_config;
  std::shared_ptr<WeightSource> transformer;
  std::shared_ptr<WeightSource> vae;
  std::shared_ptr<WeightSource> sound;  // null: the model has no sound decoder
  ScheduleRule schedule;                // fixed for few-step checkpoints, whose steps have one branch; else native
};

constexpr std::int64_t kBenchTextTokens = 512;  // in each prompt

}  // namespace orrery
