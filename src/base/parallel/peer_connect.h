#pragma once

#include <string>
#include <vector>

#include "base/core/handle.h"
#include "base/parallel/comm.h"

namespace orrery {

// A TCP connection to every other rank. The kernel closes them when a process ends, however it ends.
struct PeerSockets {
  std::vector<Descriptor> of_rank;  // non-blocking; empty for this rank itself, and everywhere when there is a problem
  std::string problem;              // why some ranks cannot reach each other, the same on every rank; empty: they can
};

// Connects all pairs of ranks over the loopback or any network that joins their hosts. Gives up after ten seconds.
// Connections from other programs are closed. Collective.
PeerSockets connect_peers(const Comm& world);

}  // namespace orrery
