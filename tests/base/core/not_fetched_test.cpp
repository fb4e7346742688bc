#include "base/core/not_fetched.h"

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
