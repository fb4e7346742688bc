#pragma once

#include <chrono>
#include <filesystem>

#include "app/manifest/manifest_shard.h"
#include "base/core/file_lock.h"
#include "base/core/log.h"

namespace orrery {

// Keeps others from running into the same folder, until it is destroyed or its process ends, killed or not. Runs of
// different shards of one split go together; the whole manifest, or another number of shards, excludes them.
//
// One process holds it: rank 0 of a run.
class RunLock {
 public:
  // Waits up to `patience` for the holder to leave, since a killed job's ranks may live for a moment. Throws InputError
  // that names the holder's host, job and start. A file system without locks is only warned of.
  RunLock(const std::filesystem::path& out, ManifestShard shard, const Log& log,
          std::chrono::milliseconds patience = std::chrono::seconds(5));
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  ~RunLock();

  // Throws Error when the folder was removed, or another one stands in its place: nothing can be recorded there, and
  // the lock keeps nobody out of it.
  void require_in_place() const;

 private:
  void take(ManifestShard shard, const Log& log, std::chrono::milliseconds patience);

  std::filesystem::path out_;
  FileLock lock_;
  std::filesystem::path holder_;  // the file that describes this run
};

// Who keeps a run of `shard` out of the folder, in the words of RunLock's refusal, or "". Changes nothing.
std::string run_lock_problem(const std::filesystem::path& out, ManifestShard shard);

}  // namespace orrery
