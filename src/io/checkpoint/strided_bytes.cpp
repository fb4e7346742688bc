#include "io/checkpoint/strided_bytes.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace orrery {
namespace {

constexpr std::int64_t kPage = 4096;
constexpr std::int64_t kGathered = std::int64_t{1} << 20;  // read at once, to pick short runs out

// Of whole runs, `first` the first of them.
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

}  // namespace orrery
