#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <sstream>
#include <utility>

#include "base/core/host.h"
#include "base/parallel/peer_links.h"

namespace orrery {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience(10);  // for all connections of a rank
constexpr std::chrono::seconds kTry(2);        // for one address, or one unknown caller

// The first message of both ends of a connection.
struct Greeting {
  std::uint64_t token = 0;  // of the job
  std::int64_t rank = 0;
};

// Where a rank can be reached. Sent as text: words separated by blanks.
struct Address {
  std::string host;
  int port = 0;
  std::vector<std::string> networks;  // IPv4, without the loopback
};

std::string text_of(const Address& address) {
  std::string text = fmt::format("{} {}", address.host, address.port);
  for (const std::string& network : address.networks) text += " " + network;
  return text;
}

Address address_of(const std::string& text) {
  std::istringstream words(text);
  Address address;
  words >> address.host >> address.port;
  for (std::string network; words >> network;) address.networks.push_back(network);
  return address;
}

std::vector<std::string> own_networks() {
  std::vector<std::string> networks;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return networks;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(all, ::freeifaddrs);
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    const bool up = (one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_LOOPBACK) == 0;
    if (!up || one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    sockaddr_in address{};
    std::memcpy(&address, one->ifa_addr, sizeof address);
    std::array<char, INET_ADDRSTRLEN> text{};
    if (::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size()) != nullptr)
      networks.emplace_back(text.data());
  }
  return networks;
}

// The addresses to try, the likeliest first. The loopback is always one of them: two host names may mean one host.
std::vector<std::string> ways_to(const Address& address, const std::string& own_host) {
  std::vector<std::string> ways = address.networks;
  ways.insert(address.host == own_host ? ways.begin() : ways.end(), "127.0.0.1");
  return ways;
}

Descriptor make_socket() {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int yes = 1;
  if (!socket.empty()) ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return socket;
}

bool wait_for(int socket, short events, Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  pollfd poll{socket, events, 0};
  return left.count() > 0 && ::poll(&poll, 1, static_cast<int>(left.count())) > 0;
}

bool send_greeting(int socket, const Greeting& greeting) {
  return ::send(socket, &greeting, sizeof greeting, MSG_NOSIGNAL) == ssize_t{sizeof greeting};
}

// A greeting is so short that its bytes arrive together.
bool receive_greeting(int socket, Greeting& greeting, Clock::time_point deadline) {
  return wait_for(socket, POLLIN, deadline) &&
         ::recv(socket, &greeting, sizeof greeting, MSG_WAITALL) == ssize_t{sizeof greeting};
}

// A connection on which rank `to` has answered; empty when it did not.
Descriptor try_way(const std::string& way, int port, const Greeting& mine, std::int64_t to,
                   Clock::time_point deadline) {
  Descriptor socket = make_socket();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (socket.empty() || ::inet_pton(AF_INET, way.c_str(), &address.sin_addr) != 1) return {};
  const int code = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (code != 0 && errno != EINPROGRESS) return {};
  if (!wait_for(socket.get(), POLLOUT, std::min(deadline, Clock::now() + kTry))) return {};
  Greeting theirs;
  if (!send_greeting(socket.get(), mine) || !receive_greeting(socket.get(), theirs, deadline)) return {};
  return theirs.token == mine.token && theirs.rank == to ? std::move(socket) : Descriptor();
}

// Listens on a port of the kernel's choice.
class Door {
 public:
  Door() : socket_(make_socket()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    const bool open = !socket_.empty() && ::bind(socket_.get(), any, size) == 0 &&
                      ::listen(socket_.get(), SOMAXCONN) == 0 && ::getsockname(socket_.get(), any, &size) == 0;
    if (open) port_ = ntohs(address.sin_port);
  }

  int port() const { return port_; }  // 0: no port could be opened

  // The next caller with this job's token, and its rank; an empty descriptor when none comes in time.
  std::pair<Descriptor, std::int64_t> next(const Greeting& mine, Clock::time_point deadline) const {
    while (port_ != 0 && wait_for(socket_.get(), POLLIN, deadline)) {
      Descriptor caller(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      Greeting theirs;
      if (caller.empty() || !receive_greeting(caller.get(), theirs, std::min(deadline, Clock::now() + kTry))) continue;
      const int yes = 1;
      ::setsockopt(caller.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      if (theirs.token == mine.token && send_greeting(caller.get(), mine)) return {std::move(caller), theirs.rank};
    }
    return {};
  }

 private:
  Descriptor socket_;
  int port_ = 0;
};

std::uint64_t share_token(const Comm& world) {
  std::random_device device;
  const std::uint64_t token = std::uint64_t{device()} << 32 | device();
  return std::stoull(world.broadcast(std::to_string(token)));
}

std::vector<Address> share_addresses(const Comm& world, const Address& mine) {
  std::vector<Address> all;
  for (int rank = 0; rank < world.shard().size; ++rank) {
    all.push_back(address_of(world.broadcast(text_of(mine), rank)));
  }
  return all;
}

// Connects to the lower ranks in order, then accepts the higher ones: no two ranks wait for each other.
void connect_all(std::vector<Descriptor>& sockets, const std::vector<Address>& all, const Door& door,
                 const Greeting& mine) {
  const auto deadline = Clock::now() + kPatience;
  const std::string own_host = host_name();
  const auto rank = static_cast<std::size_t>(mine.rank);
  for (std::size_t lower = 0; lower < rank; ++lower) {
    for (const std::string& way : ways_to(all[lower], own_host)) {
      if (!sockets[lower].empty()) break;
      sockets[lower] = try_way(way, all[lower].port, mine, static_cast<std::int64_t>(lower), deadline);
    }
  }
  for (std::size_t missing = all.size() - rank - 1; missing > 0; --missing) {
    auto [socket, caller] = door.next(mine, deadline);
    if (socket.empty()) return;
    if (caller > mine.rank && caller < std::ssize(sockets))
      sockets[static_cast<std::size_t>(caller)] = std::move(socket);
  }
}

std::string problem_of(const std::vector<Descriptor>& sockets, const std::vector<Address>& all, std::size_t rank) {
  for (std::size_t other = 0; other < all.size(); ++other) {
    if (other == rank || !sockets[other].empty()) continue;
    const auto name = [&](std::size_t r) { return fmt::format("rank {} on {}", r, all[r].host); };
    return name(rank) + " and " + name(other) + " cannot connect to each other over TCP";
  }
  return "";
}

}  // namespace

PeerSockets connect_peers(const Comm& world) {
  const auto [rank, size] = world.shard();
  PeerSockets peers;
  peers.of_rank.resize(static_cast<std::size_t>(size));
  if (size == 1) return peers;
  const Door door;
  const Greeting mine{share_token(world), rank};
  const std::vector<Address> all = share_addresses(world, {host_name(), door.port(), own_networks()});
  connect_all(peers.of_rank, all, door, mine);
  peers.problem = world.first_problem(problem_of(peers.of_rank, all, static_cast<std::size_t>(rank)));
  if (!peers.problem.empty()) {
    for (Descriptor& socket : peers.of_rank) socket.reset();
  }
  return peers;
}

}  // namespace orrery
