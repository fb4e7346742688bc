#include "app/outputs/run_lock.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/host.h"
#include "base/core/numbers.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kLockFile = ".run.lock";

// Every shard of every split has its own position in the lock file: 0/1, 0/2, 1/2, 0/3, …
std::int64_t first_position(std::int64_t count) { return count * (count - 1) / 2; }
std::int64_t position_of(ManifestShard shard) { return first_position(shard.count) + shard.index; }

ManifestShard shard_at(std::int64_t position) {
  auto count = static_cast<std::int64_t>((1 + std::sqrt(1 + 8 * static_cast<double>(position))) / 2);
  while (first_position(count) > position) --count;
  while (first_position(count + 1) <= position) ++count;
  return {position - first_position(count), count};
}

// A shard locks its own position exclusively, and the positions of all other splits shared, which keeps their shards
// from locking these exclusively.
std::vector<LockRange> ranges_of(ManifestShard shard) {
  const std::int64_t begin = first_position(shard.count);
  std::vector<LockRange> ranges{{position_of(shard), 1, true}, {begin + shard.count, 0, false}};
  if (begin > 0) ranges.push_back({0, begin, false});
  return ranges;
}

fs::path holder_file(const fs::path& out, ManifestShard shard) { return out / (".run" + shard.suffix() + ".holder"); }

std::string description_of_this_run() {
  const auto job = environment_variable("SLURM_JOB_ID");
  return fmt::format("host {}{}, process {}, since {}", host_name(), job ? ", Slurm job " + *job : "", ::getpid(),
                     utc_now());
}

// The holder's description of itself. The holder may have just left, or may not have written it yet.
std::string description_in(const fs::path& file) {
  try {
    return read_file(file);
  } catch (const InputError&) {
    return "whose host is not known yet";
  }
}

std::string words_on(ManifestShard shard) {
  return shard.is_whole() ? "the whole manifest" : "shard " + shard.text() + " of the manifest";
}

// Message: why the run of shard `wanted` cannot use the folder.
std::string refusal(const fs::path& out, ManifestShard wanted, std::optional<std::int64_t> position) {
  if (!position) return out.string() + ": another run starts in this folder: try again";
  const ManifestShard held = shard_at(*position);
  return fmt::format("{}: in use by a run of {} ({}){}: wait for its end, end it, or choose another --out",
                     out.string(), words_on(held), description_in(holder_file(out, held)),
                     held == wanted ? "" : ", and this is " + words_on(wanted));
}

}  // namespace

RunLock::RunLock(const fs::path& out, ManifestShard shard, const Log& log, milliseconds patience)
    : out_(out), lock_(out / kLockFile) {
  take(shard, log, patience);
  write_file(holder_file(out, shard), description_of_this_run());
  holder_ = holder_file(out, shard);
}

RunLock::~RunLock() {
  std::error_code ignored;
  fs::remove(holder_, ignored);
}

void RunLock::require_in_place() const {
  require(lock_.is_in_place(), out_.string() +
                                   ": the folder was removed or replaced while this run worked in it, and nothing can "
                                   "be recorded there: start the run again");
}

std::string run_lock_problem(const fs::path& out, ManifestShard shard) {
  if (!fs::exists(out / kLockFile)) return "";
  FileLock lock(out / kLockFile);
  if (lock.try_take(ranges_of(shard)) != FileLock::Outcome::Busy) return "";
  return refusal(out, shard, lock.exclusive_elsewhere());
}

void RunLock::take(ManifestShard shard, const Log& log, milliseconds patience) {
  const auto give_up = steady_clock::now() + patience;
  // The random part keeps two runs that start together and exclude each other from colliding again and again.
  const milliseconds pause(100 + ::getpid() % 50);
  const std::vector<LockRange> ranges = ranges_of(shard);
  for (bool told = false;; std::this_thread::sleep_for(pause)) {
    const FileLock::Outcome outcome = lock_.try_take(ranges);
    if (outcome == FileLock::Outcome::Taken) return;
    if (outcome == FileLock::Outcome::Unavailable) {
      log.warning(out_.string() + ": its file system has no locks: nothing keeps a second run out of this folder");
      return;
    }
    if (steady_clock::now() >= give_up) throw InputError(refusal(out_, shard, lock_.exclusive_elsewhere()));
    if (!told) log.info("waiting for another run in " + out_.string() + " to end");
    told = true;
  }
}

}  // namespace orrery
