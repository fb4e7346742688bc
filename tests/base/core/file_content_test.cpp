#include "base/core/file_content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "base/core/json.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
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

constexpr const char* kPointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1234567890\n";

TEST(NotFetched, PointersAndPagesAreKnown) {
  EXPECT_THAT(not_fetched(kPointer), HasSubstr("git lfs pull"));
  for (const char* page : {"<!DOCTYPE html>", "<!doctype HTML>\n<html>", "\xEF\xBB\xBF\r\n <HTML lang=\"en\">",
                           "<?xml version=\"1.0\"?><Error>", "<head><title>403"}) {
    EXPECT_THAT(not_fetched(page), HasSubstr("a web page")) << page;
  }
}

TEST(NotFetched, OtherFilesAreNot) {
  for (const char* other : {"", "{", "version 1", "\x40\0\0\0\0\0\0\0{\"w\":", "<", "a <html> b"}) {
    EXPECT_EQ(not_fetched(other), "") << other;
  }
}

TEST(NotFetched, AConfigSaysSo) {
  const TemporaryFolder folder;
  const auto file = folder.write("config.json", kPointer);
  EXPECT_THAT([&] { parse_json_file(file); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("config.json: a Git LFS pointer"), Not(HasSubstr("JSON:")))));
}

}  // namespace

}  // namespace orrery
