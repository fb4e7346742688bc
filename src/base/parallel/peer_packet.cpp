#include "base/parallel/peer_packet.h"

namespace orrery {

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

}  // namespace orrery
