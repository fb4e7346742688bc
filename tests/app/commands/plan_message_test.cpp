#include <gtest/gtest.h>

#include <tuple>

#include "app/commands/run_plan.h"
#include "base/core/error.h"

namespace orrery {
namespace {

using namespace std::string_literals;

// A request in which every member differs from its default.
Request full_request() {
  Request r;
  r.id = "a";
  r.prompt = "two\nlines, a null \0 and no UTF-8 \xE9"s;
  r.negative_prompt = "";
  r.image = "/data/\xE9.png";
  r.last_image = "/data/last.png";
  r.video = "/data/begin.mp4";
  r.keeps_last = true;
  r.condition_latents = "/data/c.h5";
  r.continued_video = "/data/v.mp4";
  r.parent = "p";
  r.encodes_parent = true;
  r.condition_frames = {0, 1, 7};
  r.num_frames = 17;
  r.chunk_frames = 9;
  r.chunk_overlap = 1;
  r.height = 16;
  r.width = 32;
  r.fps = 29.97;
  r.steps = 4;
  r.guidance_scale = 0.1;
  r.guidance_interval = {400.5, 900};
  r.normalize_cfg = true;
  r.flow_shift = 1.0 / 3;
  r.step_cache = {0.25, 5, 2};
  r.seed = 4294967295U;
  r.sound = true;
  r.aspect_ratio = "4,3";
  r.append_metadata = false;
  r.prompt_token_ids = {0, 151935};
  r.negative_token_ids = std::vector<std::int64_t>();
  r.semantics = Semantics::Seed;
  return r;
}

RunPlan full_plan() {
  ClipJob full;
  full.request = full_request();
  full.ids = {{1, 2, 3}, {4}};
  full.request_json = "{}";
  full.parent_recipe = "recipe";
  full.refusal = "sound: none";
  full.latents_done = true;
  full.resumes = true;
  ClipJob plain;
  plain.request.id = "b";
  plain.ids = {{5}, {4}};
  full.chunks = {plain, plain};
  full.chunks[1].latents_done = true;
  return {{full, plain, ClipJob()}, {"done", "done too"}, {"a warning"}, {}};
}

// Compares tuples, so that a failure shows which member differs.
auto members_of(const ClipJob& job) {
  return std::tuple(job.request, job.ids, job.parent_recipe, job.refusal, job.latents_done, job.resumes);
}

TEST(PlanMessage, BringsEveryMemberToTheOtherRanks) {
  const RunPlan plan = full_plan();
  const RunPlan read = decode_plan(encode_plan(plan));
  EXPECT_EQ(read.complete, plan.complete);
  ASSERT_EQ(read.jobs.size(), plan.jobs.size());
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    EXPECT_TRUE(members_of(read.jobs[i]) == members_of(plan.jobs[i])) << i;
    EXPECT_EQ(read.jobs[i].request_json, "") << "it is rank 0's alone";
    ASSERT_EQ(read.jobs[i].chunks.size(), plan.jobs[i].chunks.size());
    for (std::size_t k = 0; k < plan.jobs[i].chunks.size(); ++k) {
      EXPECT_TRUE(members_of(read.jobs[i].chunks[k]) == members_of(plan.jobs[i].chunks[k])) << k;
    }
  }
}

TEST(PlanMessage, IsTestedWithEveryMember) {
  const Request full = full_request(), fresh;
  const auto compare = [&](const auto&... of_full) {
    const auto each_differs = [&](const auto&... of_fresh) { EXPECT_TRUE(((of_full != of_fresh) && ...)); };
    visit_members(fresh, each_differs);
  };
  visit_members(full, compare);
}

TEST(PlanMessage, SharesTextsThatJobsShare) {
  const RunPlan read = decode_plan(encode_plan(full_plan()));
  EXPECT_EQ(&read.jobs[0].ids.uncond.values(), &read.jobs[1].ids.uncond.values());
  RunPlan one{{ClipJob()}, {}, {}, {}};
  one.jobs[0].ids.cond = TokenIds(1000, 7);
  RunPlan two = one;
  two.jobs.push_back(one.jobs[0]);
  EXPECT_LT(encode_plan(two).size(), encode_plan(one).size() + 1000);
}

TEST(PlanMessage, RefusesBytesThatAreNoPlan) {
  const std::string bytes = encode_plan(full_plan());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decode_plan(std::string_view(bytes).substr(0, size)), Error) << size;
  }
  EXPECT_THROW(decode_plan(bytes + "x"), Error);
}

TEST(PlanMessage, OfAPlanWithNothingToDo) {
  const RunPlan read = decode_plan(encode_plan({}));
  EXPECT_TRUE(read.jobs.empty());
  EXPECT_TRUE(read.complete.empty());
}

}  // namespace
}  // namespace orrery
