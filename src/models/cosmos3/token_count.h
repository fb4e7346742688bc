#pragma once

#include <cstdint>
#include <span>

namespace orrery {

// Tokens of one time step of a stream. `picture`: rows and columns of its latent cells, which become 2×2 patches; odd
// sides are padded. Empty: a stream without pictures, whose time step is one token.
constexpr std::int64_t step_tokens(std::span<const std::int64_t> picture) {
  std::int64_t tokens = 1;
  for (const std::int64_t side : picture) tokens *= (side + 1) / 2;
  return tokens;
}

}  // namespace orrery
