#include "app/cli/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orrery {
namespace {

using testing::ContainsRegex;
using testing::EndsWith;
using testing::StartsWith;

TEST(Version, NamesEveryLibrary) {
  const std::string text = version_text();
  for (const char* pattern :
       {"^orrery +[0-9]+\\.[0-9]+\\.[0-9]+", "\nrevision +[0-9a-z]+", "\nLibTorch +[0-9]+\\.[0-9]+",
        "\nCUDA +([0-9]+\\.[0-9]+|none)", "\nNCCL +([0-9]+\\.[0-9]+|none)", "\nMPI +[A-Z]", "\nHDF5 +[0-9]+\\.[0-9]+",
        "\nFFmpeg +libavcodec [0-9]+\\.[0-9]+"}) {
    EXPECT_THAT(text, ContainsRegex(pattern));
  }
}

TEST(Version, SoftwareNameHasTheRevision) {
  EXPECT_THAT(software_name(), StartsWith("orrery "));
  EXPECT_THAT(software_name(), EndsWith(versions()["revision"].get<std::string>() + ")"));
}

}  // namespace
}  // namespace orrery
