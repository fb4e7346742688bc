#include "base/core/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <random>
#include <system_error>
#include <utility>

#include "base/core/error.h"
#include "base/core/handle.h"
#include "base/core/pulse.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLeastBuffer = 4096;
constexpr std::int64_t kMostBytes = std::int64_t{1}
                                    << 30;  // bytes; far above any text or image, but a sparse file can be larger

Descriptor open_or_fail(const fs::path& path, int flags) {
  Descriptor descriptor(::open(path.c_str(), flags | O_CLOEXEC, 0666));
  if (descriptor.empty()) fail("open " + path.string(), std::strerror(errno));
  return descriptor;
}

void sync(const fs::path& path, int flags) {
  const Descriptor descriptor = open_or_fail(path, flags);
  if (::fsync(descriptor.get()) != 0) fail("fsync " + path.string(), std::strerror(errno));
}

void write_all(const Descriptor& descriptor, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write " + path.string(), std::strerror(errno));
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Reads into `content` from byte `have` on until it is full or the file ends; returns how many bytes it read.
std::size_t read_all(const Descriptor& descriptor, std::string& content, std::size_t have, const fs::path& path) {
  const std::size_t before = have;
  while (have < content.size()) {
    const ssize_t count = ::read(descriptor.get(), content.data() + have, content.size() - have);
    if (count < 0 && errno == EINTR) continue;
    require_input(count >= 0, path.string() + ": cannot be read: " + std::strerror(errno));
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  return have - before;
}

fs::file_status status_of(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  require_input(fs::status_known(status), path.string() + ": cannot be looked at: " + error.message());
  return status;
}

bool is_named(const struct stat& file, const fs::path& path) {
  struct stat named {};
  return ::stat(path.c_str(), &named) == 0 && named.st_dev == file.st_dev && named.st_ino == file.st_ino;
}

// Result of claiming a temporary name.
enum class Claim { Held, Busy, NoLocks };

// Opens `path`, creates it when missing, and locks it: until `file` closes, no other writer gets this name. The lock is
// one of flock(), which survives when another descriptor of the file is closed, as an encoder does.
Claim claim(const fs::path& path, Descriptor& file) {
  while (true) {
    file = open_or_fail(path, O_WRONLY | O_CREAT);
    struct stat opened {};
    if (::fstat(file.get(), &opened) != 0) fail("look at " + path.string(), std::strerror(errno));
    if (!S_ISREG(opened.st_mode)) return Claim::Held;  // devices are shared by their writers
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      return errno == EWOULDBLOCK ? Claim::Busy : Claim::NoLocks;
    }
    // Its writer may have committed or removed it between the opening and the lock.
    if (is_named(opened, path)) return Claim::Held;
  }
}

// "a.h5.tmp", "a.h5.1.tmp", …
fs::path temporary_name(const fs::path& target, int slot) {
  return slot > 0 ? fmt::format("{}.{}.tmp", target.string(), slot) : target.string() + ".tmp";
}

fs::path random_name(const fs::path& target) {
  std::random_device source;
  return fmt::format("{}.{}.tmp", target.string(), source());
}

// Removes what killed writers left under the names that follow `slot`.
void remove_abandoned(const fs::path& target, int slot) {
  std::error_code ignored;
  for (++slot; fs::exists(temporary_name(target, slot), ignored); ++slot) {
    Descriptor file;
    if (claim(temporary_name(target, slot), file) == Claim::Held) fs::remove(temporary_name(target, slot), ignored);
  }
}

}  // namespace

PendingFile::PendingFile(fs::path target) : target_(std::move(target)) {
  int slot = 0;
  Claim found = Claim::Busy;
  for (; found == Claim::Busy; ++slot) {
    temporary_ = temporary_name(target_, slot);
    found = claim(temporary_, claim_);
  }
  if (found == Claim::NoLocks) {
    std::error_code ignored;
    fs::remove(temporary_, ignored);
    temporary_ = random_name(target_);
    claim_ = open_or_fail(temporary_, O_WRONLY | O_CREAT | O_EXCL);
    return;
  }
  remove_abandoned(target_, slot - 1);
}

PendingFile::~PendingFile() {
  std::error_code ignored;
  if (!committed_) fs::remove(temporary_, ignored);
}

