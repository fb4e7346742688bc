#include "pipeline/request.h"

#include <gtest/gtest.h>

#include "pipeline/clip_needs.h"

namespace orrery {
namespace {

struct Length {
  std::int64_t frames;
  double fps;
  std::int64_t steps;
};

// The reference truncates the number of samples first, so that a product that is a little too large makes no step more.
TEST(SoundSteps, AreTheReferences) {
  for (const auto& [frames, fps, steps] :
       {Length{1, 24, 2},       Length{189, 24, 197},   Length{93, 24, 97},     Length{121, 24, 127},
        Length{33, 15, 55},     Length{249, 15, 415},   Length{49, 5, 245},     Length{93, 5, 465},
        Length{161, 5, 805},    Length{181, 5, 905},    Length{201, 5, 1005},   Length{33, 7.5, 110},
        Length{249, 7.5, 830},  Length{109, 25, 109},   Length{245, 25, 245},   Length{249, 25, 249},
        Length{109, 12.5, 218}, Length{245, 12.5, 490}, Length{249, 12.5, 498}, Length{241, 25, 241},
        Length{13, 15, 22},     Length{17, 30, 15},     Length{61, 29.97, 51}}) {
    Request request;
    request.num_frames = frames;
    request.fps = fps;
    EXPECT_EQ(request.sound_steps(), 0);
    request.sound = true;
    EXPECT_EQ(request.sound_steps(), steps) << frames << " frames at " << fps;
  }
}

struct ClipSize {
  std::int64_t width, height, frames, tokens;
};

TEST(Tokens, OfTheUsualClips) {
  for (const auto& [width, height, frames, tokens] :
       {ClipSize{1280, 720, 189, 48 * 23 * 40}, ClipSize{832, 480, 93, 24 * 15 * 26}, ClipSize{320, 192, 9, 3 * 6 * 10},
        ClipSize{64, 64, 1, 4}}) {
    Request request;
    request.width = width;
    request.height = height;
    request.num_frames = frames;
    EXPECT_EQ(request.tokens(), tokens);
    request.sound = true;
    EXPECT_EQ(request.tokens(), tokens + request.sound_steps());
  }
}

TEST(Streams, AreThoseThatTheRequestAsksFor) {
  Cosmos3Config config;
  config.latent_channel = 8;
  config.sound_gen = true;
  config.sound_dim = 4;
  Request request;
  request.num_frames = 9;
  request.height = 64;
  request.width = 96;
  request.condition_frames = {0, 1};
  EXPECT_EQ(media_shape(request, config).streams, (Streams<StreamShape>{{Stream::Video, {{8, 3, 4, 6}}}}));
  request.sound = true;
  request.condition_latents = "a.h5";
  EXPECT_EQ(media_shape(request, config).streams,
            (Streams<StreamShape>{{Stream::Video, {{8, 3, 4, 6}, {0, 1}}}, {Stream::Sound, {{4, 10}}}}));
  EXPECT_EQ(media_shape(request, config).tokens(), request.tokens());
}

TEST(Guidance, IsABlendAtEveryScaleButOneUnlessTheSeedSaysNot) {
  for (const double scale : {0.0, 0.5, 1.0, 1.5, 6.0}) {
    Request request;
    request.guidance_scale = scale;
    EXPECT_EQ(request.guided(), scale != 1) << scale;
    EXPECT_EQ(request.guidance().has_value(), scale != 1);
    EXPECT_EQ(request.guidance().value_or(Guidance{1}).scale, scale);
    request.semantics = Semantics::Seed;
    EXPECT_EQ(request.guided(), scale > 1) << scale;
  }
}

}  // namespace
}  // namespace orrery
