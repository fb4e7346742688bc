// Runs that are killed at random moments and repeated until all clips are made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <regex>
#include <thread>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/latents/latent_store.h"
#include "orrery_program.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// The processes that get SIGKILL.
enum class Victim { OnlyRank, OneRank, AllRanks, Launcher };

struct Plan {
  std::string name;
  Victim victim;
  int ranks;
  int kills;
};

constexpr std::size_t kClips = 5;
constexpr int kEvery = 2;  // steps between snapshots

std::string manifest_text() {
  const std::array<Json, kClips> more{Json{{"seed", 1}}, Json{{"sound", true}},
                                      Json{{"condition_latents", "clip0"}, {"steps", 60}},
                                      Json{{"num_frames", 9}, {"guidance_scale", 1}, {"steps", 60}},
                                      Json{{"condition_latents", "clip2"}, {"sound", true}, {"steps", 60}}};
  std::string text;
  for (std::size_t i = 0; i < more.size(); ++i) {
    Json line{{"steps", 3}};
    line.update(more[i]);
    text += random_line("clip" + std::to_string(i), line);
  }
  return text;
}

// The content of a run's files by name, which must not depend on kills. Reading fails for an incomplete file. Latents,
// frames and sound are compared bit for bit; mp4 files by their decoded frames and samples.
using Content = std::map<std::string, std::string>;

bool is_leftover(const fs::path& file) { return file.extension() == ".tmp" || file.extension() == ".holder"; }

// A checksum for each frame and each packet of samples, as ffmpeg decodes them. `known` caches earlier results by the
// bytes of the file.
std::string decoded(const fs::path& video, std::map<std::string, std::string>& known) {
  const auto [entry, is_new] = known.try_emplace(read_file(video));
  if (is_new) {
    const Ending ending =
        run_program({"ffmpeg", "-v", "error", "-xerror", "-i", video, "-map", "0", "-f", "framemd5", "-"});
    require(ending.exit_code == 0 && ending.err.empty(), video.string() + ": " + ending.err);
    entry->second = ending.out;
  }
  return entry->second;
}

std::string content_of(const fs::path& file, std::map<std::string, std::string>& known) {
  if (file.extension() == ".mp4") return decoded(file, known);
  if (file.extension() != ".h5") return read_file(file);
  LatentFile latents = read_latents(file);
  return latents.request + latents_checksum(latents);
}

Content content_of_folder(const fs::path& out, std::map<std::string, std::string>& known) {
  Content content;
  for (const char* part : {"latents", "media", "frames"}) {
    if (!fs::exists(out / part)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(out / part)) {
      if (!entry.is_regular_file() || is_leftover(entry.path())) continue;
      EXPECT_NO_THROW(content[fs::relative(entry.path(), out)] = content_of(entry.path(), known));
    }
  }
  return content;
}

// The steps of the snapshots, by id. Each snapshot must be complete.
std::map<std::string, int> steps_of_snapshots(const fs::path& out) {
  std::map<std::string, int> steps;
  if (!fs::exists(out / "snapshots")) return steps;
  for (const fs::directory_entry& entry : fs::directory_iterator(out / "snapshots")) {
    if (is_leftover(entry.path())) continue;
    EXPECT_NO_THROW(steps[entry.path().stem()] = read_latents(entry.path()).running.value().step) << entry.path();
  }
  return steps;
}

// The steps of a clip in a run, according to the run's log.
struct Steps {
  int first = 0;
  int last = 0;
  std::vector<int> snapshots;  // the steps of snapshots that it began to write
};

// The steps of all clips in a log, by id.
std::map<std::string, Steps> steps_in(const std::string& log) {
  std::map<std::string, Steps> clips;
  Steps* clip = nullptr;
  const std::regex line(R"(\] (\w+): step (\d+)/|begins to write a snapshot of step (\d+)\n)");
  for (std::sregex_iterator found(log.begin(), log.end(), line), end; found != end; ++found) {
    if ((*found)[3].matched) {
      clip->snapshots.push_back(std::stoi((*found)[3]));
      continue;
    }
    clip = &clips[(*found)[1]];
    clip->last = std::stoi((*found)[2]);
    if (clip->first == 0) clip->first = clip->last;
  }
  return clips;
}

// The records that a killed run left, without an incomplete line at the end.
std::vector<Json> records_in(const fs::path& out) {
  std::vector<Json> records;
  if (!fs::exists(out / "results.jsonl")) return records;
  std::istringstream text(read_file(out / "results.jsonl"));
  for (std::string line; std::getline(text, line) && !text.eof();) records.push_back(Json::parse(line));
  return records;
}

class Killed : public testing::TestWithParam<Plan> {
 protected:
  Killed() {
    folder_.write("clips.jsonl", manifest_text());
    const char* const given = std::getenv("ORRERY_KILL_SEED");
    const unsigned seed = given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
    std::cout << "ORRERY_KILL_SEED=" << seed << " repeats these moments\n";
    random_.seed(seed);
  }

