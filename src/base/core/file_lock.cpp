#include "base/core/file_lock.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/core/error.h"

namespace orrery {
namespace {

struct flock record(const LockRange& range, int type) {
  struct flock lock {};
  lock.l_type = static_cast<short>(type);
  lock.l_whence = SEEK_SET;
  lock.l_start = range.begin;
  lock.l_len = range.size;
  return lock;
}

// Calls fcntl, again when a signal interrupts it. Returns 0 or errno.
int control(const Descriptor& file, int command, struct flock& lock) {
  while (::fcntl(file.get(), command, &lock) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

FileLock::Outcome outcome_of(int error, const std::filesystem::path& path) {
  switch (error) {
    case EAGAIN:
    case EACCES:
      return FileLock::Outcome::Busy;
    case ENOLCK:
    case ENOSYS:
    case EOPNOTSUPP:
      return FileLock::Outcome::Unavailable;
    default:
      fail("lock " + path.string(), std::strerror(error));
  }
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& path)
    : path_(path), file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (file_.empty()) fail("open " + path.string(), std::strerror(errno));
}

FileLock::Outcome FileLock::try_take(std::span<const LockRange> ranges) {
  for (const LockRange& range : ranges) {
    struct flock lock = record(range, range.exclusive ? F_WRLCK : F_RDLCK);
    const int error = control(file_, F_SETLK, lock);
    if (error == 0) continue;
    struct flock all = record({}, F_UNLCK);
    control(file_, F_SETLK, all);
    return outcome_of(error, path_);
  }
  return Outcome::Taken;
}

bool FileLock::is_in_place() const {
  struct stat held {
  }, named{};
  if (::fstat(file_.get(), &held) != 0 || ::stat(path_.c_str(), &named) != 0) return false;
  // Some file systems give a file a new inode number at each look-up; it has been replaced only if its link count is 0.
  return held.st_nlink > 0 || (held.st_dev == named.st_dev && held.st_ino == named.st_ino);
}

std::optional<std::int64_t> FileLock::exclusive_elsewhere() const {
  struct flock lock = record({}, F_RDLCK);
  const int error = control(file_, F_GETLK, lock);
  if (error != 0) fail("look for locks on " + path_.string(), std::strerror(error));
  if (lock.l_type == F_UNLCK) return std::nullopt;
  return lock.l_start;
}

}  // namespace orrery
