#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/media_reader.h"
#include "io/media/sound_files.h"
#include "io/media/still.h"
#include "media_files.h"
#include "still_files.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

class BrokenMedia : public MediaFiles {
 protected:
  std::vector<RgbImage> frames(const std::filesystem::path& path) const {
    VideoReader reader(path);
    std::vector<RgbImage> all;
    for (RgbImage frame; reader.next(frame);) all.push_back(frame);
    return all;
  }

  void cut(const std::string& content, std::size_t length) const {
    std::ofstream(folder_ / "cut", std::ios::binary) << content.substr(0, length);
  }

  void expect_cuts_refused_or_whole(const std::filesystem::path& path) const {
    const RgbImage whole = read_image(path);
    const std::string content = read_file(path);
    std::size_t refused = 0;
    for (const std::size_t length : cuts(content.size())) {
      cut(content, length);
      try {
        EXPECT_EQ(read_image(folder_ / "cut"), whole) << path << " cut to " << length << " of " << content.size();
      } catch (const InputError& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("cut: "), Not(HasSubstr("\n"))));
        ++refused;
      }
    }
    EXPECT_GT(refused, cuts(content.size()).size() / 3) << path;
  }

  // The lengths to which a file of `size` bytes is truncated: near 0, near `size`, and steps between.
  static std::vector<std::size_t> cuts(std::size_t size) {
    std::vector<std::size_t> lengths;
    for (std::size_t i = 1; i < std::min<std::size_t>(size, 24); ++i) lengths.insert(lengths.end(), {i, size - i});
    for (std::size_t i = 24; i + 24 < size; i += std::max<std::size_t>(1, size / 61)) lengths.push_back(i);
    return lengths;
  }
};

TEST_F(BrokenMedia, IsRefusedInOneLineThatNamesTheFile) {
  const auto path = [&](const char* name) { return folder_ / name; };
  std::filesystem::create_directory(path("folder"));
  write_file(path("empty.png"), "");
  write_file(path("text.txt"), "Not a picture at all, but some words in a row.\n");
  write_file(path("random.png"), "\x13\x37\xC0\xDE\xFF\xD8zz\x01\x02\x03\x04\x05\x06\x07\x08");
  write_file(path("list.m3u8"), "#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n");
  write_file(path("concat.txt"), "ffconcat version 1.0\nfile /etc/hostname\n");
  output_of("ffmpeg -nostdin -v error -f lavfi -i sine=d=0.1 " + path("sound.wav").string());
  make("large.png", 10000, 6800, "monob", std::string(1250 * 6800, '\0'));
  const std::pair<const char*, const char*> cases[] = {{"missing.png", "no such file"},
                                                       {"folder", "is a folder"},
                                                       {"empty.png", "is empty"},
                                                       {"text.txt", "not an image or a video"},
                                                       {"random.png", ""},
                                                       {"list.m3u8", ""},
                                                       {"concat.txt", ""},
                                                       {"sound.wav", "has no picture"},
                                                       {"large.png", "at most 67108864 pixels"}};
  for (const auto& [name, message] : cases) {
    const auto refusal = ThrowsMessage<InputError>(
        AllOf(testing::StartsWith(path(name).string() + ": "), HasSubstr(message), Not(HasSubstr("\n"))));
    EXPECT_THAT([&] { read_image(path(name)); }, refusal) << name;
    EXPECT_THAT([&] { VideoReader reader(path(name)); }, refusal) << name;
  }
}

TEST_F(BrokenMedia, CutShortIsRefusedOrWhole) {
  const RgbImage image = waves(64, 48);
  const std::pair<const char*, const char*> cases[] = {{"a.png", ""},
                                                       {"a.jpg", "-q:v 3"},
                                                       {"a.webp", "-quality 90"},
                                                       {"l.webp", "-lossless 1"},
                                                       {"a.bmp", ""},
                                                       {"a.gif", "-pix_fmt rgb8"},
                                                       {"a.tif", "-compression_algo lzw"},
                                                       {"r.tif", "-compression_algo raw"},
                                                       {"p.tif", "-compression_algo packbits"},
                                                       {"d.tif", "-compression_algo deflate"},
                                                       {"a.ppm", ""},
                                                       {"a.mp4", "-pix_fmt yuv420p"},
                                                       {"f.mp4", "-pix_fmt yuv420p -movflags +faststart"}};
  for (const auto& [name, options] : cases) expect_cuts_refused_or_whole(make(name, image, options));
}

TEST_F(BrokenMedia, StillsCutShortAreRefusedOrWhole) {
  const Samples samples = samples_of(waves(64, 48));
  write_heif(folder_ / "a.avif", samples, {.codec = heif_compression_AV1});
  write_heif(folder_ / "a.heic", samples, {.codec = heif_compression_HEVC});
  write_tiff(folder_ / "tiles.tif", samples, {.tile = 16});
  for (const char* name : {"a.avif", "a.heic", "tiles.tif"}) expect_cuts_refused_or_whole(folder_ / name);
}