void PendingFile::commit() {
  sync(temporary_, O_RDONLY);
  wait_if_job_is_lost();
  std::error_code error;
  fs::rename(temporary_, target_, error);
  if (error) fail("rename " + temporary_.string() + " to " + target_.string(), error.message());
  committed_ = true;
  sync(target_.has_parent_path() ? target_.parent_path() : fs::path("."), O_RDONLY | O_DIRECTORY);
}

bool is_there(const fs::path& path) { return fs::exists(status_of(path)); }
bool is_file(const fs::path& path) { return fs::is_regular_file(status_of(path)); }
bool is_folder(const fs::path& path) { return fs::is_directory(status_of(path)); }

Descriptor open_input(const fs::path& path, std::int64_t* size) {
  // O_NONBLOCK: opening a FIFO would wait for its writer.
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  const int reason = errno;
  struct stat status {};
  if (descriptor.empty()) {
    require_input(::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode), path.string() + ": not a file");
    require_input(reason != ENOENT, path.string() + ": no such file");
    throw InputError(path.string() + ": cannot be opened: " + std::strerror(reason));
  }
  if (::fstat(descriptor.get(), &status) != 0) fail("stat " + path.string(), std::strerror(errno));
  require_input(S_ISREG(status.st_mode), path.string() + ": not a file");
  if (size != nullptr) *size = status.st_size;
  return descriptor;
}

std::string read_file(const fs::path& path) {
  std::int64_t size = 0;
  const Descriptor in = open_input(path, &size);
  require_input(size <= kMostBytes,
                fmt::format("{}: has {} bytes, expected at most {}", path.string(), size, kMostBytes));
  std::string content;
  std::size_t have = 0;
  // One byte more than the file's length shows its end; files in /proc report no length.
  for (content.resize(static_cast<std::size_t>(size) + 1); true; content.resize(std::max(2 * have, kLeastBuffer))) {
    have += read_all(in, content, have, path);
    if (have < content.size()) break;
  }
  content.resize(have);
  return content;
}

void write_file(const fs::path& path, std::string_view content, const FileCheck& check) {
  PendingFile pending(path);
  {
    const Descriptor out = open_or_fail(pending.path(), O_WRONLY | O_CREAT | O_TRUNC);
    write_all(out, content, pending.path());
  }
  if (check) check(pending.path());
  pending.commit();
}

void append_line(const fs::path& path, std::string_view line) {
  wait_if_job_is_lost();
  const Descriptor out = open_or_fail(path, O_WRONLY | O_CREAT | O_APPEND);
  write_all(out, std::string(line) + "\n", path);
  if (::fsync(out.get()) != 0) fail("fsync " + path.string(), std::strerror(errno));
}

void cut_half_line(const fs::path& path) {
  constexpr std::uintmax_t kPiece = 4096;
  std::error_code missing;
  const std::uintmax_t size = fs::file_size(path, missing);
  if (missing || size == 0) return;
  std::ifstream in(path, std::ios::binary);
  std::string piece;
  std::uintmax_t begin = size;  // position of the piece
  std::size_t newline = std::string::npos;
  while (newline == std::string::npos && begin > 0) {
    const std::uintmax_t end = begin;
    begin -= std::min(kPiece, end);
    piece.resize(end - begin);
    in.seekg(static_cast<std::streamoff>(begin));
    if (!in.read(piece.data(), static_cast<std::streamsize>(piece.size()))) fail("read " + path.string(), "its end");
    newline = piece.rfind('\n');
  }
  const std::uintmax_t whole = newline == std::string::npos ? 0 : begin + newline + 1;
  if (whole == size) return;
  std::error_code error;
  fs::resize_file(path, whole, error);
  if (error) fail("cut half a line off " + path.string(), error.message());
}

void require_writable_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  const bool is_blocked = !error || error == std::errc::not_a_directory;
  require_input(fs::is_directory(folder), folder.string() + ": cannot be made a folder: " +
                                              (is_blocked ? "a file is in the way" : error.message()) +
                                              ": choose another one, where you may write");
  const fs::path probe = folder / fmt::format(".orrery-probe-{}", ::getpid());
  const Descriptor descriptor(::open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  const int reason = errno;
  require_input(!descriptor.empty(), folder.string() + ": no file can be written here: " + std::strerror(reason) +
                                         ": choose another folder, or ask for the right to write");
  ::unlink(probe.c_str());
}

}  // namespace orrery
