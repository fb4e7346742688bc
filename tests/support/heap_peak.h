#pragma once

#include <cstdint>

namespace orrery {

// Counts the bytes that the heap holds beyond those at its construction, of all threads and libraries: programs that
// link orrery_heap_peak have its malloc. One at a time.
class HeapPeak {
 public:
  HeapPeak();
  std::int64_t bytes() const;  // the most that were held
};

}  // namespace orrery
