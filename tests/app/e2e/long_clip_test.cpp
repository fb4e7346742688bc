// Clips that are made in chunks, each of which continues the one before.
#include <gmock/gmock.h>

#include <set>

#include "base/core/file.h"
#include "clips.h"
#include "media_tools.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr double kTolerance = 1e-3;  // relative to the largest value
const CommandLine kQuick{"--media", "none", "--quiet"};

// 17 frames with sound in three chunks of 9, which begin at frames 0, 4 and 8.
Json long_line(const std::string& id) {
  return tiny_line(id, {{"num_frames", 17}, {"chunk_frames", 9}, {"sound", true}});
}

// The chunks of long_line() as separate lines that continue each other.
std::vector<Json> chain_lines() {
  const Json part = {{"num_frames", 9}, {"sound", true}};
  std::vector<Json> chain{tiny_line("c0", part), tiny_line("c1", part), tiny_line("c2", part)};
  for (const std::size_t i : {1U, 2U}) chain[i].update({{"continues", chain[i - 1]["id"]}, {"seed", 42 + i}});
  chain.front()["seed"] = 42;
  return chain;
}

class LongClip : public Clips {
 protected:
  std::string bytes(const std::string& file) const { return read_file(folder_ / file); }
};

TEST_F(LongClip, IsAChainOfClipsInOneVideo) {
  run("out", {long_line("a")}, {"--quiet", "--keep-frames"});
  run("chain", chain_lines(), {"--quiet", "--keep-frames"});
  for (int i = 0; i < 3; ++i) {
    const LatentFile chunk = latents("out", "a@" + std::to_string(i)), clip = latents("chain", "c" + std::to_string(i));
    EXPECT_TRUE(chunk.latents == clip.latents && chunk.condition == clip.condition) << i;
  }
  const Json streams = probe(folder_ / "out/media/a.mp4");
  EXPECT_EQ(streams.at(0).at("nb_frames"), "17");
  // Chunk 1's frame 5 is the clip's frame 4 + 5.
  EXPECT_EQ(bytes("out/frames/a/000009.png").substr(200), bytes("chain/frames/c1/000005.png").substr(200));
  EXPECT_EQ(bytes("out/frames/a/000004.png").substr(200), bytes("chain/frames/c0/000004.png").substr(200));
  EXPECT_EQ(wav_samples(folder_ / "out/frames/a/sound.wav").size(1), 17 * 2000);
  EXPECT_THAT(json_lines(folder_ / "out/results.jsonl"), SizeIs(1));
  EXPECT_EQ(json_lines(folder_ / "out/results.jsonl")[0].at("files"),
            Json({"latents/a.h5", "latents/a@0.h5", "latents/a@1.h5", "latents/a@2.h5", "media/a.mp4", "frames/a/"}));
}

TEST_F(LongClip, GoesOnWithinAChunkAsIfItHadNotStopped) {
  const std::vector<Json> lines{long_line("a")};
  run("whole", lines, {"--quiet"});
  EXPECT_THAT(run("parts", lines, {"--stop-after-steps", "5"}, {}, kStopped).out, HasSubstr("stopped at step 5/9"));
  EXPECT_TRUE(fs::exists(latents_path("parts", "a@0")));
  EXPECT_TRUE(fs::exists(snapshot_path("parts", "a@1")));
  EXPECT_THAT(run("parts", lines).err, HasSubstr("chunk 2/3 resumes at step 2/3"));
  for (const char* id : {"a@0", "a@1", "a@2"}) {
    EXPECT_TRUE(timeless_latents("parts", id) == timeless_latents("whole", id)) << id;
  }
  EXPECT_EQ(bytes("parts/media/a.mp4"), bytes("whole/media/a.mp4"));
  EXPECT_TRUE(fs::is_empty(folder_ / "parts/snapshots"));
  EXPECT_THAT(run("parts", lines).err, HasSubstr("0 clips to make, 1 already complete"));
  fs::remove(latents_path("parts", "a@1"));
  EXPECT_THAT(run("parts", lines).err, HasSubstr("1 clip to make"));
  EXPECT_EQ(bytes("parts/media/a.mp4"), bytes("whole/media/a.mp4")) << "the missing chunk is made again";
  fs::remove(folder_ / "parts/media/a.mp4");
  run("parts", lines);
  EXPECT_EQ(bytes("parts/media/a.mp4"), bytes("whole/media/a.mp4")) << "of latents that are there";
}

