#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "media/media_input.h"
#include "media/still.h"

namespace orrery {
namespace {

[[noreturn]] void refuse(const std::string& reason) {
  throw InputError("damaged, cut short or too large: " + reason + "; expected a whole picture of at most " +
                   std::to_string(kMostPixels) + " pixels");
}

void check(int status) {
  if (status < 0) refuse(ffmpeg::reason(status));
}

ffmpeg::Packet packet_of(const std::string& bytes) {
  ffmpeg::Packet packet(ffmpeg::check(av_packet_alloc(), "make a packet"));
  ffmpeg::check(av_new_packet(packet.get(), static_cast<int>(bytes.size())), "make a packet");
  std::copy(bytes.begin(), bytes.end(), packet->data);
  return packet;
}

}  // namespace

Still decode_still(AVCodecID id, const std::string& bytes) {
  ffmpeg::capture_log();
  ffmpeg::take_log_line();
  const ffmpeg::Codec codec = make_decoder(id);
  check(avcodec_open2(codec.get(), nullptr, nullptr));
  const ffmpeg::Packet packet = packet_of(bytes);
  check(avcodec_send_packet(codec.get(), packet.get()));
  check(avcodec_send_packet(codec.get(), nullptr));
  Still still;
  still.frame.reset(ffmpeg::check(av_frame_alloc(), "make a picture"));
  check(avcodec_receive_frame(codec.get(), still.frame.get()));
  // Some decoders report damage in the log alone and return what they have.
  const std::string complaint = ffmpeg::take_log_line();
  if (!complaint.empty() || still.frame->decode_error_flags != 0) refuse(complaint);
  return still;
}

}  // namespace orrery
