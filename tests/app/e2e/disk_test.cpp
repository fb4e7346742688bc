// Disks that are small, become full or become read-only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <iostream>
#include <map>
#include <memory>

#include "base/core/file.h"
#include "base/core/host.h"
#include "io/latents/latent_store.h"
#include "orrery_program.h"
#include "support/small_disk.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

std::string line_of(const std::string& id, const Json& more) {
  Json larger{{"height", 64}, {"width", 64}, {"steps", 20}};
  larger.update(more);
  return random_line(id, larger);
}

const Json kHuge{{"height", 16384}, {"width", 16384}, {"num_frames", 61}};

class Disk : public testing::Test {
 protected:
  static constexpr int kClips = 6;

  Disk() {
    std::string lines;
    for (int i = 0; i < kClips; ++i) lines += line_of(name_of(i), {{"seed", i}});
    folder_.write("clips.jsonl", lines);
  }
  static std::string name_of(int clip) { return "clip" + std::to_string(clip); }

  CommandLine command(const fs::path& out, const CommandLine& more = {}) const {
    return run_command("random:tiny", folder_ / "clips.jsonl", out, more);
  }
  std::vector<Json> records() const {
    return fs::exists(out_ / "results.jsonl") ? json_lines(out_ / "results.jsonl") : std::vector<Json>{};
  }
  // Starts a run, halts it when its first clip is done, calls `change`, and lets the run continue to its end.
  Ending disturbed(const CommandLine& line, const std::function<void()>& change) const {
    Process process(line);
    const bool began = soon([&] { return !records().empty() || process.has_ended(); });
    process.signal(SIGSTOP);
    EXPECT_TRUE(began);
    EXPECT_LT(records().size(), kClips);
    change();
    process.signal(SIGCONT);
    return process.wait();
  }
  // Expects that the same command then makes all that an undisturbed run makes.
  void expect_repaired() const {
    const Ending again = run_program(command(out_));
    EXPECT_EQ(again.exit_code, 0) << again.err;
    const Ending undisturbed = run_program(command(folder_ / "undisturbed"));
    EXPECT_EQ(undisturbed.exit_code, 0) << undisturbed.err;
    for (int i = 0; i < kClips; ++i) {
      const std::string latents = "latents/" + name_of(i) + ".h5";
      const std::string media = "media/" + name_of(i) + ".mp4";
      EXPECT_EQ(latents_checksum(read_latents(out_ / latents)),
                latents_checksum(read_latents(folder_ / "undisturbed" / latents)));
      EXPECT_TRUE(read_file(out_ / media) == read_file(folder_ / "undisturbed" / media)) << media;
    }
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(out_)) {
      EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
    }
  }

  TemporaryFolder folder_;
  fs::path out_ = folder_ / "out";
};

// Two ways to simulate a full disk: a small disk that is filled, and links to /dev/full, which need no privileges.
class FullDisk {
 public:
  virtual ~FullDisk() = default;
  virtual void fill() = 0;
  virtual void free_up() = 0;
  virtual testing::Matcher<std::string> error_of_a_clip() const = 0;
};

class FilledDisk : public FullDisk {
 public:
  explicit FilledDisk(const fs::path& out) : disk_(out, 4 << 20) {}
  void fill() override { disk_.fill(); }
  void free_up() override { disk_.free_up(); }
  // The first clip that fails was begun when there was space.
  testing::Matcher<std::string> error_of_a_clip() const override {
    return AnyOf(HasSubstr("No space left on device"), HasSubstr("no room: the clip's files need about "));
  }

 private:
  SmallDisk disk_;
};

// All files that a clip could write are links to /dev/full; records can still be written.
class FullFiles : public FullDisk {
 public:
  FullFiles(const fs::path& out, int clips) {
    for (int i = 0; i < clips; ++i) {
      const std::string name = "clip" + std::to_string(i);
      links_.push_back(out / "latents" / (name + ".h5.tmp"));
    }
  }
  void fill() override {
    for (const fs::path& link : links_) {
      fs::remove(link);
      fs::create_symlink("/dev/full", link);
    }
  }
  void free_up() override {
    for (const fs::path& link : links_) fs::remove(link);
  }
  testing::Matcher<std::string> error_of_a_clip() const override {
    return HasSubstr(".h5.tmp: No space left on device");
  }

 private:
  std::vector<fs::path> links_;
};

enum class Way { SmallDisk, FullFiles };

class FullDiskTest : public Disk, public testing::WithParamInterface<Way> {
 protected:
  std::unique_ptr<FullDisk> make_disk() const {
    const std::string reason = GetParam() == Way::SmallDisk ? SmallDisk::why_none() : "";
    if (!reason.empty()) std::cout << "No disk can be mounted here (" << reason << "): /dev/full takes its place.\n";
    if (GetParam() == Way::SmallDisk && reason.empty()) return std::make_unique<FilledDisk>(out_);
    return std::make_unique<FullFiles>(out_, kClips);
  }
};

