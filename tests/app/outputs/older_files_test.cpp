// Latent files of earlier versions, which made other clips from some requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/manifest/manifest.h"
#include "app/outputs/clip_files.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kSoftware[] = "orrery 0.1.0 (a revision)";

class OlderFiles : public testing::Test {
 protected:
  OlderFiles() {
    output_.folder = temporary_.path();
    output_.media.video = Media::None;
    std::filesystem::create_directories(output_.folder / "latents");
    job_.request.id = "a";
    job_.request.prompt_token_ids = {1, 2};
    job_.request.negative_token_ids = {3};
    job_.request.num_frames = 33;
    job_.request.fps = 15;
    job_.ids = {{1, 2}, {3}};
  }

  // Writes the latent file of an earlier version with its own token ids and length of sound.
  void write_older(std::vector<std::int64_t> cond, std::vector<std::int64_t> uncond, std::int64_t sound_steps) {
    job_.request_json = manifest_line(job_.request);
    const Schedule schedule = make_schedule(ScheduleKind::Native, job_.request.steps, job_.request.flow_shift);
    LatentFile file;
    file.request = job_.request_json;
    file.model = checkpoint_.description().dump();
    file.software = kSoftware;
    file.cond_ids = std::move(cond);
    file.uncond_ids = std::move(uncond);
    file.sigmas = schedule.sigmas;
    file.latents[Stream::Video] = {{1, 1, 1, 1, 1}, {0}};
    if (sound_steps > 0)
      file.latents[Stream::Sound] =
          FloatArray{{1, 2, sound_steps}, std::vector<float>(static_cast<std::size_t>(2 * sound_steps))};
    write_latents(output_.folder / "latents" / "a.h5", file);
  }
  // Why the file does not count as the request's clip; empty when it does.
  std::vector<std::string> conflicts() {
    ClipFiles files({job_}, Recipe(), output_, checkpoint_, kSoftware);
    files.look_for(job_);
    EXPECT_THAT(files.warnings(), IsEmpty());
    return files.conflicts();
  }

  TemporaryFolder temporary_;
  CheckpointFiles checkpoint_ = open_checkpoint("random:tiny");
  OutputOptions output_;
  ClipJob job_;
};

TEST_F(OlderFiles, AreTheClipWhereNothingChanged) {
  write_older({1, 2}, {3}, 0);
  EXPECT_THAT(conflicts(), IsEmpty());
  EXPECT_TRUE(job_.latents_done);
}

TEST_F(OlderFiles, WithALongerSoundAreOfAnotherRequest) {
  job_.request.sound = true;
  write_older({1, 2}, {3}, 56);
  EXPECT_THAT(conflicts(), ElementsAre(HasSubstr("56 latent steps of sound, this version makes 55")));
  write_older({1, 2}, {3}, 55);
  EXPECT_THAT(conflicts(), IsEmpty());
}

TEST_F(OlderFiles, OfOneBranchBelowGuidanceOneAreOfAnotherRequest) {
  job_.request.guidance_scale = 0.5;
  write_older({1, 2}, {}, 0);
  EXPECT_THAT(conflicts(), ElementsAre(HasSubstr("from other texts")));
  job_.request.semantics = Semantics::Seed;  // which has one branch, as before
  job_.ids.uncond = {};
  EXPECT_THAT(conflicts(), IsEmpty());
}

TEST_F(OlderFiles, OfAPictureCalledAVideoAreOfAnotherRequest) {
  job_.request.num_frames = 1;
  write_older({1, 7}, {3}, 0);
  EXPECT_THAT(conflicts(), ElementsAre(HasSubstr("from other texts")));
}

}  // namespace
}  // namespace orrery
