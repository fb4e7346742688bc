// Runs whose clips are checked by commands of the operator.
#include <gmock/gmock.h>

#include "base/core/file.h"
#include "clips.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

class Gates : public Clips {
 protected:
  // A clip's last result.
  Json result(const std::string& id) const {
    Json last;
    for (const Json& line : json_lines(folder_ / "out/results.jsonl")) {
      if (line.at("id") == id) last = line;
    }
    return last;
  }
  static std::string names(const fs::path& folder) {
    std::string all;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) all += entry.path().filename().string() + "\n";
    return all;
  }
  static Json picture(const std::string& id, const Json& more = Json::object()) {
    Json line = tiny_line(id, {{"num_frames", 1}, {"steps", 1}});
    line.update(more);
    return line;
  }
};

TEST_F(Gates, APromptIsRefusedBeforeItIsMade) {
  const fs::path seen = path("seen.jsonl");
  const std::string check =
      "tee -a " + seen.string() + R"( | grep -q '"seed":13' && echo "an unlucky number" && exit 10; exit 0)";
  const std::vector<Json> lines{picture("a", {{"samples", 2}, {"seed", 12}}), picture("b")};
  const Ending ending = run("out", lines, {"--check-prompt", check}, {}, 1);
  EXPECT_EQ(result("a-0").at("status"), "done");
  EXPECT_EQ(result("a-0").at("checks")[0].at("result"), "passed");
  EXPECT_EQ(result("a-0").at("checks")[0].at("command"), check);
  EXPECT_EQ(result("a-1").at("status"), "failed");
  EXPECT_EQ(result("a-1").at("error"), "refused by --check-prompt: an unlucky number");
  EXPECT_EQ(result("a-1").at("checks")[0].at("reason"), "an unlucky number");
  EXPECT_EQ(result("b").at("status"), "done");
  EXPECT_THAT(names(path("out")), testing::Not(HasSubstr("a-1")));
  EXPECT_THAT(json_lines(seen), testing::UnorderedElementsAre(result("a-0").at("request"), result("a-1").at("request"),
                                                              result("b").at("request")));
}

TEST_F(Gates, NothingIsKeptOfMediaThatAreRefused) {
  const std::string check = "sh -c 'case $0 in */bad*) echo Too blue.; exit 10;; esac; test -s $0'";
  const std::vector<Json> lines{picture("good"), picture("bad"), tiny_line("bad-video"),
                                tiny_line("child", {{"continues", "bad-video"}})};
  run("out", lines, {"--check-media", check, "--preview", "--keep-frames", "--timings"}, {2, 1}, 1);
  EXPECT_EQ(result("good").at("checks")[0].at("result"), "passed");
  EXPECT_TRUE(fs::exists(path("out/media/good.png")));
  for (const char* id : {"bad", "bad-video"}) {
    EXPECT_EQ(result(id).at("error"), "refused by --check-media: Too blue.");
    EXPECT_EQ(result(id).at("latent_checksum"), "");
    EXPECT_THAT(result(id).at("files"), IsEmpty());
  }
  EXPECT_THAT(result("child").at("error").get<std::string>(), HasSubstr("\"bad-video\", failed"));
  fs::remove_all(path("out/timings"));
  EXPECT_THAT(names(path("out")), testing::Not(HasSubstr("bad")));
}

// Each check takes longer than making a picture, so several checks run while the next pictures are made.
TEST_F(Gates, SlowChecksOfSeveralPicturesRunAtOnce) {
  const std::string all_there = path("there").string();
  const std::string check = "sh -c 'mkdir -p " + all_there + "; touch " + all_there +
                            "/$$; for i in $(seq 500); do [ $(ls " + all_there +
                            " | wc -l) -ge 4 ] && exit 0; sleep 0.02; done; exit 10'";
  run("out", {picture("a", {{"samples", 4}})}, {"--check-media", check});
  for (const char* id : {"a-0", "a-1", "a-2", "a-3"}) EXPECT_EQ(result(id).at("status"), "done");
}

// The second clip's check signals the run to stop while the run waits for this check.
TEST_F(Gates, ARunThatIsAskedToStopWaitsForNoCheck) {
  const std::string check = "grep -q '\"id\":\"a\"' && exit 0; while [ ! -e " + path("out/media/a.png").string() +
                            " ]; do sleep 0.05; done; sleep 1; kill -TERM $PPID; sleep 200; exit 10";
  const std::vector<Json> lines{picture("a"), picture("b"), picture("c")};
  const Ending ending = run("out", lines, {"--check-prompt", check, "--check-timeout", "600"}, {}, kStopped);
  EXPECT_THAT(ending.err, HasSubstr("stopped by SIGTERM with 2 clips to go"));
  EXPECT_EQ(result("a").at("status"), "done");
  EXPECT_TRUE(result("b").is_null()) << result("b");
  run("out", lines);
  EXPECT_EQ(result("b").at("status"), "done");
}

// The latents are kept, so that the next run only decodes and repeats the check.
TEST_F(Gates, ACheckThatFailsFailsItsRequestAlone) {
  const std::vector<Json> lines{picture("a"), picture("b")};
  run("out", lines, {"--check-media", "sh -c 'case $0 in */a*) echo no model; exit 3;; esac'"}, {}, 1);
  EXPECT_EQ(result("a").at("error"), "--check-media failed: exit code 3: no model");
  EXPECT_EQ(result("b").at("status"), "done");
  EXPECT_FALSE(fs::exists(path("out/media/a.png")));
  EXPECT_TRUE(fs::exists(latents_path("out", "a")));
  run("out", lines, {"--check-prompt", "sleep 300", "--check-timeout", "1"}, {}, 1);
  EXPECT_EQ(result("a").at("error"), "--check-prompt failed: not done after 1 s");
  run("out", lines);
  EXPECT_EQ(result("a").at("status"), "done");
  EXPECT_FALSE(result("a").contains("checks")) << "nothing was asked";
}

}  // namespace
}  // namespace orrery