  CommandLine job(const fs::path& out) const {
    const int ranks = GetParam().ranks;
    const CommandLine alone = run_command("random:tiny", folder_ / "clips.jsonl", out,
                                          {"--tp", std::to_string(ranks), "--keep-frames", "--snapshot-every",
                                           std::to_string(kEvery), "--verbose", "--log-file", log_.string()});
    return ranks == 1 ? alone : on_ranks(ranks, alone);
  }

  // Makes the reference by a run that is not killed, and measures its CPU time.
  void make_reference() {
    Process process(job(out_));
    seconds_ = work_until(process, 1e9);
    const Ending ending = process.wait();
    ASSERT_EQ(ending.exit_code, 0) << ending.err;
    reference_ = content_of_folder(out_, known_);
    ASSERT_GT(reference_.size(), 20U);
    fs::rename(out_, undisturbed_);
  }

  // Waits until the first rank has spent `moment` seconds of CPU time after loading, or the process has ended; returns
  // the CPU time spent. CPU time is used so that moments are spread evenly over the work on a busy machine too.
  double work_until(const Process& process, double moment) const {
    const auto nap = [] { std::this_thread::sleep_for(milliseconds(1)); };
    while (!fs::exists(loaded_) && !process.has_ended()) nap();
    const std::vector<pid_t> ranks = ranks_of_job();
    const pid_t first = ranks.empty() ? process.pid() : ranks.front();
    const double loaded = cpu_seconds_of(first);
    double spent = 0;
    for (; spent < moment && !process.has_ended(); nap()) spent = std::max(spent, cpu_seconds_of(first) - loaded);
    return spent;
  }

  // The processes of the ranks under a launcher; without one, the only rank is the process itself.
  std::vector<pid_t> ranks_of_job() const {
    std::vector<pid_t> ranks;
    for (const RunningProgram& program : running_programs("--out " + out_.string())) {
      if (!program.command.starts_with("mpirun")) ranks.push_back(program.pid);
    }
    return ranks;
  }

  // A random moment in the remaining work. Runs of several ranks are expensive, so theirs is rarely after the end.
  double random_moment() {
    const double left = 1 - static_cast<double>(records_in(out_).size()) / static_cast<double>(kClips);
    const double share = GetParam().ranks == 1 ? std::max(left, 0.2) : 0.7 * left;
    return std::uniform_real_distribution<>(0, seconds_ * share)(random_);
  }

  // Runs the job and kills it at `moment`. Returns whether it was killed before its end.
  bool run_until(double moment) {
    for (const fs::path& old : {loaded_, log_}) fs::remove(old);
    const std::map<std::string, int> snapshots = steps_of_snapshots(out_);
    Process process(job(out_));
    work_until(process, moment);
    const bool is_late = process.has_ended();
    if (!is_late) kill_some(process);
    const Ending ending = process.wait();
    EXPECT_TRUE(soon([&] { return ranks_of_job().empty(); })) << "ranks outlive the job";
    const std::string log = fs::exists(log_) ? read_file(log_) : "";
    for (const auto& [id, steps] : steps_in(log)) {
      SCOPED_TRACE(id + ": " + log);
      const auto snapshot = snapshots.find(id);
      const int before = snapshot == snapshots.end() ? 0 : snapshot->second;
      resumed_ += before > 0 ? 1 : 0;
      EXPECT_EQ(steps.first, before + 1) << "a clip goes on behind the step of its snapshot";
      expect_snapshots_kept(id, before, steps);
    }
    EXPECT_TRUE(!is_late || ending.exit_code == 0) << ending.err;
    return ending.exit_code != 0;  // 0: it ended by itself at that moment
  }

  // Expects that a killed run that began after step `before` left the newest snapshot of the clip, or the one before it
  // if the newest was being written. A snapshot is begun only when the one before is on the disk.
  void expect_snapshots_kept(const std::string& id, int before, const Steps& steps) {
    const std::vector<int>& begun = steps.snapshots;
    if (!begun.empty()) {
      EXPECT_EQ(begun.front(), before + kEvery);
    }
    if (begun.empty()) {
      EXPECT_LE(steps.last, before + kEvery) << "a snapshot is due";
    }
    if (fs::exists(out_ / "latents" / (id + ".h5"))) return;
    const std::map<std::string, int> kept = steps_of_snapshots(out_);
    const int step = kept.contains(id) ? kept.at(id) : 0;
    const int written = begun.size() < 2 ? before : begun.end()[-2];
    EXPECT_TRUE(step == written || (!begun.empty() && step == begun.back())) << "kept is step " << step;
    lost_ += std::max(steps.last - step, 0);
  }

