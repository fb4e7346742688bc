#include "support/heap_peak.h"

#include <malloc.h>

#include <atomic>
#include <cerrno>
#include <cstddef>

// glibc's own, under the names that stay free when a program defines malloc.
extern "C" {
void* __libc_malloc(std::size_t size);                           // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(std::size_t count, std::size_t size);        // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void* block, std::size_t size);             // NOLINT(bugprone-reserved-identifier)
void* __libc_memalign(std::size_t alignment, std::size_t size);  // NOLINT(bugprone-reserved-identifier)
void __libc_free(void* block);                                   // NOLINT(bugprone-reserved-identifier)
}

namespace {

std::atomic<std::int64_t> held{0};
std::atomic<std::int64_t> most_held{0};
std::atomic<std::int64_t> handed_out{0};

void* counted(void* block) {
  const auto size = static_cast<std::int64_t>(::malloc_usable_size(block));
  handed_out += size;
  const std::int64_t now = held += size;
  std::int64_t most = most_held;
  while (now > most && !most_held.compare_exchange_weak(most, now)) {
  }
  return block;
}

void uncount(void* block) { held -= static_cast<std::int64_t>(::malloc_usable_size(block)); }

}  // namespace

extern "C" {

void* malloc(std::size_t size) { return counted(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) { return counted(__libc_calloc(count, size)); }
void* memalign(std::size_t alignment, std::size_t size) { return counted(__libc_memalign(alignment, size)); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return counted(__libc_memalign(alignment, size)); }

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  *block = counted(__libc_memalign(alignment, size));
  return *block == nullptr ? ENOMEM : 0;
}

// While a block moves, the old and the new one are held.
void* realloc(void* block, std::size_t size) {
  const auto before = static_cast<std::int64_t>(::malloc_usable_size(block));
  void* const moved = __libc_realloc(block, size);
  if (moved == nullptr && size > 0) return nullptr;
  counted(moved);
  held -= before;
  return moved;
}

void free(void* block) {
  uncount(block);
  __libc_free(block);
}

}  // extern "C"

namespace orrery {

HeapPeak::HeapPeak() {
  held = 0;
  most_held = 0;
  handed_out = 0;
}

std::int64_t HeapPeak::bytes() const { return most_held; }
std::int64_t HeapPeak::allocated() const { return handed_out; }

}  // namespace orrery
