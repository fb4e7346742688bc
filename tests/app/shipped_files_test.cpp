#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "app/job_file.h"
#include "app/manifest.h"
#include "app/options.h"
#include "core/file.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kSource = ORRERY_SOURCE;

std::vector<fs::path> job_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kSource / "jobs")) files.push_back(entry.path());
  return files;
}

TEST(JobFiles, AreValidAndSayHowTheyAreStarted) {
  ASSERT_FALSE(job_files().empty());
  for (const fs::path& file : job_files()) {
    EXPECT_EQ(file.extension(), ".ini");
    const std::string text = read_file(file);
    EXPECT_EQ(text.substr(0, 2), "# ") << file;
    EXPECT_THAT(text, HasSubstr("orrery run --job jobs/" + file.filename().string())) << file;
    const Options o =
        parse_options({"run", "--job", file.string(), "--checkpoint", "c", "--manifest", "m", "--out", "o"});
    const int ranks = o.grid.cfg * o.grid.tp;
    if (ranks == 1) continue;
    EXPECT_THAT(text, HasSubstr("mpirun -n " + std::to_string(ranks) + " ")) << file;
  }
}

TEST(JobFiles, AreThoseThatTheHelpNames) {
  const std::string help = help_text(Command::Run) + help_text(Command::Validate) + help_text(Command::Tokens);
  for (std::size_t at = help.find("jobs/"); at != std::string::npos; at = help.find("jobs/", at + 1)) {
    const std::string name = help.substr(at, help.find(' ', at) - at);
    EXPECT_TRUE(fs::exists(kSource / name)) << name;
  }
}

std::vector<Request> shipped_manifest(const char* name) {
  const fs::path file = kSource / "inputs" / name;
  return parse_manifest(read_file(file), file, {});
}

TEST(DemoManifest, HasFourClipsFromText) {
  std::vector<std::string> ids;
  for (const Request& request : shipped_manifest("demo.jsonl")) {
    ids.push_back(request.id);
    EXPECT_FALSE(request.conditioned() || request.sound) << request.id;
  }
  EXPECT_THAT(ids, ElementsAre("wet-crossing", "bin-picking", "orchard-rover", "forklift-aisle"));
}

TEST(ModesManifest, HasALineForEachMode) {
  struct Mode {
    bool image, sound;
    std::string parent;
    bool operator==(const Mode&) const = default;
  };
  std::vector<Mode> modes;
  for (const Request& request : shipped_manifest("modes.jsonl")) {
    modes.push_back({!request.image.empty(), request.sound, request.parent});
    const fs::path picture = request.image.empty() ? "" : (kSource / "inputs" / "street.png").lexically_normal();
    EXPECT_EQ(request.image, picture) << request.id;
  }
  const std::vector<Mode> expected{
      {false, false, ""}, {true, false, ""}, {false, true, ""}, {true, true, ""}, {false, false, "street-text"}};
  EXPECT_EQ(modes, expected);
}

}  // namespace
}  // namespace orrery
