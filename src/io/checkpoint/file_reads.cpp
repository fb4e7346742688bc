#include "io/checkpoint/file_reads.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/core/error.h"
#include "base/core/file.h"

namespace orrery {
namespace {

constexpr std::int64_t kPage = 4096;
constexpr std::int64_t kGathered = std::int64_t{1} << 20;  // read in one piece, from which short runs are copied out

// Reads `count` whole runs, from run `first` on.
void pick_out(const InputFile& file, const StridedBytes& bytes, std::int64_t first, std::int64_t count, std::byte* into,
              const std::string& what) {
  const std::int64_t at_once = std::max<std::int64_t>(1, kGathered / bytes.stride);
  const auto span = [&](std::int64_t runs) { return (runs - 1) * bytes.stride + bytes.run; };
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(static_cast<std::size_t>(span(at_once)));
  for (std::int64_t done = 0; done < count; done += at_once) {
    const std::int64_t runs = std::min(at_once, count - done);
    file.read({bytes.begin + (first + done) * bytes.stride, span(runs)}, buffer.get(), what);
    for (std::int64_t i = 0; i < runs; ++i, into += bytes.run) {
      std::memcpy(into, buffer.get() + i * bytes.stride, static_cast<std::size_t>(bytes.run));
    }
  }
}

}  // namespace

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

std::int64_t piece_size(const StridedBytes& bytes, std::int64_t largest) {
  return bytes.run <= largest ? largest / bytes.run * bytes.run : largest;
}

void read_packed(const InputFile& file, const StridedBytes& bytes, Range piece, std::byte* into,
                 const std::string& what) {
  const auto in_file = [&](std::int64_t packed) {
    return bytes.begin + packed / bytes.run * bytes.stride + packed % bytes.run;
  };
  const std::int64_t begin = in_file(piece.begin);
  file.will_need({begin, in_file(piece.end() - 1) + 1 - begin});
  const bool gaps = bytes.stride != bytes.run && bytes.count > 1;
  if (!gaps) return file.read({begin, piece.size}, into, what);
  if (bytes.run < kPage) return pick_out(file, bytes, piece.begin / bytes.run, piece.size / bytes.run, into, what);
  for (std::int64_t at = piece.begin; at < piece.end();) {
    const std::int64_t size = std::min(bytes.run - at % bytes.run, piece.end() - at);
    file.read({in_file(at), size}, into, what);
    into += size;
    at += size;
  }
}

ReadThreads::ReadThreads(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
}

ReadThreads::~ReadThreads() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  came_.notify_all();
}

std::future<void> ReadThreads::start(std::function<void()> read) {
  std::packaged_task<void()> task(std::move(read));
  std::future<void> done = task.get_future();
  {
    const std::lock_guard lock(mutex_);
    waiting_.push(std::move(task));
  }
  came_.notify_one();
  return done;
}

void ReadThreads::work() {
  while (true) {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return over_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::packaged_task<void()> task = std::move(waiting_.front());
    waiting_.pop();
    lock.unlock();
    task();
  }
}

}  // namespace orrery
