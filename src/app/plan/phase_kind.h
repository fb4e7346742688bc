#pragma once

#include <string_view>

namespace orrery {

// What holds a phase of a step up.
enum class PhaseKind {
  Attention,
  Product,   // of matrices
  Exchange,  // between ranks
  Memory     // everything else: reading and writing
};

// Of a phase by its name in a benchmark's lines, as "out product" or "down product / all-reduce".
PhaseKind kind_of(std::string_view phase);

}  // namespace orrery
