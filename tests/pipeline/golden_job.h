#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/parallel/process_grid.h"
#include "base/parallel/rank_groups.h"
#include "models/cosmos3/transformer.h"
#include "pipeline/denoise.h"
#include "pipeline/request.h"
#include "support/golden.h"

namespace orrery {

// The token ids in a golden case.
std::vector<std::int64_t> ids_of(const at::Tensor& ids);

// The latent frames that a golden case is given: an image's is the first.
Streams<Condition> conditions_of(const Golden& golden);

MediaShape shape_of(const Golden& golden);

// Only what decides on the branches and on what is left out.
Request request_of(const Golden& golden);

// How ranks that share a clip's tokens exchange them: as their device does, or through windows in host memory.
enum class Exchange { OfDevice, Windows };

// A golden set's model on all ranks of `world` as one grid.
class GoldenJob {
 public:
  // `format`: of the media tower's products and attention.
  GoldenJob(const Comm& world, const std::string& set, GridShape shape, at::ScalarType dtype = at::kFloat,
            RowFormat format = RowFormat::Plain, Exchange exchange = Exchange::OfDevice);

  // The noise of a case.
  DenoiseState start_of(const Golden& golden) const;
  // Collective.
  DenoiseState run(const Golden& golden, ScheduleKind kind, DenoiseState start, const Streams<Condition>& conditions,
                   const StepObserver& observer) const;
  // As `request` says, in as many steps of that kind as `schedule` has.
  DenoiseState run(const Golden& golden, const Request& request, const Schedule& schedule, DenoiseState start,
                   const Streams<Condition>& conditions, const StepObserver& observer) const;
  // The same from its noise, with its own conditions.
  DenoiseState run(const Golden& golden, ScheduleKind kind, const StepObserver& observer) const {
    return run(golden, kind, start_of(golden), conditions_of(golden), observer);
  }
  // And its latents after all steps. Collective.
  MediaLatents latents(const Golden& golden, ScheduleKind kind) const {
    return run(golden, kind, [](const DenoiseState&) { return true; }).latents;
  }

 private:
  ProcessGrid grid_;
  RankGroups groups_;
  std::filesystem::path folder_;
  Transformer model_;
};

// A distilled checkpoint's case has levels of its own, whatever `kind` is.
Schedule schedule_of(const Golden& golden, ScheduleKind kind);

// The grids of `ranks` ranks that the model can be split over.
std::vector<GridShape> grids(int ranks, int largest_tp);

// The grids of 2, 4 or 8 ranks in which ranks share a clip's tokens.
std::vector<GridShape> sequence_grids(int ranks);

std::string name_of(GridShape shape);  // "cfg2_tp1"

}  // namespace orrery