// With the file names of a picture and of a video, and without a suffix: each is opened by another library.
TEST_F(BrokenMedia, OnlyRegularFilesAreOpened) {
  for (const char* name : {"fifo.png", "fifo.mp4", "fifo"}) ASSERT_EQ(::mkfifo((folder_ / name).c_str(), 0600), 0);
  std::filesystem::create_symlink("loop.tif", folder_ / "loop.tif");
  std::filesystem::create_symlink("/dev/zero", folder_ / "device.png");
  std::filesystem::create_symlink("none", folder_ / "dangling.jpg");
  const std::pair<std::string, const char*> cases[] = {{"fifo.png", "not a file"},
                                                       {"fifo.mp4", "not a file"},
                                                       {"fifo", "not a file"},
                                                       {"loop.tif", "Too many levels of symbolic links"},
                                                       {"device.png", "not a file"},
                                                       {"dangling.jpg", "no such file"},
                                                       {std::string(300, 'n'), "File name too long"}};
  for (const auto& [name, message] : cases) {
    const std::filesystem::path path = folder_ / name;
    const auto refusal =
        ThrowsMessage<InputError>(AllOf(testing::StartsWith(path.string() + ": "), HasSubstr(message)));
    EXPECT_THAT([&] { read_image(path); }, refusal) << name;
    EXPECT_THAT([&] { VideoReader reader(path); }, refusal) << name;
    EXPECT_THAT([&] { read_sound(path); }, refusal) << name;
  }
}

// A progressive picture is complete, but coarse, before its last scans; the end of a thumbnail is not the picture's
// end.
TEST(JpegEnd, IsLookedForBehindTheSegments) {
  const auto length_of = [](const std::string& jpeg) {
    return jpeg_length({reinterpret_cast<const std::uint8_t*>(jpeg.data()), jpeg.size()});
  };
  const std::string start = "\xFF\xD8";
  const std::string thumbnail("\xFF\xE1\0\x08zz\xFF\xD9zz", 10);
  const std::string scan("\xFF\xDA\0\x04zz\x12\x34\xFF\0\x56", 11);
  const std::string end = "\xFF\xD9";
  const std::string restart("\xFF\xD3", 2);
  for (const std::string& whole : {start + thumbnail + scan + end, start + thumbnail + scan + scan + end,
                                   start + "\xFF" + thumbnail + scan + end, start + scan + restart + scan + end}) {
    EXPECT_EQ(length_of(whole), whole.size());
    EXPECT_EQ(length_of(whole + "more" + end), whole.size());
    for (std::size_t length = 0; length < whole.size(); ++length) EXPECT_EQ(length_of(whole.substr(0, length)), 0U);
  }
  EXPECT_EQ(length_of(start + thumbnail), 0U);
  EXPECT_EQ(length_of(start + end), 0U) << "no scan";
}

// Type and position of a PNG's chunks, including their headers and checksums.
std::vector<std::pair<std::string, std::pair<std::size_t, std::size_t>>> chunks_of(const std::string& png) {
  std::vector<std::pair<std::string, std::pair<std::size_t, std::size_t>>> chunks;
  for (std::size_t at = 8; at < png.size();) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(png[at + i]);
    chunks.push_back({png.substr(at + 4, 4), {at, at + size + 12}});
    at += size + 12;
  }
  return chunks;
}

TEST_F(BrokenMedia, FlippedBytesOfAPngsPictureAreRefused) {
  const auto path = make("a.png", waves(64, 48));
  const std::string content = read_file(path);
  std::size_t tried = 0;
  for (const auto& [kind, place] : chunks_of(content)) {
    if (kind != "IHDR" && kind != "IDAT" && kind != "IEND") continue;
    for (std::size_t at = place.first; at < place.second; at += 97, ++tried) {
      std::string flipped = content;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
      write_file(folder_ / "flipped.png", flipped);
      EXPECT_THROW(read_image(folder_ / "flipped.png"), InputError) << kind << at;
    }
  }
  EXPECT_GT(tried, 20U);
}

TEST_F(BrokenMedia, AVideoCutShortIsRefusedBeforeItsEnd) {
  std::string raw;
  for (int time = 0; time < 12; ++time) {
    const RgbImage frame = waves(96, 64, time);
    raw.append(frame.rgb.begin(), frame.rgb.end());
  }
  const auto path = make("a.mp4", 96, 64, "rgb24", raw, "-pix_fmt yuv420p -movflags +faststart");
  const std::size_t frame_count = frames(path).size();
  EXPECT_EQ(frame_count, 12U);
  const std::string content = read_file(path);
  for (const std::size_t length : cuts(content.size())) {
    write_file(folder_ / "cut", content.substr(0, length));
    try {
      EXPECT_EQ(frames(folder_ / "cut"), frames(path)) << "cut to " << length << " of " << content.size();
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("cut: "), Not(HasSubstr("\n"))));
    }
  }
}

}  // namespace
}  // namespace orrery
