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

// Connects all pairs of ranks over the loopback or any network that connects their hosts. Gives up after ten seconds.
// Connections from other programs are closed. Collective.
PeerSockets connect_peers(const Comm& world);

enum class PeerWord : std::int32_t {
  Sign,      // the rank's state (RankSign)
  Farewell,  // the rank is done, and its process ends
  Ending,    // the rank ends the job with `code` and prints why
  Lost       // the rank has printed that the job is lost: all ranks end with `code`
};

// The message between ranks, sent as raw bytes: all ranks run the same program on the same kind of host.
struct PeerPacket {
  PeerWord word = PeerWord::Sign;
  std::int32_t code = 0;
  std::uint64_t progress = 0;
  double longest_step = 0;
  bool meeting = false;
  bool stepping = false;
  std::array<char, 64> host{};    // zero-terminated, truncated if too long
  std::array<char, 174> place{};  // zero-terminated, truncated if too long
};
static_assert(std::is_trivially_copyable_v<PeerPacket>);

PeerPacket packet_of(const RankSign& sign);
RankSign sign_of(const PeerPacket& packet);

// What was received from a rank: a packet, or the end of its connection.
struct PeerEvent {
  int rank = 0;
  std::optional<PeerPacket> packet;  // none: the connection has ended, and with it the process
};

// Exchanges packets between this rank and all other ranks. No function waits for a peer that does not read.
class PeerLinks {
 public:
  explicit PeerLinks(PeerSockets sockets);

  // Sends to all ranks that are still there. A rank that does not read misses packets of type Sign, but no others. Any
  // thread may call it.
  void send(const PeerPacket& packet);
  // Returns what has arrived, or waits up to `patience` for something. One thread at a time.
  std::vector<PeerEvent> receive(std::chrono::milliseconds patience);
  // Ends the receive() under way, or else the next one, at once. Any thread may call it.
  void wake();
  // Whether the process of any other rank is still there. Any thread may call it.
  bool any() const;
  // Leaves the connections open until the process ends. Call it after the last receive().
  void leave_open();

 private:
  struct Link {
    Descriptor socket;  // empty: no connection, or it has ended
    std::string unsent;
    std::string received;
  };
  static void flush(Link& link);
  // False at the connection's end.
  static bool fill(Link& link);
  void take(int rank, std::vector<PeerEvent>& events);

  mutable std::mutex mutex_;  // guards links_
  std::vector<Link> links_;   // one for each rank
  Descriptor waker_;
};

}  // namespace orrery
