#pragma once

namespace orrery {

// What Error says where GPU code is called in a program that was built without CUDA.
inline constexpr char kNoCuda[] = "this program was built without CUDA: build it where the CUDA toolkit is found";

}  // namespace orrery
