#pragma once

#include <chrono>
#include <filesystem>

#include "app/manifest/manifest_shard.h"
#include "base/core/file_lock.h"
#include "base/core/log.h"

namespace orrery {

// Keeps other runs out of the same folder until it is destroyed or its process ends, even by a signal. Runs of
// different shards of one split may share the folder; a run of the whole manifest, or of another number of shards, may
// not join them.
//
// Held by one process, rank 0 of a run.
class RunLock {
 public:
  // Waits up to `patience` for the holder to leave, since a killed job's ranks may live for a moment. Throws InputError
  // that names the holder's host, job and start. Only warns on a file system without locks.
  RunLock(const std::filesystem::path& out, ManifestShard shard, const Log& log,
          std::chrono::milliseconds patience = std::chrono::seconds(5));
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  ~RunLock();

  // Throws Error when the folder was removed or replaced: results would be lost, and the lock would keep nobody out.
  void require_in_place() const;

 private:
  void take(ManifestShard shard, const Log& log, std::chrono::milliseconds patience);

  std::filesystem::path out_;
  FileLock lock_;
  std::filesystem::path holder_;  // the file that describes this run
};

// RunLock's refusal of a run of `shard` in the folder, or "" when it would not refuse. Changes nothing.
std::string run_lock_problem(const std::filesystem::path& out, ManifestShard shard);

}  // namespace orrery
