#include "app/manifest/few_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/manifest/request_defaults.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(FewSteps, WhatARequestLeavesToTheDefaultsIsNotAskedFor) {
  EXPECT_THAT(few_step_problems({}, 4), IsEmpty());
  Request picture = RequestDefaults().of(1);
  picture.num_frames = 1;
  EXPECT_THAT(few_step_problems(picture, 4), IsEmpty()) << "its defaults are others than a video's";
  Request own;
  own.steps = 4;
  own.guidance_scale = 1;
  own.flow_shift = 1;
  EXPECT_THAT(few_step_problems(own, 4), IsEmpty());
}

TEST(FewSteps, WhatItAsksForIsRefusedByName) {
  Request request;
  request.steps = 20;
  request.guidance_scale = 3.5;
  request.flow_shift = 5;
  request.guidance_interval = {400, 900};
  request.normalize_cfg = true;
  request.step_cache.threshold = 0.25;
  const std::string distilled = "but the checkpoint is a few-step (distilled) one: ";
  EXPECT_THAT(few_step_problems(request, 4),
              ElementsAre("steps: found 20, " + distilled + "it makes 4; leave them out",
                          "guidance_scale: found 3.5, " + distilled + "its guidance is in its weights; leave it out",
                          "flow_shift: found 5, " + distilled + "its noise levels are fixed; leave it out",
                          "guidance_interval: found one, " + distilled + "no step is guided; leave it out",
                          "normalize_cfg: found true, " + distilled + "no step is guided; leave it out",
                          "step_cache: found 0.25, " + distilled + "each of its few steps is computed; leave it out"));
}

TEST(FewSteps, ClipsHaveOneBranchAndTheCheckpointsSteps) {
  Request request;
  take_few_steps(request, 4);
  EXPECT_EQ(request.steps, 4);
  EXPECT_FALSE(request.guided());
  request.semantics = Semantics::Seed;
  EXPECT_FALSE(request.guided());
}

}  // namespace
}  // namespace orrery
