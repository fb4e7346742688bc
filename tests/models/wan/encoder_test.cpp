#include "models/wan/encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "io/checkpoint/safetensors_files.h"
#include "models/wan/decoder.h"
#include "support/golden.h"
#include "support/test_device.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

double tolerance() { return test_device().is_cuda() ? 1e-4 : 2e-5; }

WanConfig config_of(const std::string& set) { return read_wan_config(golden_checkpoint(set) / "vae" / "config.json"); }

Weights weights_of(std::shared_ptr<WeightSource> source, at::ScalarType dtype = at::kFloat) {
  return {std::move(source), Shard{}, test_device(), dtype};
}

WanEncoder make_encoder(const std::string& set, at::ScalarType dtype = at::kFloat) {
  const auto source = std::make_shared<ShardedCheckpoint>(golden_checkpoint(set) / "vae");
  return {weights_of(source, dtype), config_of(set)};
}

class Encodes : public testing::TestWithParam<const char*> {
 protected:
  Encodes() : golden_(Golden::load_case(GetParam())), encoder_(make_encoder(set())) {}

  std::string set() const {
    const std::string name = GetParam();
    return name.substr(0, name.find('/'));
  }
  // The golden tensor without its batch.
  at::Tensor golden(const char* name) const { return golden_[name][0]; }
  void expect_latent(const char* pixels, const char* latent) {
    const double error = max_abs(encoder_(golden(pixels)), golden(latent));
    RecordProperty("max_abs", std::to_string(error));
    EXPECT_LT(error, tolerance());
  }

  Golden golden_;
  WanEncoder encoder_;
};

TEST_P(Encodes, TheReferencesImage) { expect_latent("image_pixels", "image_latent"); }

TEST_P(Encodes, TheReferencesVideo) { expect_latent("video_pixels_for_encode", "video_encode_latent"); }

TEST_P(Encodes, AStreamAsTheWholeClip) {
  const at::Tensor pixels = golden("video_pixels_for_encode");
  const at::Tensor whole = encoder_(pixels);
  WanEncodeStream stream(encoder_), other(encoder_);
  for (std::int64_t frame = 0, t = 0; t < whole.size(1); ++t) {
    const std::int64_t count = stream.frames_wanted();
    EXPECT_EQ(count, t == 0 ? 1 : 4);
    const at::Tensor chunk = pixels.narrow(1, frame, count);
    EXPECT_TRUE(at::equal(stream.next(chunk), whole.select(1, t)));
    other.next(chunk.neg());  // streams do not mix
    frame += count;
  }
}

TEST_P(Encodes, TheFirstLatentFrameFromTheFirstPixelFrameAlone) {
  const at::Tensor pixels = golden("video_pixels_for_encode");
  const at::Tensor changed = pixels.clone();
  changed.narrow(1, 1, pixels.size(1) - 1).neg_();
  const at::Tensor latent = encoder_(pixels), changed_latent = encoder_(changed);
  EXPECT_TRUE(at::equal(latent.narrow(1, 0, 1), changed_latent.narrow(1, 0, 1)));
  EXPECT_TRUE(at::equal(latent.narrow(1, 0, 1), encoder_(pixels.narrow(1, 0, 1))));
  EXPECT_FALSE(at::equal(latent.narrow(1, 1, 1), changed_latent.narrow(1, 1, 1)));
}

INSTANTIATE_TEST_SUITE_P(Goldens, Encodes, testing::Values("tiny/i2v", "tiny/i2av", "gqa_native/i2av"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           name[name.find('/')] = '_';
                           return name;
                         });

TEST(WanEncoder, IsCloseInBfloat16) {
  const Golden golden = Golden::load_case("tiny/i2v");
  const at::Tensor latent = make_encoder("tiny", at::kBFloat16)(golden["video_pixels_for_encode"][0]);
  EXPECT_EQ(latent.scalar_type(), at::kFloat);
  EXPECT_LT(relative_rms(latent, golden["video_encode_latent"][0]), 0.03);
}

