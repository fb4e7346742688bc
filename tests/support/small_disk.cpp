#include "support/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "base/core/handle.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

std::string said(const std::string& what) { return what + ": " + std::strerror(errno); }

void write_text(const char* file, const std::string& text) { std::ofstream(file) << text; }

// Root of a user namespace is who was there before; everyone else needs one to mount anything.
std::string enter_namespace() {
  const auto user = std::to_string(::getuid());
  const auto group = std::to_string(::getgid());
  if (::unshare(CLONE_NEWNS) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return said("unshare");
    write_text("/proc/self/setgroups", "deny");
    write_text("/proc/self/uid_map", user + " " + user + " 1");
    write_text("/proc/self/gid_map", group + " " + group + " 1");
  }
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return said("make mounts private");
  return "";
}

}  // namespace

std::string SmallDisk::why_none() {
  static const std::string reason = enter_namespace();
  return reason;
}

SmallDisk::SmallDisk(fs::path folder, std::int64_t bytes, std::int64_t files) : folder_(std::move(folder)) {
  require(why_none().empty(), "no small disk: " + why_none());
  fs::create_directories(folder_);
  std::string size = "size=" + std::to_string(bytes);
  if (files > 0) size += ",nr_inodes=" + std::to_string(files);
  if (::mount("tmpfs", folder_.c_str(), "tmpfs", 0, size.c_str()) != 0)
    fail("mount a small disk", std::strerror(errno));
}

SmallDisk::~SmallDisk() { ::umount2(folder_.c_str(), MNT_DETACH); }

void SmallDisk::fill() const {
  const Descriptor file(::open((folder_ / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  for (std::size_t size = 1 << 16; size > 0;) {
    if (::write(file.get(), std::vector<char>(size).data(), size) < 0) size /= 2;
  }
}

void SmallDisk::free_up() const { fs::remove(folder_ / "filler"); }

}  // namespace orrery
