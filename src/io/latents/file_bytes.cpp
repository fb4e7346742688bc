#include "io/latents/file_bytes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/core/error.h"
#include "base/core/file.h"

namespace orrery::hdf5 {
namespace {

// Headers are read twice, and a heap of texts once for each of its texts.
constexpr std::uint64_t kMostTimes = 4;
constexpr std::uint64_t kFreeBytes = std::uint64_t{32} << 20;

}  // namespace

std::uint64_t Block::number(std::size_t bytes) {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const char c : text(bytes)) {
    value |= std::uint64_t{static_cast<unsigned char>(c)} << shift;
    shift += 8;
  }
  return value;
}

std::string_view Block::text(std::size_t bytes) {
  require(bytes <= left(), "ends too early");
  at_ += bytes;
  return std::string_view(bytes_).substr(at_ - bytes, bytes);
}

void Block::require(bool ok, const std::string& found) const {
  if (!ok) throw Error(what_ + ": " + found);
}

FileBytes::FileBytes(const std::filesystem::path& path) {
  std::int64_t size = 0;
  file_ = open_input(path, &size);
  size_ = static_cast<std::uint64_t>(size);
}

Block FileBytes::block(std::uint64_t address, std::uint64_t bytes, const std::string& what) const {
  orrery::require(holds(address, bytes),
                  fmt::format("{}: {} bytes at {} are not in the file, which has {}", what, bytes, address, size_));
  in_blocks_ += bytes;
  orrery::require(in_blocks_ <= kFreeBytes + kMostTimes * size_, what + ": its structures lie over one another");
  std::string content(bytes, '\0');
  read(address, content.size(), content.data());
  return {std::move(content), what};
}

void FileBytes::read(std::uint64_t address, std::size_t bytes, char* into) const {
  while (bytes > 0) {
    const ssize_t count = ::pread(file_.get(), into, bytes, static_cast<off_t>(address));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(fmt::format("read byte {}", address), std::strerror(errno));
    orrery::require(count > 0, "the file has become shorter while it was read");
    into += count;
    address += static_cast<std::uint64_t>(count);
    bytes -= static_cast<std::size_t>(count);
  }
}

}  // namespace orrery::hdf5
