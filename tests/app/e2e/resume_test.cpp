// Runs that are repeated, changed or disturbed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/core/file.h"
#include "io/latents/latent_store.h"
#include "io/media/made_from.h"
#include "orrery_program.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

std::string line_of(const std::string& id, int seed, int steps = 2) {
  return random_line(id, {{"height", 64}, {"width", 64}, {"steps", steps}, {"seed", seed}});
}

// Content and modification time of every file below a folder.
struct FileState {
  fs::file_time_type changed;
  std::string content;
  bool operator==(const FileState&) const = default;
};
using FolderState = std::map<std::string, FileState>;

FolderState state_of(const fs::path& folder) {
  FolderState state;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    state[fs::relative(entry.path(), folder)] = {entry.last_write_time(), read_file(entry.path())};
  }
  return state;
}

LatentFile without_time(const fs::path& file) {
  LatentFile latents = read_latents(file);
  latents.created.clear();
  return latents;
}

class Resume : public testing::Test {
 protected:
  Resume() { manifest(line_of("a", 1) + line_of("b", 2)); }

  void manifest(const std::string& text) const { folder_.write("clips.jsonl", text); }
  CommandLine command(const CommandLine& more = {}) const {
    return run_command(checkpoint_, folder_ / "clips.jsonl", out_, more);
  }
  // Runs, expects the exit code, and returns the log.
  std::string run(int exit_code = 0, const CommandLine& more = {}) const {
    const Ending ending = run_program(command(more));
    EXPECT_EQ(ending.exit_code, exit_code) << ending.err;
    return ending.err;
  }
  fs::path latents(const std::string& id) const { return out_ / "latents" / (id + ".h5"); }
  fs::path media(const std::string& id) const { return out_ / "media" / (id + ".mp4"); }

  TemporaryFolder folder_;
  fs::path checkpoint_ = demo_checkpoint();
  fs::path out_ = folder_ / "out";
};

TEST_F(Resume, ASecondRunLeavesEverythingAsItIs) {
  run();
  const FolderState before = state_of(out_);
  EXPECT_THAT(run(), HasSubstr("0 clips to make, 2 already complete"));
  EXPECT_TRUE(state_of(out_) == before);
}

TEST_F(Resume, TheGalleryHasEveryClipOfAQuickRun) {
  manifest(line_of("a", 1) + line_of("b", 2) + line_of("c", 3));
  run();
  const std::string page = read_file(out_ / "index.html");
  for (const char* id : {"a", "b", "c"}) EXPECT_THAT(page, HasSubstr("media/" + std::string(id) + ".mp4"));
}

TEST_F(Resume, OnlyALostVideoIsMadeAgain) {
  run();
  const FolderState before = state_of(out_);
  fs::remove(media("a"));
  EXPECT_THAT(run(), HasSubstr("1 clip to make, 1 already complete"));
  const FolderState after = state_of(out_);
  for (const char* file : {"latents/a.h5", "latents/b.h5", "media/b.mp4"}) {
    EXPECT_TRUE(after.at(file) == before.at(file)) << file;
  }
  EXPECT_TRUE(after.at("media/a.mp4").content == before.at("media/a.mp4").content);
  const Json record = json_lines(out_ / "results.jsonl").back();
  EXPECT_EQ(record.at("latent_checksum"), latents_checksum(read_latents(latents("a"))));
}

TEST_F(Resume, LostLatentsAreMadeAgain) {
  run();
  const LatentFile before = without_time(latents("a"));
  const std::string video = read_file(media("a"));
  fs::remove(latents("a"));
  run();
  EXPECT_TRUE(without_time(latents("a")) == before);
  EXPECT_TRUE(read_file(media("a")) == video);
}

TEST_F(Resume, AddedRequestsAloneAreMade) {
  run();
  const FolderState before = state_of(out_);
  manifest(line_of("c", 3) + line_of("a", 1) + line_of("b", 2));
  EXPECT_THAT(run(), HasSubstr("1 clip to make, 2 already complete"));
  EXPECT_TRUE(fs::exists(media("c")));
  EXPECT_TRUE(state_of(out_).at("latents/a.h5") == before.at("latents/a.h5"));
}

