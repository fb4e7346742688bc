#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <source_location>
#include <string>
#include <string_view>

// Owners of FFmpeg objects, and the one place where its status codes become exceptions. Internal to media/.
namespace orrery::ffmpeg {

struct FreeCodec {
  void operator()(AVCodecContext* context) const noexcept { avcodec_free_context(&context); }
};
struct FreeFrame {
  void operator()(AVFrame* frame) const noexcept { av_frame_free(&frame); }
};
struct FreePacket {
  void operator()(AVPacket* packet) const noexcept { av_packet_free(&packet); }
};
struct FreeScaler {
  void operator()(SwsContext* context) const noexcept { sws_freeContext(context); }
};
struct FreeMuxer {  // closes the output file as well
  void operator()(AVFormatContext* context) const noexcept {
    avio_closep(&context->pb);
    avformat_free_context(context);
  }
};

struct FreeFile {
  void operator()(AVIOContext* file) const noexcept { avio_closep(&file); }
};
struct FreeDemuxer {  // leaves a file that the caller opened
  void operator()(AVFormatContext* context) const noexcept { avformat_close_input(&context); }
};

using Codec = std::unique_ptr<AVCodecContext, FreeCodec>;
using Frame = std::unique_ptr<AVFrame, FreeFrame>;
using Packet = std::unique_ptr<AVPacket, FreePacket>;
using Scaler = std::unique_ptr<SwsContext, FreeScaler>;
using Muxer = std::unique_ptr<AVFormatContext, FreeMuxer>;
using File = std::unique_ptr<AVIOContext, FreeFile>;
using Demuxer = std::unique_ptr<AVFormatContext, FreeDemuxer>;

// Stops FFmpeg from printing: each thread's last error line goes into check()'s exception instead. Also limits a single
// allocation of FFmpeg to 1.1 GB, since its demuxers trust the sizes that files declare.
void set_up();

// The last error line that FFmpeg logged in this thread since it was last taken; empty when there is none.
std::string take_log_line();

// The meaning of a negative status: "reason (FFmpeg's last error line)". Takes the line like take_log_line().
std::string reason(int status);

// A name that FFmpeg gave, or "unknown" for null.
std::string name_of(const char* name);

// Returns `status`; throws Error "WHAT: reason (FFmpeg's last error line)" when it is negative, which means failure.
int check(int status, std::string_view what, std::source_location at = std::source_location::current());

// Returns `pointer`; throws Error (out of memory) when it is null.
template <class T>
T* check(T* pointer, std::string_view what, std::source_location at = std::source_location::current()) {
  if (pointer == nullptr) check(AVERROR(ENOMEM), what, at);
  return pointer;
}

// An io_open callback for demuxers that refuses everything, since playlists and similar formats name other files or
// network addresses.
int refuse_other_files(AVFormatContext* context, AVIOContext** file, const char* url, int flags,
                       AVDictionary** options);

}  // namespace orrery::ffmpeg
