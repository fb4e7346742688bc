#pragma once

#include <string>
#include <vector>

#include "base/core/descriptor.h"
#include "base/parallel/comm.h"

namespace orrery {

// A TCP connection to every other rank. The kernel closes them when a process ends, however it ends.
struct PeerSockets {
  std::vector<Descriptor> of_rank;  // non-blocking; empty for this rank itself, and everywhere when there is a problem
  std::string problem;              // why some ranks cannot reach each other, the same on every rank; empty: they can
};

// Connects all pairs of ranks over the loopback or whatever network leads from one to the other; takes ten seconds
// where none does. Strangers that find the port are turned away. Collective.
PeerSockets connect_peers(const Comm& world);

}  // namespace orrery
