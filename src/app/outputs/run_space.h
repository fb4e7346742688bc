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

// Estimates the bytes that clips take in OUT: exactly for latents and snapshots without a step cache, on the high side
// for those with one, and for videos and pictures, from what camera pictures take.
class ClipSpace {
 public:
  ClipSpace(const Cosmos3Config& config, const OutputOptions& output);

  // Bytes of the files that are still to be made.
  std::int64_t files(const ClipJob& job) const;
  // Bytes of an unfinished clip's snapshot and of the next one, which is written before the old one is removed.
  std::int64_t snapshots(const ClipJob& job) const;
  // How many files are still to be made, with snapshots and what is written beside them.
  std::int64_t file_count(const ClipJob& job) const;

 private:
  std::int64_t latents(const Request& request) const;
  std::vector<Artifact> artifacts(const Request& request) const;

  Cosmos3Config config_;
  OutputOptions output_;
};

// The result of a look at the disk. At most one of the two is set.
struct SpaceVerdict {
  std::string refusal;  // not even the next clips fit
  std::string warning;  // they do, but not all
};

// Whether `available` bytes are enough for the files of `jobs` and a snapshot. `out` is for the words.
SpaceVerdict judge_space(const std::vector<ClipJob>& jobs, const ClipSpace& space, std::int64_t available,
                         const std::filesystem::path& out);

// Why the next clip should not be begun, or "".
std::string lack_of_space(const ClipJob& job, const ClipSpace& space, std::int64_t available,
                          const std::filesystem::path& out);

// Why the file system of `out` has no room for a clip's files, each of which takes an inode, with `available` left; or
// "".
std::string lack_of_files(const ClipJob& job, const ClipSpace& space, std::int64_t available,
                          const std::filesystem::path& out);

// What keeps a clip's files from being written to the folders of `out` now, or "": no space, no inodes, no right to
// write. Folders that are gone are made again.
std::string write_problem(const ClipJob& job, const ClipSpace& space, const std::filesystem::path& out);

// Makes OUT and its folders and checks that files can be made there. Throws InputError.
void make_run_folders(const std::filesystem::path& out);

}  // namespace orrery
