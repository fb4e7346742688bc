#pragma once

#include "base/parallel/comm.h"

namespace orrery {

// All ranks of a test program whose main is mpi_test_main.cpp.
const Comm& mpi_world();

}  // namespace orrery
