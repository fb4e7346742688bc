#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/core/error.h"
#include "io/text/prompt.h"
#include "io/text/python_text.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr ClipFacts kClip{93, 24.0, 480, 832, std::nullopt};
const std::string kSentences = ". The video is 3.9 seconds long and is of 24 FPS. This video is of 480x832 resolution.";

TEST(Caption, StripsWhatPythonStrips) {
  for (const std::string space :
       {" ", "\t\n\v\f\r", "\x1C\x1D\x1E\x1F", "\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x8A",
        "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"}) {
    EXPECT_EQ(caption(space + "a b" + space, kClip), "a b" + kSentences);
  }
  const std::string not_space = "\xE2\x80\x8B";  // zero width space
  EXPECT_EQ(caption(not_space + "a" + not_space, kClip), not_space + "a" + not_space + kSentences);
}

TEST(Caption, DotsBeforeTheSentencesGoButBlanksBetweenThemStay) {
  EXPECT_EQ(caption("a. . ", kClip), "a. " + kSentences);
  EXPECT_EQ(caption("a\xE2\x80\xA6", kClip), "a\xE2\x80\xA6" + kSentences);
  ClipFacts still = kClip;
  still.num_frames = 1;
  EXPECT_EQ(caption(" a.. ", still), "a. This image is of 480x832 resolution.");
  EXPECT_EQ(caption(" a.. ", still, Semantics::Seed), "a. This video is of 480x832 resolution.");
}

TEST(Caption, NumbersRoundHalfToEvenOnTheBinaryValue) {
  ClipFacts clip = kClip;
  clip.num_frames = 5;
  clip.fps = 20;
  EXPECT_THAT(caption("a", clip), HasSubstr("is 0.2 seconds long and is of 20 FPS"));
  clip.fps = 2.5;
  EXPECT_THAT(caption("a", clip), HasSubstr("is 2.0 seconds long and is of 2 FPS"));
}

TEST(Caption, JsonObjectsGetKeys) {
  ClipFacts clip = kClip;
  clip.aspect_ratio = "16,9";
  EXPECT_EQ(caption("{}", clip),
            R"({"duration": "3s", "fps": 24.0, "resolution": {"H": 480, "W": 832}, "aspect_ratio": "16,9"})");
  EXPECT_EQ(caption(R"( {"fps":[],"a":{"fps":1}} )", kClip),
            R"({"fps": 24.0, "a": {"fps": 1}, "duration": "3s", "resolution": {"H": 480, "W": 832}})");
  clip.num_frames = 1;
  EXPECT_EQ(caption(R"({"fps":1,"duration":2,"aspect_ratio":3})", clip),
            R"({"aspect_ratio": "16,9", "resolution": {"H": 480, "W": 832}})");
}

TEST(Caption, NegativeIsPlainTextWithoutLeadingDotsAndBlanks) {
  EXPECT_EQ(negative_caption("{\"a\": 1}", kClip), "{\"a\": 1}" + kSentences);
  EXPECT_EQ(negative_caption("", kClip), kSentences.substr(2));
  EXPECT_EQ(negative_caption(". . blur", kClip), "blur" + kSentences);
}

TEST(Caption, RefusesBadInput) {
  EXPECT_THAT([] { caption("a\xFFz", kClip); }, ThrowsMessage<InputError>(HasSubstr("not valid UTF-8 at byte 1")));
  EXPECT_THAT([] { negative_caption("\xED\xA0\x80", kClip); }, ThrowsMessage<InputError>(HasSubstr("not valid UTF-8")));
  for (const double fps : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    const ClipFacts clip{93, fps, 480, 832, std::nullopt};
    EXPECT_THAT([&] { caption("a", clip); }, ThrowsMessage<InputError>(HasSubstr("fps is")));
  }
  const ClipFacts empty{0, 24, 480, 832, std::nullopt};
  EXPECT_THAT([&] { caption("a", empty); }, ThrowsMessage<InputError>(HasSubstr("num_frames is 0")));
}

}  // namespace
}  // namespace orrery
