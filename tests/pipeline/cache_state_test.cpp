#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/core/error.h"
#include "pipeline/snapshot.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const MediaShape kVideo{{{Stream::Video, {{2, 3, 4, 5}}}}};
const MediaShape kBoth{{{Stream::Video, {{2, 3, 4, 5}}}, {Stream::Sound, {{7, 6}}}}};

StepCacheState some_state() {
  StepCacheState state;
  state.computed = {0, 1, 4};
  state.branches.resize(2);
  state.branches[0].skips = {0.1 + 0.2, 1};
  const Streams<at::Tensor> none{{Stream::Video, {}}, {Stream::Sound, {}}};
  state.branches[0].shares = {{1, none}, {4, none}};
  return state;
}

TEST(CacheState, CountsReadBack) {
  StepCacheState back = cache_of(cache_counts(some_state()), kBoth);
  EXPECT_EQ(cache_counts(back), cache_counts(some_state()));
  EXPECT_EQ(back.computed, (std::vector<std::int64_t>{0, 1, 4}));
  EXPECT_EQ(back.branches[0].skips.change, 0.1 + 0.2) << "to the last bit";
  EXPECT_EQ(back.branches[0].shares[1].step, 4);
  EXPECT_TRUE(back.branches[1].shares.empty());
}

TEST(CacheState, NoCacheHasNone) {
  EXPECT_EQ(cache_counts({}), "");
  StepCacheState none = cache_of("", kVideo);
  EXPECT_TRUE(none.branches.empty());
  EXPECT_TRUE(tensors_of(none).empty());
}

TEST(CacheState, NamesItsTensors) {
  StepCacheState state = some_state();
  std::vector<std::string> names;
  for (const CacheTensor& part : tensors_of(state)) names.push_back(part.name);
  EXPECT_THAT(names, ElementsAre("0/indicator", "0/0/video", "0/0/sound", "0/1/video", "0/1/sound"));
}

// What the state above is of: two branches, two steps kept of each, after five steps.
Request cached_request() {
  Request request;
  request.step_cache = {0.25, 2, 1};
  return request;
}

void require_after_five(const StepCacheState& state, const Request& request = cached_request()) {
  require_cache_of(state, request, kBoth, 5);
}

TEST(CacheState, IsTakenForTheClipAndStepThatItIsOf) {
  EXPECT_NO_THROW(require_after_five(some_state()));
  EXPECT_NO_THROW(require_after_five({}, Request{}));
  MediaShape all_given = kBoth;
  all_given.streams[Stream::Video].given = {0, 1, 2};
  EXPECT_NO_THROW(require_cache_of({}, cached_request(), all_given, 5));
}

TEST(CacheState, RefusesWhatNoCacheLeaves) {
  using Damage = void (*)(StepCacheState&);
  for (const Damage damage : std::initializer_list<Damage>{
           [](StepCacheState& s) { s.branches.clear(); }, [](StepCacheState& s) { s.branches.resize(1); },
           [](StepCacheState& s) {
             s.computed = {0, 0};
           },
           [](StepCacheState& s) {
             s.computed = {0, 5};
           },
           [](StepCacheState& s) { s.computed = {-1}; }, [](StepCacheState& s) { s.branches[0].shares[1].step = 1; },
           [](StepCacheState& s) { s.branches[0].shares[1].step = 5; },
           [](StepCacheState& s) { s.branches[0].shares[0].step = -1; },
           [](StepCacheState& s) {
             s.branches[0].shares.insert(s.branches[0].shares.begin(), {0, {}});
           },
           [](StepCacheState& s) { s.branches[1].skips.change = -0.1; },
           [](StepCacheState& s) { s.branches[1].skips.change = std::nan(""); },
           [](StepCacheState& s) { s.branches[1].skips.steps = 5; },
           [](StepCacheState& s) { s.branches[1].skips.steps = -1; }}) {
    StepCacheState state = some_state();
    damage(state);
    EXPECT_THAT([&] { require_after_five(state); }, ThrowsMessage<InputError>(HasSubstr("the step cache's state")))
        << cache_counts(state);
  }
  EXPECT_THROW(require_after_five(some_state(), Request{}), InputError);
}

TEST(CacheState, RefusesOtherTexts) {
  for (const char* text : {"7", "{}", R"({"computed": [0]})", R"({"computed": [0], "branches": [{"change": "x"}]})",
                           R"({"computed": [0], "branches": [{"change": 1, "skips": 0, "steps": [null]}]})"}) {
    EXPECT_THAT([&] { cache_of(text, kVideo); }, ThrowsMessage<InputError>(HasSubstr("step cache's state"))) << text;
  }
  EXPECT_THROW(cache_of("{", kVideo), InputError);
}

}  // namespace
}  // namespace orrery
