#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/outputs/output_options.h"
#include "models/cosmos3/config.h"
#include "pipeline/clip_job.h"
#include "pipeline/run_folder.h"

namespace orrery {

// Estimates the bytes that clips take in OUT: exact for latents and for snapshots without a step cache; an overestimate
// for snapshots with one; for videos and pictures, a conservative estimate for camera pictures.
class ClipSpace {
 public:
  ClipSpace(const Cosmos3Config& config, const OutputOptions& output);

  // Bytes of the files still to be made.
  std::int64_t files(const ClipJob& job) const;
  // Bytes of two snapshots of an unfinished clip, since the next one is written before the old one is removed.
  std::int64_t snapshots(const ClipJob& job) const;
  // Number of files still to be made, including snapshots and temporary files.
  std::int64_t file_count(const ClipJob& job) const;

 private:
  std::int64_t latents(const Request& request) const;
  std::vector<Artifact> artifacts(const Request& request) const;

  Cosmos3Config config_;
  OutputOptions output_;
};

// The result of a check of the disk space. At most one of the two texts is set.
struct SpaceVerdict {
  std::string refusal;  // not even the next clips fit
  std::string warning;  // the next clips fit, but not all clips
};

// Judges whether `available` bytes are enough for the files of `jobs` and a snapshot. Messages name `out`.
SpaceVerdict judge_space(const std::vector<ClipJob>& jobs, const ClipSpace& space, std::int64_t available,
                         const std::filesystem::path& out);

// Why the space does not suffice to begin the clip, or "".
std::string lack_of_space(const ClipJob& job, const ClipSpace& space, std::int64_t available,
                          const std::filesystem::path& out);

// Why `available` inodes in the file system of `out` do not suffice for the clip's files, or "".
std::string lack_of_files(const ClipJob& job, const ClipSpace& space, std::int64_t available,
                          const std::filesystem::path& out);

// Why the clip's files cannot be written to the folders of `out` now (no space, no inodes, no permission), or "".
// Creates missing folders again.
std::string write_problem(const ClipJob& job, const ClipSpace& space, const std::filesystem::path& out);

// Makes OUT and its folders and checks that files can be made there. Throws InputError.
void make_run_folders(const std::filesystem::path& out);

}  // namespace orrery