  void kill_some(const Process& process) {
    std::vector<pid_t> ranks = ranks_of_job();
    const bool is_for_ranks = GetParam().victim == Victim::OneRank || GetParam().victim == Victim::AllRanks;
    if (!is_for_ranks || ranks.empty()) return process.signal(SIGKILL);
    if (GetParam().victim == Victim::OneRank) ranks = {ranks[random_() % ranks.size()]};
    for (const pid_t rank : ranks) ::kill(rank, SIGKILL);
  }

  void expect_reference(const Content& found) {
    for (const auto& [name, content] : found) {
      ASSERT_TRUE(reference_.contains(name)) << name;
      if (reference_.at(name) != content) ADD_FAILURE() << name << " is another one: see " << keep(name);
    }
  }

  // Copies a wrong file and the expected one out of the test's folder. Returns where they are.
  fs::path keep(const std::string& name) const {
    const fs::path folder = fs::temp_directory_path() / ("orrery-kill-test-" + std::to_string(::getpid()));
    const std::string file = fs::path(name).filename();
    fs::create_directories(folder);
    fs::copy_file(undisturbed_ / name, folder / ("expected-" + file), fs::copy_options::overwrite_existing);
    fs::copy_file(out_ / name, folder / ("found-" + file), fs::copy_options::overwrite_existing);
    return folder;
  }

  // Expects that the files of a killed run are complete and correct, and agree with its records.
  void expect_sound() {
    const std::vector<Json> records = records_in(out_);
    const Content found = content_of_folder(out_, known_);
    expect_reference(found);
    for (const Json& record : records) {
      const auto id = record.at("id").get<std::string>();
      EXPECT_EQ(record.at("status"), "done") << record;
      EXPECT_TRUE(found.contains("latents/" + id + ".h5") && found.contains("media/" + id + ".mp4")) << record;
      const fs::file_time_type written = fs::last_write_time(out_ / ("latents/" + id + ".h5"));
      EXPECT_EQ(written_.try_emplace(id, written).first->second, written) << id << " was made once more";
    }
    steps_of_snapshots(out_);
    if (fs::exists(out_ / "run.json")) {
      EXPECT_NO_THROW(parse_json_file(out_ / "run.json"));
    }
  }

  void expect_complete() {
    const Content found = content_of_folder(out_, known_);
    EXPECT_EQ(found.size(), reference_.size());
    expect_reference(found);
    EXPECT_EQ(steps_of_snapshots(out_).size(), 0U);
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(out_)) {
      EXPECT_FALSE(is_leftover(entry.path())) << entry.path();
    }
  }

  TemporaryFolder folder_;
  fs::path out_ = folder_ / "out";
  fs::path loaded_ = out_ / "run.json";
  fs::path log_ = folder_ / "run.log";  // written by rank 0 itself: the output of a killed launcher may be lost
  fs::path undisturbed_ = folder_ / "undisturbed";
  Content reference_;
  std::map<std::string, std::string> known_;           // decoded content of mp4 files, by their bytes
  std::map<std::string, fs::file_time_type> written_;  // times of the latent files of finished clips
  double seconds_ = 0;                                 // the first rank's CPU time in the reference run
  int resumed_ = 0;                                    // clips that resumed from a snapshot
  int lost_ = 0;                                       // steps of killed runs that no snapshot had
  std::mt19937 random_;
};

TEST_P(Killed, ARunGoesOnUntilAllIsMade) {
  make_reference();
  if (HasFatalFailure()) return;
  int kills = 0;
  int completed = 0;
  while (kills < GetParam().kills && !HasFailure()) {
    const double moment = random_moment();
    SCOPED_TRACE("kill " + std::to_string(kills + 1) + " after " + std::to_string(moment) + " s");
    if (run_until(moment)) {
      ++kills;
      expect_sound();
    } else {
      ++completed;
      expect_complete();
      fs::remove_all(out_);
      written_.clear();
    }
  }
  const Ending last = run_program(job(out_));
  EXPECT_EQ(last.exit_code, 0) << last.err;
  expect_complete();
  // Among many random moments, some must be during denoising, which is about half of the work.
  EXPECT_TRUE(resumed_ > 0 || GetParam().kills < 20);
  std::cout << kills << " kills, " << resumed_ << " clips from a snapshot, " << lost_ << " steps made again, "
            << completed + 1 << " times complete\n";
}

INSTANTIATE_TEST_SUITE_P(Jobs, Killed,
                         testing::Values(Plan{"OnlyRank", Victim::OnlyRank, 1, 30},
                                         Plan{"OneRankOfTwo", Victim::OneRank, 2, 5},
                                         Plan{"AllRanksOfTwo", Victim::AllRanks, 2, 4},
                                         Plan{"LauncherOfTwo", Victim::Launcher, 2, 5}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace orrery
