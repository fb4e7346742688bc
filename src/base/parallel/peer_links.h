#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/core/handle.h"
#include "base/parallel/comm.h"
#include "base/parallel/rank_watch.h"

namespace orrery {

// A TCP connection to every other rank. The kernel closes them when a process ends, however it ends.
struct PeerSockets {
  std::vector<Descriptor> of_rank;  // non-blocking; empty for this rank itself, and everywhere when there is a problem
  std::string problem;              // why some ranks cannot reach each other, the same on every rank; empty: they can
};

// Connects all pairs of ranks over the loopback or any network that joins their hosts. Gives up after ten seconds.
// Connections from other programs are closed. Collective.
PeerSockets connect_peers(const Comm& world);

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

// What came from a rank: a packet, or the end of its connection.
struct PeerEvent {
  int rank = 0;
  std::optional<PeerPacket> packet;  // none: the connection has ended, and with it the process
};

// Packets between this rank and all others. Nothing here waits for a peer that does not read.
class PeerLinks {
 public:
  explicit PeerLinks(PeerSockets sockets);

  // To all ranks that are still there. A rank that does not read misses signs, but nothing else. Any thread.
  void send(const PeerPacket& packet);
  // What has come, or comes within `patience`. One thread at a time.
  std::vector<PeerEvent> receive(std::chrono::milliseconds patience);
  // Ends a receive() at once, the one under way or the next. Any thread.
  void wake();
  // Whether any other rank's process is there. Any thread.
  bool any() const;
  // The connections then live as long as the process. After the last receive().
  void leave_open();

 private:
  struct Link {
    Descriptor socket;  // empty: there is none, or it has ended
    std::string unsent;
    std::string received;
  };
  static void flush(Link& link);
  // False at the connection's end.
  static bool fill(Link& link);
  void take(int rank, std::vector<PeerEvent>& events);

  mutable std::mutex mutex_;  // of links_
  std::vector<Link> links_;   // a rank each
  Descriptor waker_;
};

}  // namespace orrery
