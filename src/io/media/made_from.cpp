#include "io/media/made_from.h"

extern "C" {
#include <libavutil/crc.h>
}

#include <fstream>
#include <system_error>

#include "io/media/ffmpeg.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigits = 32;
constexpr std::size_t kHead = 256;  // bytes that contain the mark, except in an mp4

// The type and keyword of a PNG text chunk, including the keyword's terminating null character.
std::string png_keyword() { return std::string("tEXt") + kMadeFromKey + '\0'; }
std::string comment() { return std::string(kMadeFromKey) + ": "; }

void put_big_endian(std::string& out, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<char>(value >> shift & 0xFF));
}

void put_little_endian(std::string& out, std::size_t value) {
  for (const int shift : {0, 8, 16, 24}) out.push_back(static_cast<char>(value >> shift & 0xFF));
}

// PNG's CRC-32, over a chunk's type and data.
std::uint32_t crc_of(const std::string& bytes) {
  const AVCRC* table = av_crc_get_table(AV_CRC_32_IEEE_LE);
  return ~av_crc(table, ~std::uint32_t{0}, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

// A PNG chunk from `typed`, its type and data.
std::string png_chunk(const std::string& typed) {
  std::string chunk;
  put_big_endian(chunk, static_cast<std::uint32_t>(typed.size() - 4));
  chunk += typed;
  put_big_endian(chunk, crc_of(typed));
  return chunk;
}

std::string head_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string head(kHead, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  return head;
}

std::optional<std::string> behind(const std::string& head, const std::string& mark) {
  const std::size_t found = head.find(mark);
  if (found == std::string::npos || head.size() < found + mark.size() + kDigits) return std::nullopt;
  return head.substr(found + mark.size(), kDigits);
}

std::optional<std::string> in_metadata(const fs::path& file) {
  ffmpeg::set_up();
  AVIOContext* opened = nullptr;
  if (avio_open(&opened, ("file:" + file.string()).c_str(), AVIO_FLAG_READ) < 0) return std::nullopt;
  const ffmpeg::File owner(opened);
  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) return std::nullopt;
  context->pb = opened;
  context->io_open = ffmpeg::refuse_other_files;
  // avformat_open_input() frees the context when it fails.
  if (avformat_open_input(&context, nullptr, av_find_input_format("mp4"), nullptr) < 0) return std::nullopt;
  const ffmpeg::Demuxer demuxer(context);
  const AVDictionaryEntry* entry = av_dict_get(demuxer->metadata, kMadeFromKey, nullptr, 0);
  if (entry == nullptr) return std::nullopt;
  return entry->value;
}

}  // namespace

std::optional<std::string> made_from(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return std::nullopt;
  if (file.extension() == ".mp4") return in_metadata(file);
  return behind(head_of(file), file.extension() == ".png" ? png_keyword() : comment());
}

std::string png_mark(const std::string& latents) { return latents.empty() ? "" : png_chunk(png_keyword() + latents); }

std::string png_text(const std::string& keyword, const std::string& text) {
  const std::string uncompressed(2, '\0'), no_language(1, '\0'), no_translation(1, '\0');
  return png_chunk("iTXt" + keyword + '\0' + uncompressed + no_language + no_translation + text);
}

std::string wav_mark(const std::string& latents) {
  if (latents.empty()) return "";
  std::string text = comment() + latents + '\0';
  std::string info = "INFOICMT";
  put_little_endian(info, text.size());
  if (text.size() % 2 == 1) text.push_back('\0');
  info += text;
  std::string chunk = "LIST";
  put_little_endian(chunk, info.size());
  return chunk + info;
}

}  // namespace orrery
