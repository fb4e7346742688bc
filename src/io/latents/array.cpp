#include "io/latents/array.h"

#include <fmt/format.h>

namespace orrery {

std::string shape_text(const std::vector<std::int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

}  // namespace orrery