TEST_F(LongClip, IsTheSameOnOtherRanksAndContinuesAndIsDecoded) {
  const std::vector<Json> lines{long_line("a"), tiny_line("b", {{"continues", "a"}})};
  run("one", lines, {"--quiet", "--keep-frames"});
  run("four", lines, {"--quiet"}, {2, 2});
  for (const char* id : {"a@0", "a@1", "a@2", "b"}) {
    EXPECT_LE(relative(video_of(latents("four", id)), video_of(latents("one", id))), kTolerance) << id;
  }
  std::vector<Json> chain = chain_lines();
  chain.push_back(tiny_line("b", {{"continues", "c2"}}));
  run("chain", chain, kQuick);
  const LatentFile after_clip = latents("one", "b"), after_chunk = latents("chain", "b");
  EXPECT_TRUE(after_clip.latents == after_chunk.latents && after_clip.condition == after_chunk.condition)
      << "it goes on from the last chunk";
  const Ending decoded = run_program(orrery({"decode", "--checkpoint", checkpoint_.string(), "--out",
                                             (folder_ / "again").string(), latents_path("one", "a").string()}));
  ASSERT_EQ(decoded.exit_code, 0) << decoded.err;
  const Ending same =
      run_program(orrery({"compare", path("again/media/a.mp4").string(), path("one/media/a.mp4").string()}));
  EXPECT_EQ(same.exit_code, 0) << same.out;
  const Ending listed = run_program(orrery({"inspect", latents_path("one", "a").string()}));
  EXPECT_THAT(listed.out, HasSubstr("of 3 chunks, in a@0.h5, a@1.h5 and 1 more"));
  EXPECT_THAT(
      run_program(orrery({"compare", latents_path("one", "a").string(), latents_path("four", "a").string()})).err,
      HasSubstr("its long clip's are in a@0.h5, a@1.h5 and 1 more"));
}

TEST_F(LongClip, IsDecodedOnceWhenItsChunksAreGivenToo) {
  run("out", {long_line("a"), tiny_line("b")}, kQuick);
  const auto decode = [&](const std::string& out, const std::vector<std::string>& ids) {
    CommandLine line = orrery({"decode", "--checkpoint", checkpoint_.string(), "--out", path(out).string()});
    for (const std::string& id : ids) line.push_back(latents_path("out", id).string());
    return run_program(line);
  };
  const auto videos = [&](const std::string& out) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(path(out) / "media")) names.insert(entry.path().filename());
    return names;
  };
  const Ending all = decode("all", {"a", "a@0", "a@1", "a@2", "b"});
  ASSERT_EQ(all.exit_code, 0) << all.err;
  EXPECT_THAT(all.err, HasSubstr("skipping 3 chunk files of long clips"));
  EXPECT_THAT(videos("all"), ElementsAre("a.mp4", "b.mp4"));
  const Ending chunks = decode("chunks", {"a@1", "a@2"});
  ASSERT_EQ(chunks.exit_code, 0) << chunks.err;
  EXPECT_THAT(videos("chunks"), ElementsAre("a@1.mp4", "a@2.mp4"));
}

TEST_F(LongClip, LeavesNoChunksOfALongerClipWithItsId) {
  const auto files = [&] {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(path("out") / "latents")) names.insert(entry.path().filename());
    return names;
  };
  const CommandLine force{"--media", "none", "--quiet", "--force"};
  run("out", {long_line("a")}, kQuick);
  Json line = long_line("a");
  line["num_frames"] = 13;
  run("out", {line}, force);
  EXPECT_THAT(files(), ElementsAre("a.h5", "a@0.h5", "a@1.h5"));
  run("out", {tiny_line("a")}, force);
  EXPECT_THAT(files(), ElementsAre("a.h5"));
}

}  // namespace
}  // namespace orrery
