// A job file, with all its options. The first byte says for which command.
#include "app/cli/options.h"
#include "fuzz.h"

namespace orrery::fuzz {
namespace {

const char* command_of(std::uint8_t byte) {
  constexpr const char* kCommands[] = {"run", "validate", "decode", "bench", "plan"};
  return kCommands[byte % std::size(kCommands)];
}

// What --dump-config prints must be a job file of the same options.
void require_kept(const Folder& folder, const Options& options) {
  const std::string dumped = dump_config(options);
  const std::filesystem::path again = folder.write("again.ini", dumped);
  const std::string twice = dump_config(parse_options({"run", "--job", again.string(), "--dump-config"}));
  check(twice == dumped, "other options are read from " + dumped + "\nnamely " + twice);
}

}  // namespace
}  // namespace orrery::fuzz

using namespace orrery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  if (size == 0) return 0;
  const std::string command = fuzz::command_of(data[0]);
  const std::filesystem::path file = folder.write("job.ini", fuzz::bytes(data, size).substr(1));
  std::optional<Options> options;
  fuzz::accepts("", [&] { options = parse_options({command, "--job", file.string(), "--dump-config"}); });
  if (options && command == "run") fuzz::require_kept(folder, *options);
  return 0;
}
