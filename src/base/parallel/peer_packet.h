#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "base/parallel/rank_watch.h"

namespace orrery {

enum class PeerWord : std::int32_t {
  Sign,      // how the rank is
  Farewell,  // it is done, and its process ends
  Ending,    // it ends the job with `code`, and says why by itself
  Lost       // it has told the user that the job is lost: all end with `code`
};

// What ranks send each other, as bytes: all run the same program on the same kind of host.
struct PeerPacket {
  PeerWord word = PeerWord::Sign;
  std::int32_t code = 0;
  std::uint64_t progress = 0;
  double longest_step = 0;
  bool meeting = false;
  bool stepping = false;
  std::array<char, 64> host{};    // ends with a zero, cut if need be
  std::array<char, 174> place{};  // likewise
};
static_assert(std::is_trivially_copyable_v<PeerPacket>);

PeerPacket packet_of(const RankSign& sign);
RankSign sign_of(const PeerPacket& packet);

}  // namespace orrery
