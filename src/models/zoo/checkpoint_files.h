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

// A checkpoint, opened: configs parsed and every tensor's name, shape and place known, no weight read or made.
struct CheckpointFiles {
  std::filesystem::path folder;  // or "random:NAME"
  Cosmos3Config transformer_config;
  WanConfig vae_config;
  std::shared_ptr<WeightSource> transformer;
  std::shared_ptr<WeightSource> vae;
  std::optional<SoundConfig> sound_config;
  std::shared_ptr<WeightSource> sound;               // null: the checkpoint has no sound decoder
  ScheduleKind own_schedule = ScheduleKind::Native;  // what its files ask for
  std::vector<float> fixed_levels;                   // of a few-step checkpoint, as in ScheduleRule; empty: it is none
  std::string own_schedule_problem;                  // "FILE: KEY: …" when they ask for one that is not implemented
  std::vector<std::string> notes;                    // what else they ask for that is not done

  // Whether its texts can be turned into ids: those of Edge are not, and random weights take bytes.
  bool reads_texts() const;
  bool has_few_steps() const { return !fixed_levels.empty(); }
  bool has_sound() const { return transformer_config.sound_gen && sound != nullptr; }
  // The folder's name, which is how people call a checkpoint, or "random:NAME".
  std::string name() const;
  // The folder's absolute path, or "random:NAME".
  std::string place() const;
  // Name and sizes, for people.
  std::string summary() const;
  // Name, fingerprint and sizes: for latent files and run.json.
  Json description() const;
};

// A folder, or random weights (random_models.h). Throws InputError that names the file and
// what is wrong with it.
CheckpointFiles open_checkpoint(const std::filesystem::path& checkpoint);

// Builds the whole model as a tp group of `grid` would, without reading a weight: every tensor that is missing, has
// another shape or dtype, or would never be read is an InputError.
void audit_checkpoint(const CheckpointFiles& files, const GridShape& grid);

// The schedule that is asked for; Auto leaves it to the checkpoint's files, and few-step checkpoints have one only.
// Throws InputError when the files ask for one that is not implemented.
ScheduleRule schedule_of(ScheduleChoice choice, const CheckpointFiles& checkpoint);

// The steps of a clip that are computed in full precision; none where nothing is in 8 bits.
FullPrecisionSteps full_precision_steps(const ModelOptions& options, const CheckpointFiles& checkpoint);

// What the inputs of products in 8 bits are rounded by; Dynamic where none are, or the checkpoint says nothing.
InputScales input_scales(const ModelOptions& options, const CheckpointFiles& checkpoint);

// Throws InputError when `choice` leaves the schedule to the checkpoint's files and these have a problem
// (own_schedule_problem), or when it is none that a few-step checkpoint can have.
void require_schedule(ScheduleChoice choice, const CheckpointFiles& checkpoint);

// The group of an audit: layers that are built but never run only ask for their place in it.
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
