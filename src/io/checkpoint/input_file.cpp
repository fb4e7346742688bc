#include "io/checkpoint/input_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/core/error.h"
#include "base/core/file.h"

namespace orrery {

InputFile::InputFile(std::filesystem::path path) : path_(std::move(path)), file_(open_input(path_, &size_)) {}

void InputFile::read(Range bytes, std::byte* into, const std::string& what) const {
  while (bytes.size > 0) {
    const ssize_t count = ::pread(file_.get(), into, static_cast<std::size_t>(bytes.size), bytes.begin);
    if (count < 0 && errno == EINTR) continue;
    const auto place = [&] { return path_.string() + ": " + what + ": "; };
    if (count < 0) fail(fmt::format("{}reading byte {}", place(), bytes.begin), std::strerror(errno));
    require_input(count > 0, fmt::format("{}the file ends at byte {}, but it had more when it was opened: truncated?",
                                         place(), bytes.begin));
    into += count;
    bytes = {bytes.begin + count, bytes.size - count};
  }
}

void InputFile::will_need(Range bytes) const noexcept {
  ::posix_fadvise(file_.get(), bytes.begin, bytes.size, POSIX_FADV_WILLNEED);
}

void InputFile::drop_from_cache() const noexcept { ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_DONTNEED); }

}  // namespace orrery
