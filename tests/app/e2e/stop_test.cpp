// Runs that are stopped, by themselves or by signals, and resumed, also with other grids and files.
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>

#include "base/core/file.h"
#include "clips.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr double kSameAcrossGrids = 1e-3;  // relative to the largest value

std::string resumes(const Json& line, int step) {
  return line.at("id").get<std::string>() + " resumes at step " + std::to_string(step) + "/" + line.at("steps").dump();
}

// A clip with everything that a snapshot can contain.
Json rich_line(const std::string& id) { return tiny_line(id, {{"sound", true}, {"image", "picture.png"}}); }

// A clip that takes about a minute unless it is stopped.
Json long_line(const std::string& id) {
  return tiny_line(id, {{"num_frames", 33}, {"height", 192}, {"width", 320}, {"steps", 1000}});
}

class Stop : public Clips {
 protected:
  Stop() { fs::copy_file(std::string(ORRERY_SOURCE) + "/inputs/street.png", folder_ / "picture.png"); }

  std::vector<Json> results(const std::string& out) const { return json_lines(folder_ / out / "results.jsonl"); }
  bool left_nothing(const std::string& out) const {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_ / out)) {
      if (entry.path().extension() == ".tmp") return false;
    }
    return fs::is_empty(folder_ / out / "snapshots");
  }
};

// --- By the number of steps

class StopAfterSteps : public Stop, public testing::WithParamInterface<RunGrid> {};

TEST_P(StopAfterSteps, GoesOnAsIfItHadNotStopped) {
  const std::vector<Json> lines{rich_line("a"), tiny_line("b", {{"steps", 4}, {"guidance_scale", 1.0}})};
  run("whole", lines, {}, GetParam());
  const CommandLine two_steps{"--stop-after-steps", "2"};
  EXPECT_THAT(run("parts", lines, two_steps, GetParam(), kStopped).err,
              AllOf(HasSubstr("stopped by the step limit with 2 clips to go"), HasSubstr("the same command again")));
  EXPECT_EQ(results("parts").back(), [&] {
    Json record = results("parts").back();
    record.update({{"id", "a"}, {"status", "stopped"}, {"steps_done", 2}, {"steps", 3}});
    return record;
  }());
  const Ending second = run("parts", lines, two_steps, GetParam(), kStopped);
  EXPECT_THAT(second.err, HasSubstr(resumes(lines[0], 2)));
  EXPECT_THAT(second.out, AllOf(HasSubstr("stopped at step 1/4"), HasSubstr("1 done, 0 failed, 1 left")));
  EXPECT_FALSE(fs::exists(snapshot_path("parts", "a")));
  const Ending last = run("parts", lines, {}, GetParam());
  EXPECT_THAT(last.err, AllOf(HasSubstr(resumes(lines[1], 1)), HasSubstr("1 clip to make, 1 already complete")));
  for (const char* id : {"a", "b"}) {
    EXPECT_TRUE(timeless_latents("parts", id) == timeless_latents("whole", id)) << id;
    const std::string media = std::string("media/") + id + ".mp4";
    EXPECT_TRUE(read_file(folder_ / "parts" / media) == read_file(folder_ / "whole" / media)) << id;
  }
  EXPECT_TRUE(left_nothing("parts"));
}

INSTANTIATE_TEST_SUITE_P(Grids, StopAfterSteps, testing::Values(RunGrid{1, 1}, RunGrid{2, 1}),
                         [](const auto& test) { return grid_name(test.param); });

TEST_F(Stop, ASnapshotGoesOnOverOtherRanks) {
  const std::vector<Json> lines{rich_line("a")};
  run("whole", lines);
  const CommandLine one_step{"--stop-after-steps", "1"};
  run("parts", lines, one_step, {}, kStopped);
  EXPECT_THAT(run("parts", lines, one_step, {2, 2}, kStopped).err, HasSubstr(resumes(lines[0], 1)));
  EXPECT_THAT(run("parts", lines, {}, {2, 1}).err, HasSubstr(resumes(lines[0], 2)));
  const LatentFile found = latents("parts", "a");
  const LatentFile expected = latents("whole", "a");
  EXPECT_LE(relative(video_of(found), video_of(expected)), kSameAcrossGrids);
  EXPECT_LE(relative(tensor_of(found.latents.at(Stream::Sound)), tensor_of(expected.latents.at(Stream::Sound))),
            kSameAcrossGrids);
}

