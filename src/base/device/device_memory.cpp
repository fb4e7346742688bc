#include "base/device/device_memory.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <string_view>

#include "base/device/gpu.h"

namespace orrery {
namespace {

// Allocates a tensor, since the allocator does not know a device before its first one.
void wake_allocator(at::Device device) { at::empty({1}, at::TensorOptions(device).dtype(at::kByte)); }

}  // namespace

std::optional<std::int64_t> free_memory(at::Device device, int sharers) {
  if (!device.is_cuda()) return std::nullopt;
  wake_allocator(device);
  return free_gpu_bytes(device.index(), sharers);
}

bool can_allocate(at::Device device, std::int64_t bytes) {
  if (!device.is_cuda()) return true;
  try {
    at::empty({bytes}, at::TensorOptions(device).dtype(at::kByte));
    release_unused_gpu_memory();
    return true;
  } catch (const c10::OutOfMemoryError&) {
    return false;
  }
}

void release_unused_memory(at::Device device) {
  if (!device.is_cuda()) return;
  wake_allocator(device);
  release_unused_gpu_memory();
}

std::optional<std::int64_t> peak_memory(at::Device device) {
  if (!device.is_cuda()) return std::nullopt;
  wake_allocator(device);
  return peak_gpu_bytes(device.index());
}

void reset_peak_memory(at::Device device) {
  if (!device.is_cuda()) return;
  wake_allocator(device);
  reset_peak_gpu_bytes(device.index());
}

void finish_work(at::Device device) {
  if (device.is_cuda()) synchronize_gpu();
}

std::string out_of_memory_message(const std::string& said) {
  constexpr std::string_view kBegin = "Tried to allocate ", kEnd = " is free.";
  const std::size_t begin = std::min(said.find(kBegin), said.size());
  const std::size_t end = said.find(kEnd, begin);
  const std::size_t size = end == std::string::npos ? end : end + kEnd.size() - begin;
  const std::string facts = begin == said.size() ? said.substr(0, said.find('\n')) : said.substr(begin, size);
  return "out of GPU memory: " + facts + " To need less, " + memory_advice();
}

const char* memory_advice() {
  return "use more GPUs for a clip (tp), release the text tower, fewer frames or fewer pixels";
}

}  // namespace orrery
