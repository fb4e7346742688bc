#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

#include "app/cli/commands.h"
#include "app/cli/help.h"
#include "app/cli/option_table.h"
#include "app/cli/options.h"
#include "app/manifest/manifest.h"
#include "base/core/file.h"
#include "base/core/terminal_text.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kSource = ORRERY_SOURCE;

std::vector<fs::path> job_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kSource / "jobs")) {
    if (entry.path().filename() != "README.md") files.push_back(entry.path());
  }
  return files;
}

TEST(JobFiles, AreValidAndSayHowTheyAreStarted) {
  ASSERT_FALSE(job_files().empty());
  for (const fs::path& file : job_files()) {
    EXPECT_EQ(file.extension(), ".ini");
    const std::string text = read_file(file);
    EXPECT_EQ(text.substr(0, 2), "# ") << file;
    EXPECT_THAT(text, HasSubstr("orrery run --job jobs/" + file.filename().string())) << file;
    const Options o =
        parse_options({"run", "--job", file.string(), "--checkpoint", "c", "--manifest", "m", "--out", "o"});
    const int ranks = o.grid.ranks();
    if (ranks == 1) continue;
    EXPECT_THAT(text, HasSubstr("mpirun -n " + std::to_string(ranks) + " ")) << file;
  }
}

TEST(JobFiles, AreListedWithTheirRanks) {
  const std::string page = read_file(kSource / "jobs/README.md");
  for (const fs::path& file : job_files()) {
    const Options o = parse_options({"run", "--job", file.string(), "--dump-config"});
    const GridShape& grid = o.grid;
    std::string row("| `");
    row.append(file.filename().string()).append("` | ").append(std::to_string(grid.ranks()));
    EXPECT_THAT(page, HasSubstr(fmt::format("{} | {} × {} × {} | ", row, grid.cfg, grid.sp, grid.tp)));
  }
}

// The text of jobs/all-options.ini: for each option a comment and a line with its default or, after #, its argument.
std::string all_options() {
  std::string text =
      "# Every option of a job file with its meaning and its default, to copy from; options after # are not set.\n"
      "#   orrery run --job jobs/all-options.ini --checkpoint DIR --manifest FILE --out DIR\n";
  for (const OptionGroupTitle& group : option_groups()) {
    std::string lines;
    for (const OptionSpec& spec : option_table()) {
      if (spec.group != group.group || !spec.in_job_file() || !spec.commands.contains(Command::Run)) continue;
      std::istringstream words(paragraphs(spec.help, 2));
      for (std::string line; std::getline(words, line);) lines.append("\n#").append(line.substr(1));
      const std::optional<std::string> value = spec.get(Options{});
      lines.append(value ? "\n" : "\n# ").append(spec.name).append(" = ").append(value ? *value : spec.argument);
      lines += "\n";
    }
    if (!lines.empty()) text.append("\n# --- ").append(group.title).append("\n").append(lines);
  }
  return text;
}

TEST(JobFiles, OneHasAllOptionsWithTheirDefaults) {
  const fs::path file = kSource / "jobs/all-options.ini";
  EXPECT_TRUE(read_file(file) == all_options()) << "jobs/all-options.ini should be:\n" << all_options();
  EXPECT_EQ(dump_config(parse_options({"run", "--job", file.string(), "--dump-config"})), dump_config({}));
}

// The orrery commands in a text: the word orrery and its arguments, up to the end of the command.
std::vector<std::vector<std::string>> commands_in(std::string text) {
  std::vector<std::vector<std::string>> commands;
  for (std::size_t at = text.find("\\\n"); at != std::string::npos; at = text.find("\\\n")) text.replace(at, 2, 2, ' ');
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find("orrery ");
    if (at == std::string::npos) continue;
    std::istringstream words(line.substr(at + 7));
    std::vector<std::string> command;
    for (std::string word; words >> word && word.find_first_of("|>#`)") == std::string::npos;) command.push_back(word);
    const auto table = command_table();
    const bool is_command = !command.empty() && std::any_of(table.begin(), table.end(), [&](const CommandSpec& spec) {
      return spec.name == command.front();
    });
    if (is_command) commands.push_back(std::move(command));
  }
  return commands;
}

