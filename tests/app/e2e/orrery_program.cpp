#include "orrery_program.h"

#include <chrono>
#include <sstream>
#include <thread>

#include "base/core/error.h"
#include "base/core/file.h"
#include "support/temporary_folder.h"

// The main function of src/main.cpp, which is linked into this library.
int orrery_main(int argc, char** argv);

namespace orrery {
namespace {

namespace fs = std::filesystem;

void append(CommandLine& command, const CommandLine& more) { command.insert(command.end(), more.begin(), more.end()); }

class DemoCheckpoint {
 public:
  DemoCheckpoint() : path_(folder_ / "demo") {
    const Ending made = run_program({"python3", std::string(ORRERY_SOURCE) + "/tools/make_checkpoint.py", "--preset",
                                     "demo", "--out", path_.string()});
    require(made.exit_code == 0, "make_checkpoint.py: " + made.err);
  }
  const fs::path& path() const { return path_; }

 private:
  TemporaryFolder folder_;
  fs::path path_;
};

}  // namespace

CommandLine orrery(const CommandLine& arguments) {
  run_in_forks(ORRERY_PROGRAM, orrery_main);
  CommandLine command{ORRERY_PROGRAM};
  append(command, arguments);
  return command;
}

CommandLine on_ranks(int ranks, const CommandLine& command) {
  CommandLine line;
  std::istringstream words(ORRERY_TEST_MPIRUN);
  for (std::string word; words >> word;) line.push_back(word);
  append(line, {"-n", std::to_string(ranks)});
  append(line, command);
  return line;
}

CommandLine run_command(const fs::path& checkpoint, const fs::path& manifest, const fs::path& out,
                        const CommandLine& more) {
  CommandLine command = orrery({"run", "--checkpoint", checkpoint.string(), "--manifest", manifest.string(), "--out",
                                out.string(), "--device", "cpu"});
  append(command, more);
  return command;
}

const fs::path& demo_checkpoint() {
  static const DemoCheckpoint demo;
  return demo.path();
}

std::string random_line(const std::string& id, const Json& more) {
  Json line{{"id", id},
            {"prompt_token_ids", {7, 8, 9}},
            {"negative_token_ids", {5}},
            {"num_frames", 5},
            {"height", 32},
            {"width", 32},
            {"steps", 2}};
  line.update(more);
  return line.dump() + "\n";
}

bool soon(const std::function<bool()>& happened) {
  constexpr int kHangs = 300'000;  // about ten minutes: longer than on any slow machine
  for (int tries = 0; tries < kHangs; ++tries) {
    if (happened()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

std::vector<Json> json_lines(const fs::path& file) {
  std::vector<Json> lines;
  std::istringstream text(read_file(file));
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

}  // namespace orrery
