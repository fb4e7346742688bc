#pragma once

#include <cstddef>
#include <functional>

namespace orrery {

// What a thread gets at least: encoders and LibTorch's kernels need more than some `ulimit -s` leaves.
constexpr std::size_t kStackBytes = std::size_t{8} << 20;

// Gives every thread that is started from now on at least kStackBytes, and runs `work`, which must not throw: in a
// thread of its own where this one's stack is limited to less. Returns what `work` returns.
int with_enough_stack(const std::function<int()>& work);

}  // namespace orrery
