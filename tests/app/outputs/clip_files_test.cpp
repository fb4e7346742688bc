// Files in OUT count as a clip only if they were made from the present content of the files that its request names.
#include "app/outputs/clip_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/manifest/manifest.h"
#include "base/core/file.h"
#include "io/media/rgb_image.h"
#include "io/media/sound_files.h"
#include "io/media/video_writer.h"
#include "pipeline/clip_file.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const CheckpointFiles& checkpoint() {
  static const CheckpointFiles files = open_checkpoint("random:tiny");
  return files;
}

class ClipFile : public testing::Test {
 protected:
  ClipFile() {
    output_.folder = folder_ / "out";
    output_.media.video = Media::None;
    folder_.write("i.png", "one picture");
    folder_.write("c.h5", "some latents");
  }

  // A manifest line for 5 frames of 32 x 32; `more` are further members, with a comma before each.
  static std::string line(const std::string& id, const std::string& more = "") {
    return R"({"id":")" + id + R"(","prompt":"x","num_frames":5,"height":32,"width":32,"steps":3)" + more + "}\n";
  }
  std::vector<ClipJob> jobs(const std::string& lines) const {
    std::vector<ClipJob> jobs;
    for (const Request& request : parse_manifest(lines, folder_ / "m.jsonl", {})) {
      ClipJob& job = jobs.emplace_back();
      job.request = request;
      job.request_json = manifest_line(request);
      job.ids = {{1, 2}, {3}};
    }
    return jobs;
  }

  // The latent file that a run writes for the job; its latents begin with `value`.
  LatentFile file_of(const ClipJob& job, float value) const {
    const Schedule schedule = make_schedule(ScheduleKind::Native, job.request.steps, job.request.flow_shift);
    LatentFile file;
    file.request = job.request_json;
    file.model = checkpoint().description().dump();
    file.software = "orrery";
    file.latents[Stream::Video] = {{1, 1, 1, 1, 2}, {value, 1}};
    if (job.request.sound) {
      const std::int64_t steps = job.request.sound_steps();
      file.latents[Stream::Sound] =
          FloatArray{{1, 1, steps}, std::vector<float>(static_cast<std::size_t>(steps), value)};
    }
    file.cond_ids = job.ids.cond;
    file.uncond_ids = job.ids.uncond;
    file.sigmas = schedule.sigmas;
    ParentContent parent{"", job.parent_recipe};
    if (!job.request.parent.empty()) parent.latents = stored_checksum(latents(job.request.parent));
    file.inputs = clip_inputs(job.request, parent);
    return file;
  }
  void make(const std::string& lines, float value = 0.5F) const {
    std::vector<ClipJob> made = jobs(lines);
    ClipSources recipes(made, Recipe(), checkpoint());
    fs::create_directories(output_.folder / "latents");
    for (ClipJob& job : made) {
      recipes.add(job);
      write_latents(latents(job.request.id), file_of(job, value));
    }
  }
  // Writes files as releases did that did not record the content of inputs.
  void make_as_earlier_releases_did(const std::string& lines) const {
    fs::create_directories(output_.folder / "latents");
    for (const ClipJob& job : jobs(lines)) {
      LatentFile file = file_of(job, 0.5F);
      file.inputs.clear();
      write_latents(latents(job.request.id), file);
    }
  }
  void begin(const std::string& lines) const {
    fs::create_directories(output_.folder / "snapshots");
    for (const ClipJob& job : jobs(lines)) {
      LatentFile file = file_of(job, 0.5F);
      file.state = LatentFile::State::Running;
      file.running = RunningState{};
      for (const auto& [stream, own] : file.latents) file.running->histories[stream] = {};
      write_latents(RunFolder{output_.folder}.snapshot(job.request.id), file);
    }
  }

  struct Look {
    std::vector<std::string> complete;
    std::vector<std::string> conflicts;
    std::vector<std::string> warnings;
  };
  Look look(const std::string& lines) const {
    std::vector<ClipJob> wanted = jobs(lines);
    ClipFiles files(wanted, Recipe(), output_, checkpoint(), "orrery 0.1.0 (a revision)");
    Look found;
    for (ClipJob& job : wanted) {
      if (files.look_for(job)) found.complete.push_back(job.request.id);
    }
    found.conflicts = files.conflicts();
    found.warnings = files.warnings();
    return found;
  }
  std::vector<std::string> conflicts(const std::string& lines) const { return look(lines).conflicts; }

  fs::path latents(const std::string& id) const { return RunFolder{output_.folder}.latents(id); }

  TemporaryFolder folder_;
  OutputOptions output_;
};

// --- Images and condition files

struct Input {
  std::string key;
  std::string file;
};

class ClipInput : public ClipFile, public testing::WithParamInterface<Input> {
 protected:
  std::string line_with(const std::string& path) const {
    return line("a", R"(,")" + GetParam().key + R"(":")" + path + R"(")");
  }
};

