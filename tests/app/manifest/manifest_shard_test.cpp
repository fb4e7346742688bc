#include "app/manifest/manifest_shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/core/error.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ManifestShards, AreWrittenAsTheyAreRead) {
  for (const char* text : {"0/1", "0/8", "7/8", "999999/1000000"}) EXPECT_EQ(parse_shard(text).text(), text);
  EXPECT_EQ((ManifestShard{2, 8}.suffix()), "-2-of-8");
  EXPECT_EQ(ManifestShard{}.suffix(), "");
}

struct BadShard {
  std::string text;
  std::string reason;
};

TEST(ManifestShards, NonsenseIsRefused) {
  for (const BadShard& bad :
       {BadShard{"", "is not I/N"}, BadShard{"3", "is not I/N"}, BadShard{"/", "is not I/N"},
        BadShard{"1/", "is not I/N"}, BadShard{"/4", "is not I/N"}, BadShard{"a/4", "is not I/N"},
        BadShard{"1/4/2", "is not I/N"}, BadShard{"1 / 4", "is not I/N"}, BadShard{"0/0", "N is outside 1 to 1000000"},
        BadShard{"0/1000001", "N is outside 1 to 1000000"}, BadShard{"4/4", "counted from 0, so I goes from 0 to 3"},
        BadShard{"-1/4", "counted from 0, so I goes from 0 to 3"}}) {
    EXPECT_THAT([&] { parse_shard(bad.text); }, ThrowsMessage<InputError>(HasSubstr(bad.reason))) << bad.text;
  }
}

using Variables = std::map<std::string, std::string>;

Environment environment(const Variables& variables) {
  return [variables](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

Variables array_task(const std::string& id, const std::string& count, const std::string& min, const std::string& step) {
  return {{"SLURM_ARRAY_TASK_ID", id},
          {"SLURM_ARRAY_TASK_COUNT", count},
          {"SLURM_ARRAY_TASK_MIN", min},
          {"SLURM_ARRAY_TASK_STEP", step}};
}

TEST(SlurmArray, ATaskHasItsPlace) {
  struct Case {
    Variables task;
    ManifestShard shard;
  };
  for (const auto& [task, shard] :
       {Case{array_task("0", "8", "0", "1"), {0, 8}}, Case{array_task("7", "8", "0", "1"), {7, 8}},
        Case{array_task("1", "8", "1", "1"), {0, 8}}, Case{array_task("14", "3", "10", "2"), {2, 3}},
        Case{array_task("5", "1", "5", "1"), {0, 1}}}) {
    EXPECT_EQ(slurm_array_shard(environment(task)), shard);
  }
  EXPECT_EQ(slurm_array_shard(environment({})), std::nullopt);
  Variables without_step = array_task("3", "4", "2", "");
  without_step.erase("SLURM_ARRAY_TASK_STEP");
  EXPECT_EQ(slurm_array_shard(environment(without_step)), (ManifestShard{1, 4}));
}

TEST(SlurmArray, WhatHasNoPlaceIsRefused) {
  for (const Variables& task :
       {array_task("7", "3", "1", "2"), array_task("4", "3", "1", "2"), array_task("0", "3", "1", "1"),
        array_task("1", "0", "1", "1"), array_task("1", "4", "1", "0"), array_task("x", "4", "1", "1")}) {
    EXPECT_THAT([&] { slurm_array_shard(environment(task)); }, ThrowsMessage<InputError>(HasSubstr("give --shard I/N")))
        << task.at("SLURM_ARRAY_TASK_ID");
  }
  EXPECT_THAT(
      [] {
        slurm_array_shard(environment({{"SLURM_ARRAY_TASK_ID", "3"}}));
      },
      ThrowsMessage<InputError>(HasSubstr("SLURM_ARRAY_TASK_MIN is not")));
}

Request clip(const std::string& id, const std::string& parent = "", std::int64_t num_frames = 93) {
  Request request;
  request.id = id;
  request.parent = parent;
  request.num_frames = num_frames;
  return request;
}

TEST(ShardsOf, EqualClipsGoRound) {
  std::vector<Request> requests;
  for (int i = 0; i < 7; ++i) requests.push_back(clip(std::to_string(i)));
  EXPECT_THAT(shards_of(requests, 3), ElementsAre(0, 1, 2, 0, 1, 2, 0));
}

TEST(ShardsOf, ClipsThatContinueEachOtherStayTogether) {
  const std::vector<Request> requests{clip("a"),        clip("b"), clip("a2", "a"),
                                      clip("a3", "a2"), clip("c"), clip("a4", "a")};
  const std::vector<std::int64_t> shards = shards_of(requests, 2);
  EXPECT_THAT(shards, ElementsAre(0, 1, 0, 0, 1, 0));
}

TEST(ShardsOf, ALongClipWeighsMore) {
  const std::vector<Request> requests{clip("s", "", 5), clip("t", "", 5), clip("u", "", 5), clip("long", "", 189)};
  EXPECT_THAT(shards_of(requests, 2), ElementsAre(1, 1, 1, 0));
}

TEST(ShardsOf, GuidanceSizeStepsAndSoundAreWork) {
  Request unguided = clip("other");
  unguided.guidance_scale = 1;
  Request small = clip("other");
  small.height = 480;
  Request few = clip("other");
  few.steps = 10;
  Request silent = clip("other");
  Request loud = clip("loud");
  loud.sound = true;
  for (const Request& other : {unguided, small, few, silent}) {
    EXPECT_THAT(shards_of({other, other, loud}, 2), ElementsAre(1, 1, 0)) << other.steps;
  }
}

TEST(ShardsOf, MoreShardsThanClipsLeaveSomeEmpty) {
  EXPECT_THAT(shards_of({clip("a"), clip("b")}, 5), ElementsAre(0, 1));
}

TEST(ShardsOf, EveryClipHasOneShardAndTheWorkIsEven) {
  std::vector<Request> requests;
  for (int i = 0; i < 1000; ++i) {
    const std::string parent = i % 10 == 9 ? std::to_string(i - 5) : "";
    requests.push_back(clip(std::to_string(i), parent, 4 * (i * 37 % 48) + 1));
  }
  for (const std::int64_t count : {1, 2, 7, 64}) {
    const std::vector<std::int64_t> shards = shards_of(requests, count);
    ASSERT_EQ(shards.size(), requests.size());
    EXPECT_EQ(shards, shards_of(requests, count));
    std::map<std::int64_t, std::int64_t> frames;
    for (std::size_t i = 0; i < shards.size(); ++i) frames[shards[i]] += requests[i].num_frames;
    EXPECT_EQ(std::ssize(frames), count);
    EXPECT_EQ(frames.begin()->first, 0);
    EXPECT_EQ(frames.rbegin()->first, count - 1);
    const auto [least, most] = std::minmax_element(frames.begin(), frames.end(),
                                                   [](const auto& a, const auto& b) { return a.second < b.second; });
    EXPECT_LT(static_cast<double>(most->second), 1.15 * static_cast<double>(least->second)) << count << " shards";
  }
}

}  // namespace
}  // namespace orrery
