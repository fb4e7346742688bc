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

// What can be measured.
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
  Request clip;  // whose size, steps, guidance and seed are measured
  VaeSplit vae_split = VaeSplit::Exact;
  ProductSettings products;  // of the layers
  int repeats = 0;           // runs of each measurement; 0: as many as fit a few seconds, at least 3
  int kernels = 0;           // how many of a step's and a decode's slowest kernels are listed

  bool drop_cache = false;  // before each reading of a checkpoint's files

  bool wants(BenchPart part) const { return parts.contains(part); }
};

// The model to measure: sizes, and where its weights come from.
struct BenchModel {
  std::string name;
  Cosmos3Config transformer_config;
  WanConfig vae_config;
  std::optional<SoundConfig> sound_config;
  std::shared_ptr<WeightSource> transformer;
  std::shared_ptr<WeightSource> vae;
  std::shared_ptr<WeightSource> sound;  // null: the model has no sound decoder
  ScheduleRule schedule;                // of few-step checkpoints, whose steps have one branch, or native
};

constexpr std::int64_t kBenchTextTokens = 512;  // of each prompt

}  // namespace orrery