TEST_F(Stop, TheLastStepOfAllIsNoStop) {
  run("out", {tiny_line("a")}, {"--stop-after-steps", "3"});
  EXPECT_EQ(results("out").back().at("status"), "done");
  EXPECT_TRUE(left_nothing("out"));
}

// The snapshot contains the condition image's latents.
TEST_F(Stop, APictureThatIsGoneDoesNotMatter) {
  const std::vector<Json> lines{rich_line("a")};
  run("whole", lines);
  run("parts", lines, {"--stop-after-steps", "1"}, {}, kStopped);
  fs::remove(folder_ / "picture.png");
  run("parts", lines);
  EXPECT_TRUE(timeless_latents("parts", "a") == timeless_latents("whole", "a"));
}

// --- By signals

struct Signalling {
  std::string name;
  int ranks;
  int signal;
  bool to_launcher;  // false: only to the last rank
};

class Signalled : public Stop, public testing::WithParamInterface<Signalling> {
 protected:
  std::vector<Json> lines_{long_line("a"), tiny_line("b")};

  CommandLine job(const CommandLine& more = {}) const {
    const int ranks = GetParam().ranks;
    CommandLine line = command("out", lines_, {"--cfg", std::to_string(ranks)});
    line.insert(line.end(), more.begin(), more.end());
    return ranks == 1 ? line : on_ranks(ranks, line);
  }
  pid_t target(const Process& process) const {
    if (GetParam().ranks == 1) return process.pid();
    pid_t found = -1;
    for (const RunningProgram& program : running_programs("--out " + (folder_ / "out").string())) {
      if (program.command.starts_with("mpirun") == GetParam().to_launcher) found = std::max(found, program.pid);
    }
    return found;
  }
  // Starts the job, signals it while it denoises, and waits for its end.
  Ending stopped() const {
    Process process(job({"--snapshot-every", "5"}));
    EXPECT_TRUE(soon([&] { return fs::exists(snapshot_path("out", "a")); }));
    ::kill(target(process), GetParam().signal);
    return process.wait();
  }
};

TEST_P(Signalled, LeavesASnapshotOnEveryRank) {
  const Ending ending = stopped();
  EXPECT_EQ(ending.exit_code, kStopped) << ending.err;
  const int step = read_latents(snapshot_path("out", "a")).running->step;
  EXPECT_GE(step, 5);
  EXPECT_EQ(results("out").back().at("steps_done"), step);
  EXPECT_FALSE(fs::exists(latents_path("out", "b"))) << "nothing more is begun";
  const Ending next = run_program(job({"--stop-after-steps", "1"}));
  EXPECT_EQ(next.exit_code, kStopped) << next.err;
  EXPECT_THAT(next.err, HasSubstr(resumes(lines_[0], step)));
  EXPECT_EQ(read_latents(snapshot_path("out", "a")).running->step, step + 1);
}

INSTANTIATE_TEST_SUITE_P(Ways, Signalled,
                         testing::Values(Signalling{"Usr1Alone", 1, SIGUSR1, false},
                                         Signalling{"IntAlone", 1, SIGINT, false},
                                         Signalling{"TermToOneRank", 2, SIGTERM, false},
                                         Signalling{"Usr1ToTheLauncher", 2, SIGUSR1, true}),
                         [](const auto& test) { return test.param.name; });

