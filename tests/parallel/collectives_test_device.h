#pragma once

#include <ATen/ATen.h>

namespace orrery {

// Where the checks of collectives_test.cpp run: each program that holds them says so.
at::Device test_device();

}  // namespace orrery