constexpr std::array kPages{"README.md",     "inputs/README.md",         "jobs/README.md",  "slurm/README.md",
                            "src/README.md", "src/io/latents/README.md", "tests/README.md", "tools/results/README.md"};

TEST(Pages, LinkToFilesThatExist) {
  for (const fs::path page : kPages) {
    const std::string text = read_file(kSource / page);
    for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 2)) {
      const std::string link = text.substr(at + 2, text.find_first_of(")#", at) - at - 2);
      EXPECT_TRUE(fs::exists((kSource / page).parent_path() / link)) << page << " links to " << link;
    }
  }
}

TEST(Pages, TheFirstOneIsShort) {
  std::istringstream lines(read_file(kSource / "README.md"));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_LE(character_count(line), 120U) << line;
  }
  EXPECT_LE(count, 150);
}

TEST(Pages, ShowCommandsThatExist) {
  std::string pages;
  for (const char* name : kPages) pages += read_file(kSource / name) + "\n";
  for (const fs::path& file : job_files()) pages += read_file(file) + "\n";
  for (const CommandSpec& spec : command_table()) pages += help_text(spec.command) + "\n";
  const auto commands = commands_in(pages);
  EXPECT_GT(commands.size(), 60U);
  for (const std::vector<std::string>& command : commands) {
    const Command which = parse_options({command.front(), "--help"}).command;
    for (const std::string& word : command) {
      EXPECT_TRUE(!word.starts_with("jobs/") || fs::exists(kSource / word)) << word;
      if (!word.starts_with("--") || word == "--help") continue;
      const std::string name = word.substr(2, word.find_first_of("=,;.") - 2);
      EXPECT_NE(find_option(name, which), nullptr) << "orrery " << command.front() << " has no " << word;
    }
  }
}

std::deque<Request> shipped_manifest(const char* name) {
  const fs::path file = kSource / "inputs" / name;
  return parse_manifest(read_file(file), file, {});
}

TEST(ExamplesManifest, HasFourClipsFromText) {
  std::vector<std::string> ids;
  for (const Request& request : shipped_manifest("examples.jsonl")) {
    ids.push_back(request.id);
    EXPECT_FALSE(request.conditioned() || request.sound) << request.id;
  }
  EXPECT_THAT(ids, ElementsAre("wet-crossing", "bin-picking", "orchard-rover", "forklift-aisle"));
}

TEST(DemoManifest, HasFourClipsWithSound) {
  std::vector<std::string> ids;
  for (const Request& request : shipped_manifest("demo.jsonl")) {
    ids.push_back(request.id);
    EXPECT_TRUE(request.sound && !request.conditioned()) << request.id;
  }
  EXPECT_THAT(ids, ElementsAre("red-circle", "yellow-square", "blue-triangle", "green-circle"));
}

TEST(ModesManifest, HasALineForEachMode) {
  struct Mode {
    bool image, sound;
    std::string parent;
    bool picture = false, last_image = false, video = false, is_long = false;
    bool operator==(const Mode&) const = default;
  };
  std::vector<Mode> modes;
  for (const Request& request : shipped_manifest("modes.jsonl")) {
    modes.push_back({!request.image.empty(), request.sound, request.parent, request.picture(),
                     !request.last_image.empty(), !request.video.empty(), request.is_long()});
    for (const RequestFile& file : request.input_files()) EXPECT_TRUE(fs::exists(file.path)) << file.path;
    const fs::path picture = request.image.empty() ? "" : (kSource / "inputs" / "circle.png").lexically_normal();
    EXPECT_EQ(request.image, picture) << request.id;
  }
  const std::vector<Mode> expected{{false, false, ""},
                                   {true, false, ""},
                                   {false, true, ""},
                                   {true, true, ""},
                                   {false, false, "text"},
                                   {false, false, "", true},
                                   {false, false, "", true},
                                   {.image = false, .sound = false, .parent = "", .video = true},
                                   {.image = true, .sound = false, .parent = "", .last_image = true},
                                   {.image = false, .sound = true, .parent = "", .is_long = true}};
  EXPECT_EQ(modes, expected);
}

}  // namespace
}  // namespace orrery
