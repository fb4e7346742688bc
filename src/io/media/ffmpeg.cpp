#include "io/media/ffmpeg.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string>
#include <utility>

#include "base/core/error.h"

namespace orrery::ffmpeg {
namespace {

std::string& last_log_line() {
  thread_local std::string line;
  return line;
}

void keep_errors(void*, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR) return;
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  std::string& line = last_log_line();
  line = text.data();
  line.erase(line.find_last_not_of('\n') + 1);
}

}  // namespace

void set_up() {
  constexpr std::size_t kMostAtOnce = std::size_t{17} << 26;  // 2^26 pixels (media_input.h) of 16 bytes, and a margin
  av_log_set_callback(keep_errors);
  av_max_alloc(kMostAtOnce);
}

std::string take_log_line() { return std::exchange(last_log_line(), {}); }

std::string reason(int status) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(status, text.data(), text.size());
  const std::string line = take_log_line();
  return line.empty() ? text.data() : text.data() + (" (" + line + ")");
}

std::string name_of(const char* name) { return name == nullptr ? "unknown" : name; }

int check(int status, std::string_view what, std::source_location at) {
  if (status >= 0) return status;
  fail(what, reason(status), at);
}

int refuse_other_files(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EPERM); }

}  // namespace orrery::ffmpeg