TEST_P(FullDiskTest, FailsClipsAndTheNextRunMakesThem) {
  const std::unique_ptr<FullDisk> disk = make_disk();
  const Ending ending = disturbed(command(out_), [&] { disk->fill(); });
  EXPECT_EQ(ending.exit_code, 1) << ending.err;
  const std::vector<Json> results = records();
  ASSERT_EQ(results.size(), kClips) << ending.err;
  EXPECT_EQ(results.front().at("status"), "done");
  EXPECT_EQ(results.back().at("status"), "failed");
  for (const Json& result : results) {
    if (result.at("status") == "done") continue;
    EXPECT_THAT(result.at("error").get<std::string>(), disk->error_of_a_clip());
  }
  EXPECT_NO_THROW(read_latents(out_ / "latents/clip0.h5"));
  disk->free_up();
  expect_repaired();
}

INSTANTIATE_TEST_SUITE_P(Ways, FullDiskTest, testing::Values(Way::SmallDisk, Way::FullFiles),
                         [](const auto& test) { return test.param == Way::SmallDisk ? "SmallDisk" : "FullFiles"; });

// Root may write to read-only folders unless it gives up this capability.
CommandLine without_override(const CommandLine& command) {
  if (::getuid() != 0) return command;
  CommandLine line{"setpriv", "--bounding-set=-dac_override,-dac_read_search"};
  line.insert(line.end(), command.begin(), command.end());
  return line;
}

void set_writable(const fs::path& folder, bool writable) {
  const auto change = [&](const fs::path& path) {
    fs::permissions(path, fs::perms::owner_write, writable ? fs::perm_options::add : fs::perm_options::remove);
  };
  change(folder);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) change(entry.path());
}

TEST_F(Disk, AFolderThatBecomesReadOnlyEndsTheRunWithOneMessage) {
  const Ending ending = disturbed(without_override(command(out_)), [&] { set_writable(out_, false); });
  EXPECT_EQ(ending.exit_code, 3) << ending.err;
  EXPECT_THAT(ending.err, AllOf(HasSubstr("orrery: error: "), HasSubstr("results.jsonl: Permission denied")));
  EXPECT_EQ(ending.err.find("orrery: error: "), ending.err.rfind("orrery: error: "));
  EXPECT_LT(records().size(), kClips);
  const Ending next = run_program(without_override(command(out_)));
  EXPECT_EQ(next.exit_code, 2) << next.err;
  EXPECT_THAT(next.err, HasSubstr("no file can be written here: Permission denied"));
  set_writable(out_, true);
  expect_repaired();
}

// A disk that is too small for a huge clip: a mounted one or, where none can be mounted, the machine's /dev/shm.
class TightDisk : public Disk {
 protected:
  static constexpr std::int64_t kHugeClip = 40LL << 30;  // with frames, at --crf 1

  void SetUp() override {
    const std::string reason = SmallDisk::why_none();
    if (reason.empty()) {
      disk_ = std::make_unique<SmallDisk>(out_, 4 << 20);
    } else {
      std::cout << "No disk can be mounted here (" << reason << "): /dev/shm takes its place.\n";
      out_ = fs::path("/dev/shm") / folder_.path().filename();
    }
    fs::create_directories(out_);
    ASSERT_LT(available_bytes(out_), kHugeClip) << out_ << " is not small";
  }
  void TearDown() override {
    disk_.reset();
    fs::remove_all(out_);
  }
  Ending run(const std::vector<std::string>& ids) const {
    std::string lines;
    for (const std::string& id : ids) lines += line_of(id, id.starts_with("huge") ? kHuge : Json::object());
    folder_.write("clips.jsonl", lines);
    return run_program(command(out_, {"--crf", "1", "--keep-frames"}));
  }

  std::unique_ptr<SmallDisk> disk_;
};

TEST_F(TightDisk, IsRefusedWhenItCannotHoldTheNextClips) {
  const Ending ending = run({"huge", "a"});
  EXPECT_EQ(ending.exit_code, 2) << ending.err;
  EXPECT_THAT(ending.err, AllOf(HasSubstr("no room: the next clips need about "), HasSubstr(" GiB, and "),
                                HasSubstr(" are free: free some, or choose another --out")));
  EXPECT_FALSE(fs::exists(out_ / "results.jsonl"));
}

TEST_F(TightDisk, IsWarnedOfAndTheClipsThatFitAreMade) {
  const Ending ending = run({"a", "b", "huge", "c"});
  EXPECT_EQ(ending.exit_code, 1) << ending.err;
  EXPECT_THAT(ending.err, HasSubstr("warning: " + out_.string() + ": 4 clips need about "));
  const std::vector<Json> results = records();
  ASSERT_EQ(results.size(), 4U);
  for (const std::size_t i : {0U, 1U, 3U}) EXPECT_EQ(results[i].at("status"), "done") << results[i];
  EXPECT_THAT(results[2].at("error").get<std::string>(), HasSubstr("no room: the clip's files need about "));
}

}  // namespace
}  // namespace orrery
