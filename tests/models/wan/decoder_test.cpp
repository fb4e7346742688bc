#include "models/wan/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/core/error.h"
#include "io/checkpoint/safetensors_files.h"
#include "support/golden.h"
#include "support/test_device.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Weights load_vae(const std::string& set, at::ScalarType dtype = at::kFloat) {
  return {std::make_shared<ShardedCheckpoint>(golden_checkpoint(set) / "vae"), Shard{}, test_device(), dtype};
}

WanDecoder make_decoder(const std::string& set, at::ScalarType dtype = at::kFloat) {
  return {load_vae(set, dtype), read_wan_config(golden_checkpoint(set) / "vae" / "config.json")};
}

// latent (1, C, t, h, w) -> pixels (1, 3, frames, H, W) in [0, 1], as the goldens hold them.
at::Tensor decode(const WanDecoder& decoder, const at::Tensor& latent) {
  WanDecodeStream stream(decoder);
  std::vector<at::Tensor> frames;
  for (std::int64_t t = 0; t < latent.size(2); ++t) frames.push_back(stream.next(latent[0].select(1, t)));
  return at::cat(frames, 1).unsqueeze(0).add_(1).div_(2);
}

class Decodes : public testing::TestWithParam<const char*> {};

TEST_P(Decodes, TheReferencesPixels) {
  const std::string name = GetParam();
  const Golden golden = Golden::load_case(name);
  const WanDecoder decoder = make_decoder(name.substr(0, name.find('/')));
  const double error = max_abs(decode(decoder, golden["final_video_latent"]), golden["pixels"]);
  RecordProperty("max_abs", std::to_string(error));
  EXPECT_LT(error, test_device().is_cuda() ? 1e-4 : 2e-5);
}

INSTANTIATE_TEST_SUITE_P(Goldens, Decodes,
                         testing::Values("tiny/t2v", "tiny/odd_grid_karras_nocfg", "tiny/single_frame", "tiny/i2v",
                                         "tiny/t2av", "tiny/i2av", "gqa_native/t2v", "gqa_native/i2av"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           name[name.find('/')] = '_';
                           return name;
                         });

TEST(WanDecoder, GivesOneFrameThenFour) {
  const WanDecoder decoder = make_decoder("tiny");
  WanDecodeStream stream(decoder);
  const at::Tensor latent = at::zeros({8, 3, 5});
  EXPECT_EQ(stream.next(latent).sizes(), (at::IntArrayRef{3, 1, 48, 80}));
  EXPECT_EQ(stream.next(latent).sizes(), (at::IntArrayRef{3, 4, 48, 80}));
  EXPECT_EQ(stream.next(latent).sizes(), (at::IntArrayRef{3, 4, 48, 80}));
}

TEST(WanDecoder, StreamsDoNotMix) {
  const WanDecoder decoder = make_decoder("tiny");
  const at::Tensor latent = Golden::load_case("tiny/t2v")["final_video_latent"];
  const at::Tensor alone = decode(decoder, latent);
  WanDecodeStream one(decoder), other(decoder);
  for (std::int64_t t = 0; t < latent.size(2); ++t) {
    const at::Tensor pixels = one.next(latent[0].select(1, t)).add(1).div_(2);
    other.next(latent[0].select(1, t).neg());
    EXPECT_TRUE(at::equal(pixels, alone[0].narrow(1, t == 0 ? 0 : 4 * t - 3, pixels.size(1))));
  }
}

TEST(WanDecoder, IsCausal) {
  const WanDecoder decoder = make_decoder("gqa_native");
  const at::Tensor latent = Golden::load_case("gqa_native/t2v")["final_video_latent"];
  EXPECT_TRUE(at::equal(decode(decoder, latent.narrow(2, 0, 2)), decode(decoder, latent).narrow(2, 0, 5)));
}

TEST(WanDecoder, IsCloseInBfloat16) {
  const Golden golden = Golden::load_case("tiny/t2v");
  const at::Tensor pixels = decode(make_decoder("tiny", at::kBFloat16), golden["final_video_latent"]);
  EXPECT_EQ(pixels.scalar_type(), at::kFloat);
  EXPECT_LT(relative_rms(pixels, golden["pixels"]), 0.03);
}

TEST(WanDecoder, ReadsAllThatIsNotTheEncoders) {
  const Weights vae = load_vae("tiny");
  const WanDecoder decoder(vae, read_wan_config(golden_checkpoint("tiny") / "vae" / "config.json"));
  vae.require_all_read();
}

TEST(WanDecoder, RefusesALatentOfAnotherWidth) {
  const WanDecoder decoder = make_decoder("tiny");
  WanDecodeStream stream(decoder);
  EXPECT_THAT([&] { stream.next(at::zeros({4, 2, 2})); }, ThrowsMessage<Error>(HasSubstr("(8, h, w)")));
}

}  // namespace
}  // namespace orrery
