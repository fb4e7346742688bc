#include "base/parallel/mpi_calls.h"

#include <mpi.h>

#include <array>

#include "base/core/error.h"

namespace orrery {

void check_mpi(int code, std::string_view what, std::source_location at) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  fail(what, {text.data(), static_cast<std::size_t>(length)}, at);
}

}  // namespace orrery