TEST_F(Resume, MediaOfAnEarlierMakingGoAndAreMadeAgain) {
  manifest(line_of("a", 1));
  run(0, {"--preview", "--keep-frames", "--timings"});
  manifest(line_of("a", 2));
  run(0, {"--force", "--media", "none"});
  for (const char* name : {"media/a.mp4", "media/a.png", "frames/a", "timings/a.json"}) {
    EXPECT_FALSE(fs::exists(out_ / name)) << name;
  }
  EXPECT_THAT(run(0, {"--keep-frames"}), HasSubstr("1 clip to make, 0 already complete"));
  const std::string checksum = latents_checksum(read_latents(latents("a")));
  EXPECT_EQ(made_from(media("a")), checksum);
  EXPECT_EQ(made_from(out_ / "frames/a/000004.png"), checksum);
  EXPECT_THAT(run(0, {"--keep-frames"}), HasSubstr("0 clips to make, 1 already complete"));
}

struct Change {
  std::string name;
  std::string line;  // the manifest line of the clip "a"
  CommandLine more;
};

class ResumeOther : public Resume, public testing::WithParamInterface<Change> {};

TEST_P(ResumeOther, IsRefusedUnlessForced) {
  manifest(line_of("a", 1));
  run();
  const FolderState before = state_of(out_);
  manifest(GetParam().line);
  EXPECT_THAT(run(2, GetParam().more),
              AllOf(HasSubstr("latents/a.h5: this finished clip was made "), HasSubstr("--force")));
  EXPECT_TRUE(state_of(out_) == before);
  CommandLine forced = GetParam().more;
  forced.emplace_back("--force");
  run(0, forced);
  EXPECT_FALSE(state_of(out_).at("latents/a.h5").content == before.at("latents/a.h5").content);
}

INSTANTIATE_TEST_SUITE_P(Changes, ResumeOther,
                         testing::Values(Change{"Seed", line_of("a", 2), {}}, Change{"Steps", line_of("a", 1, 3), {}},
                                         Change{"Schedule", line_of("a", 1), {"--schedule", "karras"}}),
                         [](const auto& test) { return test.param.name; });

TEST_F(Resume, ACheckpointThatMovedIsTheSame) {
  run();
  const FolderState before = state_of(out_);
  fs::copy(demo_checkpoint(), folder_ / "other", fs::copy_options::recursive);
  checkpoint_ = folder_ / "other";
  EXPECT_THAT(run(), HasSubstr("0 clips to make, 2 already complete"));
  EXPECT_TRUE(state_of(out_) == before);
}

TEST_F(Resume, OtherWeightsAreRefused) {
  run();
  const FolderState before = state_of(out_);
  checkpoint_ = folder_ / "other";
  fs::copy(demo_checkpoint(), checkpoint_, fs::copy_options::recursive);
  const fs::path weights = checkpoint_ / "vae" / "diffusion_pytorch_model.safetensors";
  std::string bytes = read_file(weights);
  bytes[bytes.size() - 2] =
      static_cast<char>(bytes[bytes.size() - 2] ^ 1);  // in the first bytes of a small last tensor
  write_file(weights, bytes);
  EXPECT_THAT(run(2), AllOf(HasSubstr("latents/a.h5: this finished clip was made with another checkpoint"),
                            HasSubstr("latents/b.h5"), HasSubstr("--force")));
  EXPECT_TRUE(state_of(out_) == before);
}

TEST_F(Resume, ADamagedLatentFileIsMadeAgain) {
  run();
  const LatentFile before = without_time(latents("a"));
  write_file(latents("a"), read_file(latents("a")).substr(0, 3000));
  EXPECT_THAT(run(), AllOf(HasSubstr("warning: "), HasSubstr("latents/a.h5"), HasSubstr("the clip is made again"),
                           HasSubstr("1 clip to make, 1 already complete")));
  EXPECT_TRUE(without_time(latents("a")) == before);
}

