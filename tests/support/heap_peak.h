#pragma once

#include <cstdint>

namespace orrery {

// Counts the bytes that the heap holds beyond those at its construction, of all threads and libraries: programs that
// link orrery_heap_peak have its malloc. One at a time.
class HeapPeak {
 public:
  HeapPeak();
  std::int64_t bytes() const;      // the most that were held
  std::int64_t allocated() const;  // the sum of all that were asked for, freed or not
};

}  // namespace orrery
