#pragma once

#include <string>
#include <vector>

#include "app/checkpoint_files.h"
#include "app/options.h"
#include "pipeline/generate.h"

namespace orrery {

// The schedule that --schedule asks for; auto leaves it to the checkpoint's files. Throws InputError when these ask for
// one that is not implemented.
ScheduleKind schedule_of(const Options& options, const CheckpointFiles& checkpoint);

// What OUT already has of a run's clips: finished files that may be kept, snapshots to go on from.
class ClipFiles {
 public:
  // Reads a little of every tensor, to know the checkpoint by its weights. References must outlive the object.
  ClipFiles(const Options& options, const CheckpointFiles& checkpoint);

  // Sets job.latents_done and job.resumes, unless --force makes everything again. True when all files of the clip are
  // there. A file that is damaged is a warning; one that cannot stand for the job a conflict.
  bool look_for(ClipJob& job);

  const std::vector<std::string>& warnings() const { return warnings_; }
  const std::vector<std::string>& conflicts() const { return conflicts_; }

 private:
  void look_for_latents(ClipJob& job);
  void look_for_snapshot(ClipJob& job);
  bool media_done(const Request& request) const;
  std::string difference(const LatentHeader& found, const ClipJob& job) const;

  const Options* options_;
  const CheckpointFiles* checkpoint_;
  RunFolder folder_;
  Json model_;
  std::vector<std::string> warnings_;
  std::vector<std::string> conflicts_;
};

}  // namespace orrery
