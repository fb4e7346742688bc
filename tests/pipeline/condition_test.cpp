// Media files as the video encoder takes them.
#include "pipeline/condition.h"

#include <gmock/gmock.h>

#include "base/core/error.h"
#include "io/media/media_files.h"
#include "support/golden.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Rounding to 8 bits would move values by up to 0.5 / 127.5 = 4e-3.
constexpr double kTolerance = 1e-4;

class Feed : public MediaFiles {
 protected:
  // Frames (n, H, W, 3) of 8 bits as a lossless video.
  std::filesystem::path lossless(const at::Tensor& frames) const {
    const at::Tensor bytes = frames.contiguous();
    return make("a.mkv", static_cast<int>(bytes.size(2)), static_cast<int>(bytes.size(1)), "rgb24",
                {reinterpret_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()}, "-c:v ffv1 -pix_fmt gbrp");
  }
};

class FeedOfAVideo : public Feed, public testing::WithParamInterface<int> {};

TEST_P(FeedOfAVideo, IsFittedAsTheReferenceDoes) {
  const Golden golden = Golden::load_case("modes/frames");
  const std::string name = "v2v" + std::to_string(GetParam());
  const at::Tensor native = golden[name + "_native"][0];  // (3, n, H, W)
  FrameFeed feed(lossless(golden[name + "_source"]), native.size(2), native.size(3));
  EXPECT_LE(max_abs(feed.next(native.size(1)), native), kTolerance);
  EXPECT_FALSE(feed.next(1).defined());
}

INSTANTIATE_TEST_SUITE_P(Sizes, FeedOfAVideo, testing::Range(0, 4));

TEST_F(Feed, OfAnImageIsRoundedAfterResizing) {
  const auto path = make("a.png", waves(64, 48));
  const at::Tensor values = FrameFeed(path, 32, 32).next(5).add(1).mul(127.5);
  EXPECT_EQ(values.sizes(), (std::vector<std::int64_t>{3, 1, 32, 32}));
  EXPECT_LE(max_abs(values, values.round()), kTolerance);
  const at::Tensor unrounded = FrameFeed(make("a.mkv", waves(64, 48), "-c:v ffv1 -pix_fmt gbrp"), 32, 32).next(1);
  EXPECT_GT(max_abs(values, unrounded.add(1).mul(127.5)), 0.4);
}

TEST_F(Feed, NamesAFileOfAnAbsurdShape) {
  const auto path = make("long.png", waves(3000, 1));
  EXPECT_THAT([&] { FrameFeed(path, 720, 1280).next(1); },
              ThrowsMessage<InputError>(testing::AllOf(HasSubstr(path.string()), HasSubstr("at most 268435456"))));
}

}  // namespace
}  // namespace orrery
