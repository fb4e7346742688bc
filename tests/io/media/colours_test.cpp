#include "io/media/colours.h"

#include <gmock/gmock.h>

#include <cstring>

#include "base/core/error.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ColourCodes, OfFfmpegAreTaken) {
  EXPECT_EQ(colour_primaries(9), AVCOL_PRI_BT2020);
  EXPECT_EQ(colour_transfer(18), AVCOL_TRC_ARIB_STD_B67);
  EXPECT_EQ(colour_matrix(0), AVCOL_SPC_RGB);
}

TEST(ColourCodes, OfNobodyAreRefusedByNumber) {
  for (const int number : {-1, 64, 243, 65535}) {
    EXPECT_THAT([&] { colour_primaries(number); },
                ThrowsMessage<InputError>(HasSubstr("the primaries " + std::to_string(number))));
    EXPECT_THAT([&] { colour_transfer(number); },
                ThrowsMessage<InputError>(HasSubstr("the transfer function " + std::to_string(number))));
    EXPECT_THAT([&] { colour_matrix(number); },
                ThrowsMessage<InputError>(HasSubstr("the matrix " + std::to_string(number))));
  }
}

// Stores a file's number in a frame's field as FFmpeg does.
template <class Code>
void put(Code& code, int number) {
  std::memcpy(&code, &number, sizeof code);
}

TEST(ColourCodes, OfAFrameAreCheckedBeforeAnyIsRead) {
  const ffmpeg::Frame frame(av_frame_alloc());
  EXPECT_NO_THROW(check_colour_codes(*frame));
  const auto refused_with = [&](auto& code, const char* what) {
    const auto before = code;
    put(code, 243);
    EXPECT_THAT([&] { check_colour_codes(*frame); },
                ThrowsMessage<InputError>(HasSubstr(std::string(what) + " 243, which is not known")));
    code = before;
  };
  refused_with(frame->color_primaries, "primaries");
  refused_with(frame->color_trc, "transfer function");
  refused_with(frame->colorspace, "matrix");
  refused_with(frame->color_range, "range");
  refused_with(frame->chroma_location, "chroma position");
}

}  // namespace

}  // namespace orrery