// A folder has the video's name, so that the file cannot be renamed to it.
TEST_F(Resume, ARequestThatFailsLeavesTheOthersAlone) {
  fs::create_directories(media("a") / "in-the-way");
  for (const int run_number : {1, 2}) {
    EXPECT_THAT(run(1), HasSubstr("a failed: "));
    const std::vector<Json> results = json_lines(out_ / "results.jsonl");
    const Json& failed = results.at(run_number == 1 ? 0 : 2);
    EXPECT_EQ(failed.at("id"), "a");
    EXPECT_EQ(failed.at("status"), "failed");
    EXPECT_THAT(failed.at("error").get<std::string>(), HasSubstr("a.mp4"));
    EXPECT_EQ(results.at(1).at("id"), "b");
    EXPECT_EQ(results.at(1).at("status"), "done");
    EXPECT_FALSE(fs::exists(media("a").string() + ".tmp"));
  }
  fs::remove_all(media("a"));
  run();
  EXPECT_TRUE(fs::is_regular_file(media("a")));
}

TEST_F(Resume, OnErrorStopBeginsNothingMore) {
  fs::create_directories(media("a") / "in-the-way");
  EXPECT_THAT(run(1, {"--on-error", "stop"}), HasSubstr("a failed: "));
  EXPECT_EQ(json_lines(out_ / "results.jsonl").size(), 1U);
  EXPECT_FALSE(fs::exists(latents("b")));
}

TEST_F(Resume, MissingInputsFailTheirRequestsAlone) {
  fs::copy(demo_checkpoint(), folder_ / "silent", fs::copy_options::recursive);
  checkpoint_ = folder_ / "silent";
  fs::remove_all(checkpoint_ / "sound_tokenizer");
  Json image = Json::parse(line_of("c", 1));
  image["image"] = "lost.png";
  Json sound = Json::parse(line_of("d", 1));
  sound["sound"] = true;
  manifest(image.dump() + "\n" + sound.dump() + "\n" + line_of("a", 1));
  run(1);
  const std::vector<Json> results = json_lines(out_ / "results.jsonl");
  ASSERT_EQ(results.size(), 3U);
  EXPECT_THAT(results[0].at("error").get<std::string>(), HasSubstr("lost.png"));
  EXPECT_THAT(results[1].at("error").get<std::string>(), HasSubstr("sound"));
  EXPECT_EQ(results[2].at("status"), "done");
}

TEST_F(Resume, LeftoversOfAKilledRunDoNoHarm) {
  for (const char* name : {"out/latents/a.h5.tmp", "out/media/a.mp4.tmp", "out/run.json.tmp"}) {
    folder_.write(name, "half a file");
  }
  folder_.write("out/results.jsonl", R"({"id": "a", "sta)");
  run();
  EXPECT_EQ(json_lines(out_ / "results.jsonl").size(), 2U);
  for (const auto& [name, state] : state_of(out_)) EXPECT_FALSE(name.ends_with(".tmp")) << name;
  EXPECT_EQ(read_latents(latents("a")).latents.at(Stream::Video).shape, (std::vector<std::int64_t>{1, 16, 2, 4, 4}));
}

TEST_F(Resume, TheDumpedConfigurationRunsTheSameJob) {
  manifest(R"({"id": "a", "prompt_token_ids": [7], "negative_token_ids": [5]})");
  const CommandLine sizes{"--height", "64",     "--width", "32",    "--num-frames", "5",          "--steps",
                          "3",        "--seed", "9",       "--crf", "30",           "--schedule", "karras"};
  run(0, sizes);
  CommandLine dump = command(sizes);
  dump.emplace_back("--dump-config");
  const Ending dumped = run_program(dump);
  EXPECT_EQ(dumped.exit_code, 0) << dumped.err;
  EXPECT_EQ(parse_json_file(out_ / "run.json").at("config"), dumped.out);
  const fs::path job = folder_.write("job.ini", dumped.out);

  const Ending again = run_program(orrery({"run", "--job", job.string(), "--out", (folder_ / "again").string()}));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_TRUE(without_time(folder_ / "again/latents/a.h5") == without_time(latents("a")));
  EXPECT_TRUE(read_file(folder_ / "again/media/a.mp4") == read_file(media("a")));
  EXPECT_EQ(run_program(orrery({"run", "--job", job.string(), "--dump-config"})).out, dumped.out);
}

}  // namespace
}  // namespace orrery