TEST_P(ClipInput, OfTheSameContentIsTheSame) {
  make(line_with(GetParam().file));
  EXPECT_THAT(look(line_with(GetParam().file)).complete, ElementsAre("a"));
}

TEST_P(ClipInput, OfOtherContentUnderTheSameNameIsAnother) {
  make(line_with(GetParam().file));
  folder_.write(GetParam().file, "some else");
  EXPECT_THAT(conflicts(line_with(GetParam().file)),
              ElementsAre(AllOf(HasSubstr("latents/a.h5: this finished clip was made from another " + GetParam().key),
                                HasSubstr(GetParam().file + " has changed since"), HasSubstr("--force"))));
}

TEST_P(ClipInput, BehindASnapshotCountsToo) {
  begin(line_with(GetParam().file));
  folder_.write(GetParam().file, "some else");
  EXPECT_THAT(conflicts(line_with(GetParam().file)),
              ElementsAre(HasSubstr("snapshots/a.h5: this unfinished clip was begun from another " + GetParam().key)));
}

TEST_P(ClipInput, ThatMovedIsTheSame) {
  make(line_with(GetParam().file));
  fs::create_directory(folder_ / "elsewhere");
  fs::rename(folder_ / GetParam().file, folder_ / "elsewhere" / "moved");
  EXPECT_THAT(look(line_with("elsewhere/moved")).complete, ElementsAre("a"));
}

TEST_P(ClipInput, ThatIsLostChangesNothing) {
  make(line_with(GetParam().file));
  fs::remove(folder_ / GetParam().file);
  EXPECT_THAT(look(line_with(GetParam().file)).complete, ElementsAre("a"));
}

TEST_P(ClipInput, ThatIsNoLongerAskedForIsAnotherRequest) {
  make(line_with(GetParam().file));
  EXPECT_THAT(conflicts(line("a")), ElementsAre(HasSubstr("from another request")));
  make(line("a"));
  EXPECT_THAT(conflicts(line_with(GetParam().file)), ElementsAre(HasSubstr("from another request")));
}

TEST_P(ClipInput, OfEarlierReleasesIsComparedByPath) {
  make_as_earlier_releases_did(line_with(GetParam().file));
  folder_.write("copy", read_file(folder_ / GetParam().file));
  EXPECT_THAT(look(line_with(GetParam().file)).complete, ElementsAre("a"));
  EXPECT_THAT(conflicts(line_with("copy")), ElementsAre(HasSubstr("from another request")));
}

INSTANTIATE_TEST_SUITE_P(Files, ClipInput, testing::Values(Input{"image", "i.png"}, Input{"condition_latents", "c.h5"}),
                         [](const auto& test) { return test.param.key; });

TEST_F(ClipFile, WhatElseTheLineSaysStillCounts) {
  make(line("a", R"(,"image":"i.png","seed":1)"));
  EXPECT_THAT(conflicts(line("a", R"(,"image":"i.png","seed":2)")), ElementsAre(HasSubstr("from another request")));
}

// --- Parents

class ClipChain : public ClipFile {
 protected:
  static std::string child(const std::string& id, const std::string& parent, const std::string& more = "") {
    return line(id, R"(,"condition_latents":")" + parent + "\"" + more);
  }
  const std::string chain_ =
      line("a", R"(,"image":"i.png")") + child("b", "a", R"(,"seed":5)") + child("c", "b", R"(,"seed":6)");
};

TEST_F(ClipChain, IsCompleteAsItWasMade) {
  make(chain_);
  EXPECT_THAT(look(chain_).complete, ElementsAre("a", "b", "c"));
}

TEST_F(ClipChain, AChildOfOtherLatentsIsStale) {
  make(chain_);
  make(line("a", R"(,"image":"i.png")"), 0.75F);  // with other latents
  EXPECT_THAT(conflicts(chain_), ElementsAre(AllOf(HasSubstr("latents/b.h5: this finished clip was made from other "
                                                             "latents of the clip \"a\", which it continues"),
                                                   HasSubstr("made again since"), HasSubstr("remove the file"))));
}

TEST_F(ClipChain, AParentThatIsMadeAgainFromTheSameKeepsItsChildren) {
  make(chain_);
  fs::remove(latents("a"));
  EXPECT_THAT(look(chain_).complete, ElementsAre("b", "c"));
  fs::remove(latents("b"));
  EXPECT_THAT(look(chain_).complete, ElementsAre("c"));
}

