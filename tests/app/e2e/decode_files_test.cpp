// Latent files that `orrery decode` cannot decode: each fails with a message, and the others are decoded.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <limits>

#include "clips.h"
#include "io/media/made_from.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

LatentFile latent_file(const std::string& request) {
  LatentFile file;
  file.request = request;
  file.latents[Stream::Video] = {{1, 8, 1, 2, 2}, std::vector<float>(32, 0.25F)};
  file.latents[Stream::Sound] = FloatArray{{1, 8, 2}, std::vector<float>(16, 0.25F)};
  return file;
}

struct BadLatents {
  std::string name;
  std::function<void(LatentFile&)> damage;
  std::string words;
};

void make_running(LatentFile& file) {
  file.state = LatentFile::State::Running;
  file.running = RunningState{};
  file.running->step = 1;
  file.running->histories = {{Stream::Video, {}}, {Stream::Sound, {}}};
}

auto at_rate(const std::string& fps) {
  return [=](LatentFile& file) { file.request = R"({"fps": )" + fps + "}"; };
}

const std::vector<BadLatents> kBad{
    {"nan", [](LatentFile& f) { f.latents.at(Stream::Video).values[3] = std::nanf(""); },
     "its latents have NaN or infinite values"},
    {"infinite", [](LatentFile& f) { f.latents.at(Stream::Video).values[3] = std::numeric_limits<float>::infinity(); },
     "its latents have NaN or infinite values"},
    {"nan-sound", [](LatentFile& f) { f.latents.at(Stream::Sound).values[3] = std::nanf(""); },
     "its latents have NaN or infinite values"},
    {"running", make_running, "its clip is not finished"},
    {"channels",
     [](LatentFile& f) {
       f.latents[Stream::Video] = {{1, 4, 1, 2, 2}, std::vector<float>(16)};
     },
     "its latents have 4 channels, the checkpoint's VAE takes 8"},
    {"sound-channels",
     [](LatentFile& f) {
       f.latents[Stream::Sound] = FloatArray{{1, 4, 2}, std::vector<float>(8)};
     },
     "its sound latents have 4 channels, the checkpoint's decoder takes 8"},
    {"fps-zero", at_rate("0"), "the request in it: fps: 0 is outside 0.01 to 1000 frames per second"},
    {"fps-negative", at_rate("-24"), "the request in it: fps: -24 is outside"},
    {"fps-huge", at_rate("1e300"), "the request in it: fps: 1e+300 is outside"},
    {"fps-text", at_rate("\"24\""), "the request in it: fps: found the string \"24\", expected a number"},
    {"fps-nan", at_rate("NaN"), "the request in it is not valid JSON"}};

class Decode : public Clips {
 protected:
  CommandLine decode(const std::vector<std::string>& names) const {
    CommandLine line = orrery({"decode", "--checkpoint", checkpoint_.string(), "--out", (folder_ / "out").string(),
                               "--device", "cpu", "--keep-frames"});
    for (const std::string& name : names) line.push_back((folder_ / (name + ".h5")).string());
    return line;
  }
  // Whether the clip of one frame was decoded to a picture.
  bool decoded(const std::string& name) const { return fs::exists(folder_ / "out/media" / (name + ".png")); }
};

TEST_F(Decode, GoesOnAfterABadFile) {
  std::vector<std::string> names;
  for (const BadLatents& bad : kBad) {
    LatentFile file = latent_file("");
    bad.damage(file);
    write_latents(folder_ / (bad.name + ".h5"), file);
    names.push_back(bad.name);
  }
  write_latents(folder_ / "good.h5", latent_file(""));
  names.emplace_back("good");
  const Ending ending = run_program(decode(names));
  EXPECT_EQ(ending.exit_code, 1);
  for (const BadLatents& bad : kBad) {
    EXPECT_THAT(ending.err, HasSubstr(bad.name + ".h5: " + bad.words));
    EXPECT_FALSE(decoded(bad.name)) << bad.name;
  }
  EXPECT_TRUE(decoded("good"));
  EXPECT_THAT(ending.err, Not(HasSubstr("orrery: error: ")));
}

// Files of other programs need no request, or may have one in another format.
TEST_F(Decode, ReadsARequestThatIsNotOurs) {
  const std::vector<std::string> requests{"", "no JSON", "[1]", R"({"fps": null})", R"({"seed": [1], "prompt": 5})"};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    names.push_back("clip-" + std::to_string(i));
    write_latents(folder_ / (names.back() + ".h5"), latent_file(requests[i]));
  }
  const Ending ending = run_program(decode(names));
  EXPECT_EQ(ending.exit_code, 0) << ending.err;
  for (const std::string& name : names) EXPECT_TRUE(decoded(name)) << name;
}

TEST_F(Decode, TwoAtOnceIntoOneFolderLeaveWholeFiles) {
  for (const char* name : {"one/clip.h5", "two/clip.h5"}) {
    fs::create_directory((folder_ / name).parent_path());
    LatentFile file = latent_file("");
    file.latents[Stream::Video] = {{1, 8, 9, 2, 2}, std::vector<float>(9 * 32, name[0] == 'o' ? 0.25F : 0.5F)};
    file.latents.erase(Stream::Sound);
    write_latents(folder_ / name, file);
  }
  Process first(decode({"one/clip"}));
  Process second(decode({"two/clip"}));
  const Ending ends[] = {first.wait(), second.wait()};
  for (const Ending& end : ends) EXPECT_EQ(end.exit_code, 0) << end.err;
  const fs::path video = folder_ / "out/media/clip.mp4";
  const Ending played = run_program({"ffmpeg", "-v", "error", "-i", video.string(), "-f", "null", "-"});
  EXPECT_EQ(played.exit_code, 0) << played.err;
  EXPECT_THAT(made_from(video).value_or("none"),
              testing::AnyOf(latents_checksum(read_latents(folder_ / "one/clip.h5")),
                             latents_checksum(read_latents(folder_ / "two/clip.h5"))));
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "out/media")) {
    EXPECT_NE(entry.path().extension(), ".tmp") << entry;
  }
}

TEST_F(Decode, RefusesTwoFilesOfOneName) {
  fs::create_directory(folder_ / "other");
  write_latents(folder_ / "clip.h5", latent_file(""));
  write_latents(folder_ / "other/clip.h5", latent_file(""));
  const Ending ending = run_program(decode({"clip", "other/clip"}));
  EXPECT_EQ(ending.exit_code, 2);
  EXPECT_THAT(ending.err, HasSubstr("other/clip.h5: has the name of "));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

}  // namespace
}  // namespace orrery
