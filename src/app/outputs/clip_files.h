#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/outputs/clip_sources.h"
#include "app/outputs/output_options.h"
#include "io/latents/latent_store.h"
#include "models/zoo/checkpoint_files.h"
#include "pipeline/clip_job.h"
#include "pipeline/run_folder.h"

namespace orrery {

// A finished clip that is kept although the clip that it continues is made again from the same inputs.
struct KeptChild {
  std::filesystem::path latents;  // its latent file
  std::string made_from;          // checksum of the parent's latents when the clip was made
};
using KeptChildren = std::multimap<std::string, KeptChild>;  // by the parent's id

// Finds what OUT already has of a run's clips: finished files to keep and snapshots to resume from. A file belongs to a
// job only when the job's inputs still have the content from which the file was made.
class ClipFiles {
 public:
  // `jobs` are all jobs for which look_for() will be called. `software` is the program's name in files. Reads the
  // beginning of every tensor, to fingerprint the checkpoint. The references must outlive the object.
  ClipFiles(const std::vector<ClipJob>& jobs, const Recipe& recipe, const OutputOptions& output,
            const CheckpointFiles& checkpoint, std::string software);

  // Sets job.latents_done, job.resumes and job.parent_recipe, unless --force makes everything again. Returns true when
  // all files of the clip are there. Records a warning for a damaged file, and a conflict for a file that was made from
  // another request. Call it once for each job, in the manifest's order.
  bool look_for(ClipJob& job);

  const std::vector<std::string>& warnings() const { return warnings_; }
  const std::vector<std::string>& conflicts() const { return conflicts_; }
  // Finished clips that are kept although the clip that they continue is made again.
  const KeptChildren& kept_children() const { return kept_children_; }

 private:
  void look_for_latents(ClipJob& job);
  // Whether all files listed for a long clip are there, with the listed latents.
  bool chunks_are_there(const ClipJob& job, const LatentHeader& list);
  void look_for_snapshot(ClipJob& job);
  void remember_child(const ClipJob& job, const Json& inputs);
  bool media_done(const Request& request);
  bool made_of_kept_latents(const std::filesystem::path& media, const std::string& id);
  std::string difference(const LatentHeader& found, const ClipJob& job);
  std::string input_difference(const Json& inputs, const ClipJob& job);
  std::string parent_difference(const Json& inputs, const ClipJob& job);

  // A finished latent file that is kept.
  struct Kept {
    std::string recorded;  // the recorded checksum; empty in files of earlier releases
    std::string checksum;  // the recorded checksum, or one of the values once read
  };
  const std::string& checksum_of(const std::string& id);  // id of a kept file

  Recipe recipe_;
  const OutputOptions* output_;
  const CheckpointFiles* checkpoint_;
  RunFolder folder_;
  std::string software_;
  Json model_;
  ClipSources sources_;
  std::map<std::string, Kept> kept_;  // by id
  KeptChildren kept_children_;
  std::vector<std::string> warnings_;
  std::vector<std::string> conflicts_;
};

}  // namespace orrery
