#include "checkpoint/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/handle.h"

namespace orrery {
namespace {

struct DescriptorTraits {
  using type = int;
  static type null() noexcept { return -1; }
  static void close(type descriptor) noexcept { ::close(descriptor); }
};

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const UniqueHandle<DescriptorTraits> file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.empty()) throw InputError(path.string() + ": cannot be opened: " + std::strerror(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail("stat " + path.string(), std::strerror(errno));
  require_input(S_ISREG(status.st_mode), path.string() + ": not a file");
  size_ = status.st_size;
  if (size_ == 0) return;  // mmap refuses an empty range
  const auto length = static_cast<std::size_t>(size_);
  void* const start = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, file.get(), 0);
  if (start == MAP_FAILED) fail("map " + path.string(), std::strerror(errno));
  bytes_ = {static_cast<const std::byte*>(start), Unmap{length}};
}

void MappedFile::Unmap::operator()(const std::byte* data) const noexcept {
  ::munmap(const_cast<std::byte*>(data), size);
}

void MappedFile::prefetch(Range bytes) const noexcept { advise(bytes, MADV_WILLNEED); }
void MappedFile::release(Range bytes) const noexcept { advise(bytes, MADV_DONTNEED); }

// Advice only: where the kernel declines, reading still works. The range grows to whole pages; dropping a neighbour's
// page costs a minor fault at most.
void MappedFile::advise(Range bytes, int advice) const noexcept {
  const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  const std::int64_t begin = bytes.begin / page * page;
  const std::int64_t end = std::min(bytes.end(), size_);
  if (begin >= end) return;
  ::madvise(const_cast<std::byte*>(data() + begin), static_cast<std::size_t>(end - begin), advice);
}

}  // namespace orrery