// On SIGTERM, mpirun waits for a grace period (by default a second) before it forwards the signal and again before it
// kills, and ends with its own exit code. The clip is long enough to be unfinished by then; the program stops at the
// next step after the signal.
TEST_F(Stop, ALauncherThatIsTerminatedLeavesASnapshot) {
  const std::vector<Json> lines{long_line("a")};
  CommandLine line = on_ranks(2, command("out", lines, {"--cfg", "2", "--snapshot-every", "0"}));
  line.insert(line.begin(), {"env", "OMPI_MCA_odls_base_sigkill_timeout=5"});
  Process process(line);
  ASSERT_TRUE(soon([&] { return process.errors_so_far().find("a: step 1/") != std::string::npos; }));
  process.signal(SIGTERM);
  EXPECT_NE(process.wait().exit_code, 0);
  EXPECT_THAT(run("out", lines, {"--stop-after-steps", "1"}, {2, 1}, kStopped).err, HasSubstr("a resumes at step "));
}

TEST_F(Stop, AKilledRunGoesOnFromItsNewestSnapshot) {
  const std::vector<Json> lines{long_line("a")};
  Process process(command("out", lines, {"--snapshot-every", "3"}));
  ASSERT_TRUE(soon([&] { return fs::exists(snapshot_path("out", "a")); }));
  process.signal(SIGKILL);
  process.wait();
  const int step = read_latents(snapshot_path("out", "a")).running->step;
  EXPECT_GE(step, 3);
  EXPECT_THAT(run("out", lines, {"--stop-after-steps", "1"}, {}, kStopped).err, HasSubstr(resumes(lines[0], step)));
}

TEST_F(Stop, WhileLoadingNothingIsBegun) {
  const std::vector<Json> lines{long_line("a"), tiny_line("b")};
  Process process(command("out", lines));
  ASSERT_TRUE(soon([&] { return fs::exists(folder_ / "out" / "snapshots"); }));
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait().exit_code, kStopped);
  EXPECT_TRUE(fs::is_empty(folder_ / "out/latents"));
  run("out", lines, {"--stop-after-steps", "1"}, {}, kStopped);
}

// The latents are kept, the incomplete video is not, and the next run only decodes.
TEST_F(Stop, WhileDecodingTheLatentsAreKept) {
  const std::vector<Json> lines{tiny_line("a", {{"num_frames", 201}, {"steps", 1}, {"guidance_scale", 1.0}})};
  Process process(command("out", lines));
  ASSERT_TRUE(soon([&] { return process.errors_so_far().find("a: step 1/1") != std::string::npos; }));
  process.signal(SIGUSR1);
  const Ending ending = process.wait();
  EXPECT_EQ(ending.exit_code, kStopped) << ending.err;
  EXPECT_FALSE(fs::exists(folder_ / "out/media/a.mp4"));
  EXPECT_TRUE(left_nothing("out"));
  EXPECT_EQ(results("out").back().at("status"), "stopped");
  const LatentFile kept = latents("out", "a");
  const Ending next = run("out", lines);
  EXPECT_THAT(next.err, Not(HasSubstr("a: step 1/1")));
  EXPECT_TRUE(latents("out", "a") == kept);
  EXPECT_TRUE(fs::exists(folder_ / "out/media/a.mp4"));
}

// --- By the clock. step_watch_test checks that enough time is left for the last snapshot.

TEST_F(Stop, TheTimeLimitIsKept) {
  EXPECT_THAT(run("out", {long_line("a")}, {"--time-limit", "00:00:02"}, {}, kStopped).err,
              HasSubstr("stopped by the time limit"));
  EXPECT_TRUE(fs::is_empty(folder_ / "out/latents"));
}

// On a busy machine the program may start after this moment and refuse to run; a later moment is then tried.
TEST_F(Stop, TheEndOfTheSlurmJobIsKept) {
  Ending ending;
  for (int seconds = 2; seconds <= 64; seconds *= 2) {
    CommandLine line = command("out", {long_line("a")});
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto end = std::chrono::duration_cast<std::chrono::seconds>(now).count() + seconds;
    line.insert(line.begin(), {"env", "SLURM_JOB_END_TIME=" + std::to_string(end)});
    ending = run_program(line);
    if (ending.exit_code != 2) break;
    EXPECT_THAT(ending.err, HasSubstr("it is left from a job that has ended"));
  }
  EXPECT_EQ(ending.exit_code, kStopped) << ending.err;
  EXPECT_THAT(ending.err, HasSubstr("stopped by the time limit"));
}

}  // namespace
}  // namespace orrery
