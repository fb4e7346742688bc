// Clips of a few-step (distilled) checkpoint: they agree with the reference, and stop and resume.
#include <gmock/gmock.h>

#include "base/core/file.h"
#include "clips.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr double kTolerance = 1e-3;  // relative to the largest value

class FewSteps : public Clips {
 protected:
  FewSteps() { checkpoint_ = golden_checkpoint("distilled"); }
  // The golden case's line, without steps and guidance.
  static Json line_of(const Golden& golden) {
    const Json& asked = golden.request();
    const at::Tensor ids = golden["text_ids"];
    return {{"id", asked.at("name")},
            {"prompt_token_ids", std::vector<std::int64_t>(ids.const_data_ptr<std::int64_t>(),
                                                           ids.const_data_ptr<std::int64_t>() + ids.numel())},
            {"num_frames", asked.at("frames")},
            {"height", asked.at("height")},
            {"width", asked.at("width")},
            {"fps", asked.at("fps")},
            {"seed", asked.at("seed")}};
  }
  Ending ask(const std::string& word, const Json& line, const CommandLine& more = {}) const {
    const std::string manifest = folder_.write("asked.jsonl", line.dump());
    CommandLine command = orrery({word, "--checkpoint", checkpoint_.string(), "--manifest", manifest});
    command.insert(command.end(), more.begin(), more.end());
    return run_program(command);
  }
  Golden golden_ = Golden::load_case("distilled/t2v");
};

TEST_F(FewSteps, FollowTheReference) {
  const Golden picture = Golden::load_case("distilled/t2i");
  const Ending ending = run("out", {line_of(golden_), line_of(picture)}, {"--media", "none"}, {2, 1});
  EXPECT_THAT(ending.err,
              AllOf(HasSubstr("takes its 4 steps with one branch each"), HasSubstr("no guidance in 2 of 2 clips")));
  for (const Golden* golden : std::vector<const Golden*>{&golden_, &picture}) {
    const LatentFile file = latents("out", golden->request().at("name"));
    EXPECT_LE(relative(video_of(file), (*golden)["final_video_latent"]), kTolerance);
    EXPECT_EQ(file.sigmas, (std::vector<float>{1, 0.9375F, 0.8333333333333334F, 0.625F, 0}));
    EXPECT_TRUE(at::equal(at::tensor(file.timesteps, at::kFloat), (*golden)["timesteps"]));
    EXPECT_THAT(file.model, HasSubstr(R"("sampler":"fixed_step")"));
    EXPECT_THAT(file.request, AllOf(HasSubstr(R"("steps":4)"), HasSubstr(R"("guidance_scale":1.0)")));
  }
}

TEST_F(FewSteps, StoppedAndResumedEndTheSameBitForBit) {
  const Json line = line_of(golden_);
  run("whole", {line}, {"--media", "none", "--quiet"});
  const CommandLine stepwise{"--media", "none", "--quiet", "--stop-after-steps", "1"};
  for (int stop = 0; stop < 4; ++stop) run("stopped", {line}, stepwise, {}, stop < 3 ? kStopped : 0);
  EXPECT_TRUE(timeless_latents("stopped", "t2v") == timeless_latents("whole", "t2v"));
}

TEST_F(FewSteps, ASnapshotSaysThatNothingIsRemembered) {
  run("out", {line_of(golden_)}, {"--media", "none", "--quiet", "--stop-after-steps", "2"}, {}, kStopped);
  const LatentFile snapshot = read_latents(snapshot_path("out", "t2v"));
  ASSERT_TRUE(snapshot.running.has_value());
  EXPECT_EQ(snapshot.running->step, 2);
  EXPECT_TRUE(snapshot.running->histories.at(Stream::Video) == SamplerHistory{});
  const Ending told = run_program(orrery({"inspect", snapshot_path("out", "t2v").string()}));
  EXPECT_THAT(told.out, AllOf(HasSubstr("4 steps, sigma 1"), HasSubstr("2 done"), Not(HasSubstr("last of order"))));
}

TEST_F(FewSteps, OtherCommandsKnowThemToo) {
  const Json line = line_of(golden_);
  EXPECT_THAT(ask("validate", line).out, AllOf(HasSubstr("steps 4"), HasSubstr("a few-step (distilled) checkpoint")));
  EXPECT_THAT(ask("tokens", line).out, HasSubstr(R"("negative_ids":null)"));
  EXPECT_THAT(ask("plan", line).out, HasSubstr("4"));
  Json asking = line;
  asking["steps"] = 35;
  EXPECT_EQ(ask("validate", asking).exit_code, 0) << "the default, said aloud";
  asking["steps"] = 8;
  const Ending refused = ask("validate", asking, {"--step-cache", "0.25"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("asked.jsonl:1: id \"t2v\": steps: found 8, but the checkpoint is a few-step"),
                    HasSubstr("step_cache: found 0.25, but")));
  const Ending karras = ask("validate", line, {"--schedule", "karras"});
  EXPECT_EQ(karras.exit_code, 2);
  EXPECT_THAT(karras.err, HasSubstr("the schedule \"karras\" is none of a few-step (distilled) checkpoint"));
}

TEST_F(FewSteps, RandomWeightsCanBeSuchACheckpoint) {
  checkpoint_ = "random:tiny-4step";
  const std::string manifest = folder_.write("random.jsonl", random_line("a"));
  const auto made = folder_ / "random";
  const CommandLine command =
      run_command(checkpoint_, manifest, made, {"--media", "none", "--steps", "35", "--text-tower", "release"});
  const Ending refused = run_program(command);
  ASSERT_EQ(refused.exit_code, 2) << "the line asks for 2 steps";
  EXPECT_THAT(refused.err, HasSubstr("steps: found 2"));
  folder_.write("random.jsonl", R"({"id": "a", "prompt": "x", "num_frames": 5, "height": 32, "width": 32})");
  const Ending ending = run_program(command);
  EXPECT_EQ(ending.exit_code, 0) << ending.err;
  EXPECT_EQ(read_latents(made / "latents" / "a.h5").timesteps.size(), 4U);
}

}  // namespace
}  // namespace orrery
