#include "base/core/text_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(TextFile, LosesTheMarkThatEditorsLeave) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_text_file(folder.write("marked", "\xEF\xBB\xBFsteps = 4\n")), "steps = 4\n");
  EXPECT_EQ(read_text_file(folder.write("plain", "a\xEF\xBB\xBF")), "a\xEF\xBB\xBF");
  EXPECT_EQ(read_text_file(folder.write("empty", "")), "");
}

TEST(TextFile, OfAnotherEncodingIsRefused) {
  using namespace std::string_literals;
  const TemporaryFolder folder;
  for (const std::string& text : {"\xFF\xFEs\0"s, "\xFE\xFF\0s"s, "\0\0\xFE\xFF\0\0\0s"s, "\xFF\xFE\0\0s\0\0\0"s}) {
    EXPECT_THAT([&] { read_text_file(folder.write("other", text)); },
                ThrowsMessage<InputError>(HasSubstr("other: is UTF-16 or UTF-32: save it as UTF-8")));
  }
}

}  // namespace
}  // namespace orrery
