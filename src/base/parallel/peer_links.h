#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/core/descriptor.h"
#include "base/parallel/peer_connect.h"
#include "base/parallel/peer_packet.h"

namespace orrery {

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
