#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "app/commands/commands.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(RandomWeights, ValidateAndTokensNeedNoFiles) {
  const TemporaryFolder folder;
  Options options;
  options.model.checkpoint = "random:super";
  options.grid = {2, 8};
  options.manifest = folder.write("m.jsonl", R"({"id": "a", "prompt": "hi", "append_metadata": false, "sound": true})");
  EXPECT_THAT(validate(options),
              AllOf(HasSubstr("random:super: hidden 5120, 64 layers"), HasSubstr("sound yes"), HasSubstr("4 tokens")));
  std::ostringstream lines;
  print_tokens(options, lines);
  EXPECT_THAT(lines.str(), HasSubstr("\"ids\":[104,105,256,257]"));
}

}  // namespace
}  // namespace orrery