TEST_F(ClipChain, ChildrenThatAreKeptSayWhichLatentsTheyContinue) {
  make(chain_);
  const std::string before = stored_checksum(latents("a"));
  fs::remove(latents("a"));
  std::vector<ClipJob> wanted = jobs(chain_);
  ClipFiles files(wanted, Recipe(), output_, checkpoint(), "orrery 0.1.0 (a revision)");
  for (ClipJob& job : wanted) files.look_for(job);
  ASSERT_EQ(files.kept_children().size(), 1U);
  EXPECT_EQ(files.kept_children().begin()->first, "a");
  EXPECT_EQ(files.kept_children().begin()->second.latents, latents("b"));
  EXPECT_EQ(files.kept_children().begin()->second.made_from, before);
}

TEST_F(ClipChain, AParentThatIsMadeAgainFromOtherThingsMakesThemStale) {
  make(chain_);
  fs::remove(latents("a"));
  folder_.write("i.png", "another picture");
  EXPECT_THAT(conflicts(chain_), ElementsAre(AllOf(HasSubstr("latents/b.h5"), HasSubstr("clip \"a\""),
                                                   HasSubstr("will be made from another request"))));
  fs::remove(latents("b"));
  EXPECT_THAT(conflicts(chain_), ElementsAre(AllOf(HasSubstr("latents/c.h5"), HasSubstr("clip \"b\""),
                                                   HasSubstr("will be made from another request"))))
      << "a grandparent counts";
}

TEST_F(ClipChain, OfEarlierReleasesIsComparedByNames) {
  make_as_earlier_releases_did(chain_);
  fs::remove(latents("a"));
  EXPECT_THAT(look(chain_).complete, ElementsAre("b", "c"));
}

// --- Media

class ClipMediaOf : public ClipFile {
 protected:
  ClipMediaOf() {
    make(clip_);
    ours_ = stored_checksum(latents("a"));
  }

  void write_video(const std::string& checksum) const {
    VideoFormat format;
    format.width = 32;
    format.height = 32;
    if (!checksum.empty()) format.metadata = {{"latents", checksum}};
    fs::create_directories(place_.media("a").parent_path());
    VideoWriter writer(place_.media("a"), format);
    writer.write(grey_);
    writer.finish();
  }
  void write_picture(const fs::path& path, const std::string& checksum) const {
    fs::create_directories(path.parent_path());
    write_png(path, 32, 32, grey_, checksum);
  }
  void write_sound(const std::string& checksum) const {
    fs::create_directories(place_.frames("a"));
    write_wav(place_.sound("a"), std::vector<float>(8), 2, 48000, checksum);
  }
  bool complete() const { return !look(clip_).complete.empty(); }

  const std::string clip_ = line("a", R"(,"sound":true)");
  const std::string others_ = std::string(32, 'f');
  const std::vector<std::uint8_t> grey_ = std::vector<std::uint8_t>(32 * 32 * 3, 128);
  RunFolder place_{output_.folder};
  std::string ours_;
};

TEST_F(ClipMediaOf, TheseLatentsCountAlone) {
  output_.media.video = Media::Mp4;
  EXPECT_FALSE(complete());
  for (const std::string& checksum : {others_, std::string()}) {
    write_video(checksum);
    EXPECT_FALSE(complete()) << checksum;
  }
  write_video(ours_);
  EXPECT_TRUE(complete());

  output_.media.preview = true;
  EXPECT_FALSE(complete());
  write_picture(place_.preview("a"), others_);
  EXPECT_FALSE(complete());
  write_picture(place_.preview("a"), ours_);
  EXPECT_TRUE(complete());
}

TEST_F(ClipMediaOf, EveryFrameAndTheSoundCount) {
  output_.media.keep_frames = true;
  const auto write_frames = [&](const std::string& first, const std::string& last, const std::string& sound) {
    write_picture(place_.frame("a", 0), first);
    write_picture(place_.frame("a", 4), last);
    write_sound(sound);
    return complete();
  };
  EXPECT_TRUE(write_frames(ours_, ours_, ours_));
  EXPECT_FALSE(write_frames(others_, ours_, ours_));
  EXPECT_FALSE(write_frames(ours_, others_, ours_));
  EXPECT_FALSE(write_frames(ours_, ours_, others_));
  write_sound(ours_);
  EXPECT_TRUE(complete());
  fs::remove(place_.sound("a"));
  EXPECT_FALSE(complete());
}

TEST_F(ClipMediaOf, AnEarlierMakingGo) {
  output_.media.video = Media::Mp4;
  write_video(ours_);
  write_picture(place_.preview("a"), ours_);
  write_picture(place_.frame("a", 0), ours_);
  fs::create_directories(place_.timings("a").parent_path());
  write_file(place_.timings("a"), "{}");
  remove_artifacts(place_, jobs(clip_).front().request);
  for (const fs::path& path : {place_.media("a"), place_.preview("a"), place_.frames("a"), place_.timings("a")}) {
    EXPECT_FALSE(fs::exists(path)) << path;
  }
  EXPECT_TRUE(fs::exists(latents("a")));
}

}  // namespace
}  // namespace orrery
