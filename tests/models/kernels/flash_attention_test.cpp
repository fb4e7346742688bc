#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "base/core/error.h"
#include "models/kernels/attention_kernels.h"
#include "support/temporary_folder.h"

// With libraries that stand for FlashAttention-3's (fake_fa3.cpp), on the CPU.
namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::ExitedWithCode;

fs::path fake(const std::string& kind) { return fs::path(ORRERY_FAKE_FA3) / ("fake_fa3_" + kind + ".so"); }

// Ends the process with what `load` says: a library stays loaded, so that each has to have a process of its own.
template <class Load>
[[noreturn]] void say_and_leave(Load load) {
  try {
    load();
    std::cerr << "taken";
  } catch (const InputError& e) {
    std::cerr << e.what();
  }
  std::_Exit(0);
}

struct Refused {
  const char* kind;
  const char* why;
};

class FlashAttentionDeathTest : public testing::TestWithParam<Refused> {};

TEST_P(FlashAttentionDeathTest, RefusesAnotherVersionInWords) {
  const auto [kind, why] = GetParam();
  EXPECT_EXIT(say_and_leave([kind = kind] { FlashAttention{fake(kind)}; }), ExitedWithCode(0), why);
}

INSTANTIATE_TEST_SUITE_P(
    Schemas, FlashAttentionDeathTest,
    testing::Values(Refused{"fewer",
                            "fake_fa3_fewer.so: its fa3_fwd::fwd has 33 arguments, expected 34: another version"},
                    Refused{"renamed", "has \"bool causal\" as argument 25, expected \"bool is_causal\""},
                    Refused{"retyped", "has \"float num_splits\" as argument 32, expected \"int num_splits\""},
                    Refused{"nothing", "does not register fa3_fwd::fwd; install fa3-fwd 0.0.3"},
                    Refused{"absent", "fake_fa3_absent.so: no such file"}),
    [](const auto& each) { return std::string(each.param.kind); });

class FlashAttentionPlaces : public testing::Test {
 protected:
  FlashAttentionPlaces() {
    ::unsetenv("ORRERY_FA3");
    ::setenv("ORRERY_CACHE", folder_.path().c_str(), 1);
  }
  // As tools/setup.sh leaves it.
  fs::path in_cache() const { return folder_.path() / "fa3_fwd-0.0.3" / "fa3_fwd" / "_C.abi3.so"; }
  TemporaryFolder folder_;
};
using FlashAttentionPlacesDeathTest = FlashAttentionPlaces;

TEST_F(FlashAttentionPlacesDeathTest, TakeWhatIsThere) {
  const auto find = [] { find_flash_attention(); };
  EXPECT_EXIT(say_and_leave(find), ExitedWithCode(0), "not installed: no .*, no .*fa3_fwd-0.0.3/fa3_fwd/_C.abi3.so");
  fs::create_directories(in_cache().parent_path());
  fs::copy_file(fake("same"), in_cache());
  EXPECT_EXIT(say_and_leave(find), ExitedWithCode(0), "taken");
  std::ofstream(in_cache(), std::ios::trunc) << "half a download";
  EXPECT_EXIT(say_and_leave(find), ExitedWithCode(0), "_C.abi3.so: cannot be loaded: .*");
  ::setenv("ORRERY_FA3", fake("same").c_str(), 1);
  EXPECT_EXIT(say_and_leave(find), ExitedWithCode(0), "taken");
  ::setenv("ORRERY_FA3", "/nowhere.so", 1);
  EXPECT_EXIT(say_and_leave(find), ExitedWithCode(0), "not installed: no /nowhere.so");
}

TEST_F(FlashAttentionPlaces, TheEnvironmentWins) {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path file = "fa3_fwd/_C.abi3.so";
  EXPECT_THAT(flash_attention_places(), ElementsAre(program / file, program.parent_path() / "lib" / file, in_cache()));
  ::setenv("ORRERY_FA3", "mine.so", 1);
  EXPECT_THAT(flash_attention_places(), ElementsAre("mine.so"));
}

TEST(FlashAttention, CallsTheOperator) {
  const FlashAttention attention(fake("same"));
  const at::Tensor rows = at::randn({9, 8, 16});  // 4 heads, 2 kv heads
  const at::Tensor q = rows.narrow(1, 0, 4), k = rows.narrow(1, 4, 2), v = rows.narrow(1, 6, 2);
  for (const bool causal : {false, true}) {
    const auto heads_first = [](const at::Tensor& x) { return x.transpose(0, 1).unsqueeze(0); };
    const at::Tensor expected = at::scaled_dot_product_attention(heads_first(q), heads_first(k), heads_first(v), {},
                                                                 0.0, causal, std::nullopt, true);
    EXPECT_TRUE(at::allclose(attention(q, k, v, causal), expected.squeeze(0).transpose(0, 1), 1e-6, 1e-6));
  }
  const FlashAttention again(fake("same"));
  try {
    const FlashAttention other(fake("fewer"));
    ADD_FAILURE() << "a second library was taken";
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("another library that has fa3_fwd::fwd is loaded already"));
  }
}

}  // namespace
}  // namespace orrery
