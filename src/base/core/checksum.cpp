#include "base/core/checksum.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <fstream>
#include <memory>
#include <vector>

#include "base/core/error.h"

namespace orrery {
namespace {

struct FreeState {
  void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
};

std::string digits_of(const XXH128_hash_t& hash) { return fmt::format("{:016x}{:016x}", hash.high64, hash.low64); }

}  // namespace

std::string checksum(const void* data, std::size_t bytes) { return digits_of(XXH3_128bits(data, bytes)); }

std::string file_checksum(const std::filesystem::path& path) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  std::error_code ignored;
  require_input(std::filesystem::is_regular_file(path, ignored), path.string() + ": not a file that can be read");
  std::ifstream in(path, std::ios::binary);
  const std::unique_ptr<XXH3_state_t, FreeState> state(XXH3_createState());
  require(state != nullptr && XXH3_128bits_reset(state.get()) == XXH_OK, "out of memory for a checksum");
  std::vector<char> piece(kPiece);
  while (in.read(piece.data(), kPiece) || in.gcount() > 0) {
    XXH3_128bits_update(state.get(), piece.data(), static_cast<std::size_t>(in.gcount()));
  }
  require_input(in.eof() && !in.bad(), path.string() + ": cannot be read to its end");
  return digits_of(XXH3_128bits_digest(state.get()));
}

}  // namespace orrery
