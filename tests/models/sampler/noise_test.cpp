#include "models/sampler/noise.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "base/core/json.h"
#include "support/golden.h"

namespace orrery {
namespace {

TEST(Noise, EqualsNumpyBitForBitOverAMillionDraws) {
  const Json cases = parse_json_file(ORRERY_TEST_DATA "/numpy_randomstate_normal.json");
  ASSERT_EQ(cases.size(), 5U);
  for (const Json& c : cases) {
    SCOPED_TRACE("seed " + c.at("seed").dump());
    NumpyNormal normal(c.at("seed").get<std::uint32_t>());
    const auto indexes = c.at("index").get<std::vector<std::size_t>>();
    std::vector<double> draws(indexes.back() + 1);
    for (double& draw : draws) draw = normal();
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      const std::string expected = c.at("float64_hex").at(i);
      EXPECT_EQ(draws[indexes[i]], std::strtod(expected.c_str(), nullptr)) << "draw " << indexes[i];
    }
  }
}

TEST(Noise, SumsToTheReferencesSum) {
  for (const Json& c : parse_json_file(ORRERY_TEST_DATA "/numpy_randomstate_normal.json")) {
    const std::vector<float> values = numpy_normal(c.at("seed").get<std::uint32_t>(), 1'000'003);
    double sum = 0;
    for (const float value : values) sum += value;
    EXPECT_NEAR(sum, c.at("float32_sum").get<double>(), 1e-8) << "seed " << c.at("seed");
  }
}

TEST(Noise, IsWhatTheReferenceStartedFrom) {
  for (const char* name : {"tiny/t2v", "tiny/t2av", "tiny/odd_grid_karras_nocfg", "gqa_native/t2v"}) {
    SCOPED_TRACE(name);
    const Golden golden = Golden::load_case(name);
    const auto seed = golden.request().at("seed").get<std::uint32_t>();
    for (const char* key : {"noise_video", "noise_sound"}) {
      if (!golden.has(key)) continue;
      const at::Tensor expected = golden[key];
      const std::vector<float> values = numpy_normal(seed, expected.numel());
      EXPECT_EQ(std::memcmp(values.data(), expected.const_data_ptr(), expected.nbytes()), 0) << key;
    }
  }
}

}  // namespace
}  // namespace orrery
