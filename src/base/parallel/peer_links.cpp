#include "base/parallel/peer_links.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace orrery {
namespace {

constexpr std::size_t kPacket = sizeof(PeerPacket);

bool try_again() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

PeerPacket packet_of(const RankSign& sign) {
  PeerPacket packet;
  packet.progress = sign.progress;
  packet.longest_step = sign.longest_step;
  packet.meeting = sign.meeting;
  packet.stepping = sign.stepping;
  sign.host.copy(packet.host.data(), packet.host.size() - 1);
  sign.place.copy(packet.place.data(), packet.place.size() - 1);
  return packet;
}

RankSign sign_of(const PeerPacket& packet) {
  RankSign sign;
  sign.progress = packet.progress;
  sign.longest_step = packet.longest_step;
  sign.meeting = packet.meeting;
  sign.stepping = packet.stepping;
  sign.host = packet.host.data();
  sign.place = packet.place.data();
  return sign;
}

PeerLinks::PeerLinks(PeerSockets sockets) : waker_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  for (Descriptor& socket : sockets.of_rank) links_.push_back({std::move(socket), "", ""});
}

void PeerLinks::send(const PeerPacket& packet) {
  const std::lock_guard lock(mutex_);
  for (Link& link : links_) {
    if (link.socket.empty()) continue;
    flush(link);
    if (packet.word == PeerWord::Sign && !link.unsent.empty()) continue;
    link.unsent.append(reinterpret_cast<const char*>(&packet), kPacket);
    flush(link);
  }
}

void PeerLinks::flush(Link& link) {
  while (!link.unsent.empty()) {
    const ssize_t sent = ::send(link.socket.get(), link.unsent.data(), link.unsent.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the rest is sent later; receive() notices a closed connection
    link.unsent.erase(0, static_cast<std::size_t>(sent));
  }
}

bool PeerLinks::fill(Link& link) {
  std::array<char, 16 * kPacket> bytes{};
  while (true) {
    const ssize_t got = ::recv(link.socket.get(), bytes.data(), bytes.size(), 0);
    if (got <= 0) return got < 0 && try_again();
    link.received.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

void PeerLinks::take(int rank, std::vector<PeerEvent>& events) {
  Link& link = links_[static_cast<std::size_t>(rank)];
  const bool open = fill(link);
  std::size_t begin = 0;
  for (; link.received.size() - begin >= kPacket; begin += kPacket) {
    std::memcpy(&events.emplace_back(PeerEvent{rank, PeerPacket()}).packet.value(), link.received.data() + begin,
                kPacket);
  }
  link.received.erase(0, begin);
  if (open) return;
  link.socket.reset();
  events.push_back({rank, std::nullopt});
}

std::vector<PeerEvent> PeerLinks::receive(std::chrono::milliseconds patience) {
  std::vector<pollfd> polls{{waker_.get(), POLLIN, 0}};
  std::vector<int> ranks{-1};
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t rank = 0; rank < links_.size(); ++rank) {
      if (links_[rank].socket.empty()) continue;
      polls.push_back({links_[rank].socket.get(), POLLIN, 0});
      ranks.push_back(static_cast<int>(rank));
    }
  }
  std::vector<PeerEvent> events;
  if (::poll(polls.data(), polls.size(), static_cast<int>(patience.count())) <= 0) return events;
  eventfd_t woken = 0;
  ::eventfd_read(waker_.get(), &woken);  // so that the next call waits
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 1; i < polls.size(); ++i) {
    if (polls[i].revents != 0) take(ranks[i], events);
  }
  return events;
}

void PeerLinks::wake() { ::eventfd_write(waker_.get(), 1); }

bool PeerLinks::any() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(links_.begin(), links_.end(), [](const Link& link) { return !link.socket.empty(); });
}

void PeerLinks::leave_open() {
  const std::lock_guard lock(mutex_);
  for (Link& link : links_) link.socket.release();
}

}  // namespace orrery