TEST(WanEncoder, RefusesOtherShapes) {
  const WanEncoder encoder = make_encoder("tiny");
  const std::vector<std::int64_t> shapes[] = {{3, 4, 16, 16}, {1, 1, 16, 16}, {3, 1, 24, 16},
                                              {3, 1, 16, 8},  {3, 1, 0, 16},  {3, 16, 16}};
  for (const auto& shape : shapes) {
    EXPECT_THAT([&] { encoder(at::zeros(shape)); }, ThrowsMessage<Error>(HasSubstr("(3, 4k + 1, 16h, 16w)")));
  }
  WanEncodeStream stream(encoder);
  stream.next(at::zeros({3, 1, 16, 16}));
  EXPECT_THAT([&] { stream.next(at::zeros({3, 1, 16, 16})); }, ThrowsMessage<Error>(HasSubstr("(3, 4, 16h, 16w)")));
}

TEST(WanEncoder, RefusesWidthsThatItsShortcutsCannotAverage) {
  WanConfig config = config_of("tiny");
  config.dim_mult = {1, 2, 4, 8};  // the last block neither shrinks the picture nor can it widen
  const auto source = std::make_shared<ShardedCheckpoint>(golden_checkpoint("tiny") / "vae");
  EXPECT_THAT([&] { WanEncoder(weights_of(source), config); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("dim_mult"), HasSubstr("from 32 to 64 channels"))));
}

// A VAE with one tensor more than its files hold.
class WithStray : public ShardedCheckpoint {
 public:
  WithStray(const std::filesystem::path& folder, std::string stray)
      : ShardedCheckpoint(folder), stray_(std::move(stray)) {}
  std::vector<std::string> names() const override {
    std::vector<std::string> all = ShardedCheckpoint::names();
    all.push_back(stray_);
    return all;
  }

 private:
  std::string stray_;
};

// What the audit says after one half was built from its own Weights; "" when it is content.
template <class Half>
std::string complaint(const std::shared_ptr<WeightSource>& source) {
  const Weights vae = weights_of(source);
  const Half half(vae, config_of("tiny"));
  try {
    vae.require_all_read();
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

TEST(WanAudit, PassesForEitherHalfAndForBothFromOneSource) {
  const auto source = std::make_shared<ShardedCheckpoint>(golden_checkpoint("tiny") / "vae");
  EXPECT_EQ(complaint<WanEncoder>(source), "");
  EXPECT_EQ(complaint<WanDecoder>(source), "");
  const Weights shared = weights_of(source);
  const WanEncoder encoder(shared, config_of("tiny"));
  const WanDecoder decoder(shared, config_of("tiny"));
  shared.require_all_read();
}

TEST(WanAudit, FindsUnknownTensorsOfItsOwnHalfAndOfNeither) {
  const struct {
    const char* stray;
    bool encoder_finds, decoder_finds;
  } cases[] = {{"encoder.conv_mid.weight", true, false},
               {"decoder.conv_mid.weight", false, true},
               {"quant_conv.scale", true, false},
               {"post_quant_conv.scale", false, true},
               {"discriminator.weight", true, true}};
  for (const auto& c : cases) {
    const auto source = std::make_shared<WithStray>(golden_checkpoint("tiny") / "vae", c.stray);
    const auto names_it = [&](const std::string& said) { return said.find(c.stray) != std::string::npos; };
    EXPECT_EQ(names_it(complaint<WanEncoder>(source)), c.encoder_finds) << c.stray;
    EXPECT_EQ(names_it(complaint<WanDecoder>(source)), c.decoder_finds) << c.stray;
  }
}

TEST(WanAudit, NeedsNoWeightsOnTheMetaDevice) {
  const auto source = std::make_shared<ShardedCheckpoint>(golden_checkpoint("tiny") / "vae");
  const Weights vae(source, Shard{}, at::kMeta, at::kBFloat16);
  const WanEncoder encoder(vae, config_of("tiny"));
  vae.require_all_read();
}

}  // namespace
}  // namespace orrery
