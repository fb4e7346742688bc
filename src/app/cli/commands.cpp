#include "app/cli/commands.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/core/error.h"

namespace orrery {
namespace {

constexpr std::array<std::string_view, 3> kRunNeeds{"checkpoint", "manifest", "out"};
constexpr std::array<std::string_view, 2> kTextsNeed{"checkpoint", "manifest"};
constexpr std::array<std::string_view, 4> kEncodeNeeds{"checkpoint", "out", "height", "width"};
constexpr std::array<std::string_view, 2> kDecodeNeeds{"checkpoint", "out"};
constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

constexpr std::array kCommands{
    CommandSpec{Command::Run, "run", kRunNeeds, ""},
    CommandSpec{Command::Validate, "validate", kTextsNeed, ""},
    CommandSpec{Command::Plan, "plan", kTextsNeed, ""},
    CommandSpec{Command::Tokens, "tokens", kTextsNeed, ""},
    CommandSpec{Command::Encode, "encode", kEncodeNeeds, "an image or a video", 1},
    CommandSpec{Command::Decode, "decode", kDecodeNeeds, "one latent file (.h5) or more", kAnyNumber},
    CommandSpec{Command::Inspect, "inspect", {}, "one latent file (.h5) or more", kAnyNumber},
    CommandSpec{Command::Compare, "compare", {}, "two latent files (.h5) or two media files", 2, 2},
    CommandSpec{Command::Report, "report", {}, "the --out folder of a run", 1},
    CommandSpec{Command::Bench, "bench", {}, ""},
    CommandSpec{Command::Completion, "completion", {}, "the shell, bash", 1}};

}  // namespace

std::span<const CommandSpec> command_table() { return kCommands; }

const CommandSpec& command_spec(Command command) {
  const auto* spec =
      std::find_if(kCommands.begin(), kCommands.end(), [&](const CommandSpec& c) { return c.command == command; });
  require(spec != kCommands.end(), "this command takes no options");
  return *spec;
}

}  // namespace orrery
