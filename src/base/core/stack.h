#pragma once

#include <cstddef>
#include <functional>

namespace orrery {

// The least stack of a thread: encoders and LibTorch's kernels need more than a low `ulimit -s` allows.
constexpr std::size_t kStackBytes = std::size_t{8} << 20;

// Gives every thread that is started from now on a stack of at least kStackBytes. Then runs `work`, which must not
// throw, in a new thread where this one's stack is limited to less, and returns its result.
int with_enough_stack(const std::function<int()>& work);

}  // namespace orrery
