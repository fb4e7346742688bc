#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.h"
#include "base/core/json.h"
#include "base/parallel/collectives.h"
#include "io/checkpoint/weight_source.h"
#include "models/audio/config.h"
#include "models/cosmos3/config.h"
#include "models/sampler/schedule.h"
#include "models/wan/config.h"
#include "models/zoo/model_options.h"

namespace orrery {

// An opened checkpoint: configs are parsed and every tensor's name, shape and position are known, but no weight has
// been read or generated.
struct CheckpointFiles {
  std::filesystem::path folder;  // or "random:NAME"
  Cosmos3Config transformer_config;
  WanConfig vae_config;
  std::shared_ptr<WeightSource> transformer;
  std::shared_ptr<WeightSource> vae;
  std::optional<SoundConfig> sound_config;
  std::shared_ptr<WeightSource> sound;               // null: the checkpoint has no sound decoder
  ScheduleKind own_schedule = ScheduleKind::Native;  // the schedule that its files ask for
  std::vector<float> fixed_levels;   // noise levels of a few-step checkpoint, as in ScheduleRule; else empty
  std::string own_schedule_problem;  // "FILE: KEY: …" when that one is not implemented
  std::vector<std::string> notes;    // what else the files ask for that is not done

  // Whether texts can be converted to ids for this checkpoint: not for Edge; random weights take bytes as ids.
  bool reads_texts() const;
  bool has_few_steps() const { return !fixed_levels.empty(); }
  bool has_sound() const { return transformer_config.sound_gen && sound != nullptr; }
  // The folder's name, which is what people call the checkpoint, or "random:NAME".
  std::string name() const;
  // The folder's absolute path, or "random:NAME".
  std::string place() const;
  // Name and sizes as a text for people.
  std::string summary() const;
  // Name, fingerprint and sizes, as latent files and run.json store them.
  Json description() const;
};

// Opens a folder or random weights (random_models.h). Throws InputError that names the file and what is wrong with it.
CheckpointFiles open_checkpoint(const std::filesystem::path& checkpoint);

// Builds the whole model as the ranks of `grid` would, without reading weights. Throws InputError for a tensor that is
// missing, has a wrong shape or dtype, or would never be read.
void audit_checkpoint(const CheckpointFiles& files, const GridShape& grid);

// The schedule for `choice`: Auto leaves it to the checkpoint's files; few-step checkpoints have only one. Throws
// InputError when the files ask for one that is not implemented.
ScheduleRule schedule_of(ScheduleChoice choice, const CheckpointFiles& checkpoint);

// The steps of a clip that are computed in full precision; both counts are 0 when nothing is in 8 bits.
FullPrecisionSteps full_precision_steps(const ModelOptions& options, const CheckpointFiles& checkpoint);

// How the inputs of 8-bit products are scaled; Dynamic when no products are in 8 bits or the checkpoint has no factors.
InputScales input_scales(const ModelOptions& options, const CheckpointFiles& checkpoint);

// Throws InputError when `choice` leaves the schedule to the checkpoint's files and these have an own_schedule_problem,
// or when a few-step checkpoint does not support `choice`.
void require_schedule(ScheduleChoice choice, const CheckpointFiles& checkpoint);

// The group used in an audit. Layers that are built but never run only ask it for their shard; every collective throws.
class AuditGroup : public Collectives {
 public:
  explicit AuditGroup(Shard shard) : shard_(shard) {}
  Shard shard() const override { return shard_; }

 private:
  void do_all_reduce_sum(at::Tensor&) override { refuse(); }
  at::Tensor do_all_gather(const at::Tensor&, std::int64_t) override { refuse(); }
  void do_all_to_all(const std::vector<at::Tensor>&, const std::vector<at::Tensor>&) override { refuse(); }
  void do_broadcast(at::Tensor&, int) override { refuse(); }
  std::pair<at::Tensor, at::Tensor> do_exchange_rows(const at::Tensor&, const at::Tensor&) override { refuse(); }
  std::vector<at::Tensor> do_gather_to_root(const at::Tensor&) override { refuse(); }
  [[noreturn]] static void refuse() { throw Error("a checkpoint audit does not communicate"); }
  Shard shard_;
};

}  // namespace orrery
