#include "told_place.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/parallel/peer_links.h"

namespace {

std::mutex mutex;                   // of `last`
constinit orrery::PeerPacket last;  // that was sent whole

}  // namespace

extern "C" ssize_t send(int socket, const void* data, size_t size, int flags) {
  const auto sent = static_cast<ssize_t>(::syscall(SYS_sendto, socket, data, size, flags, nullptr, 0));
  if (size == sizeof last && sent == static_cast<ssize_t>(size)) {
    const std::lock_guard lock(mutex);
    std::memcpy(&last, data, size);
  }
  return sent;
}

namespace orrery {

void wait_until_told(std::string_view place) {
  const auto is_told = [place] {
    const std::lock_guard lock(mutex);
    return last.word == PeerWord::Sign && last.place.data() == place;
  };
  while (!is_told()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace orrery
