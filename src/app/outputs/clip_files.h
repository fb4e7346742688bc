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

// A finished clip that is kept while the one that it continues is made again, from the same things.
struct KeptChild {
  std::filesystem::path latents;  // its file
  std::string made_from;          // the checksum of the parent's latents when it was made
};
using KeptChildren = std::multimap<std::string, KeptChild>;  // by the parent's id

// What OUT already has of a run's clips: finished files that may be kept, snapshots to go on from. A file stands for a
// job only when what it was made from has the content that it has now.
class ClipFiles {
 public:
  // `jobs`: all that look_for() will be asked for. `software`: what this program calls itself in files. Reads a little
  // of every tensor, to know the checkpoint by its weights. References must outlive the object.
  ClipFiles(const std::vector<ClipJob>& jobs, const Recipe& recipe, const OutputOptions& output,
            const CheckpointFiles& checkpoint, std::string software);

  // Sets job.latents_done, job.resumes and job.parent_recipe, unless --force makes everything again. True when all
  // files of the clip are there. A file that is damaged is a warning; one that cannot stand for the job a conflict.
  // Call once for each job, in the manifest's order.
  bool look_for(ClipJob& job);

  const std::vector<std::string>& warnings() const { return warnings_; }
  const std::vector<std::string>& conflicts() const { return conflicts_; }
  // Finished clips that are kept though the clip that they continue is made again.
  const KeptChildren& kept_children() const { return kept_children_; }

 private:
  void look_for_latents(ClipJob& job);
  // Whether all files of a long clip's list are there, with the latents that it lists.
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
    std::string recorded;  // its checksum; empty in files of earlier releases
    std::string checksum;  // the same, or of its values once they were read
  };
  const std::string& checksum_of(const std::string& id);  // of a kept one

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
