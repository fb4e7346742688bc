#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "base/core/error.h"
#include "io/media/media_input.h"
#include "io/media/still.h"

namespace orrery {
namespace {

[[noreturn]] void refuse(const std::string& reason) {
  throw InputError(fmt::format("damaged, cut short or too large: {}; expected a whole picture of at most {} pixels",
                               reason, kMostPixels));
}

void check(int status) {
  if (status < 0) refuse(ffmpeg::reason(status));
}

void delete_text(void* text, std::uint8_t*) { delete static_cast<std::string*>(text); }

// Takes the bytes over: a copy beside the decoded picture could double what reading it takes.
ffmpeg::Packet packet_of(std::string bytes) {
  ffmpeg::Packet packet(ffmpeg::check(av_packet_alloc(), "make a packet"));
  const std::size_t size = bytes.size();
  bytes.reserve(size + AV_INPUT_BUFFER_PADDING_SIZE);
  bytes.append(AV_INPUT_BUFFER_PADDING_SIZE, '\0');
  auto kept = std::make_unique<std::string>(std::move(bytes));
  auto* const data = reinterpret_cast<std::uint8_t*>(kept->data());
  packet->buf = ffmpeg::check(av_buffer_create(data, kept->size(), delete_text, kept.get(), 0), "make a packet");
  kept.release();  // NOLINT(bugprone-unused-return-value): delete_text has it
  packet->data = data;
  packet->size = static_cast<int>(size);
  return packet;
}

}  // namespace

Still decode_still(AVCodecID id, std::string bytes) {
  ffmpeg::set_up();
  ffmpeg::take_log_line();
  const ffmpeg::Codec codec = make_decoder(id);
  check(avcodec_open2(codec.get(), nullptr, nullptr));
  const ffmpeg::Packet packet = packet_of(std::move(bytes));
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
