// The files of a tokenizer. The first byte says which file the rest is: j tokenizer.json, v vocab.json, m merges.txt,
// a added_tokens.json, c tokenizer_config.json, s a SentencePiece model; t a text for a sound tokenizer. The other
// files of the folder are sound.
#include <map>

#include "base/core/json.h"
#include "fuzz.h"
#include "io/text/prompt.h"
#include "io/text/token_tables.h"
#include "io/text/tokenizer.h"

namespace orrery::fuzz {
namespace {

constexpr const char* kSpecial[] = {"<|im_start|>", "<|im_end|>", "<|vision_start|>"};
constexpr std::string_view kText = "It's 1234 cats,  caf\u0065\u0301\n\n <|im_end|>\u732b ab abc\t!";
constexpr std::int64_t kFirstAdded = 258;

std::string vocabulary() {
  SortedJson table;
  for (std::size_t byte = 0; byte < 256; ++byte) table[byte_alphabet()[byte]] = byte;
  table["ab"] = 256;
  table["abc"] = 257;
  return table.dump();
}

std::string added_tokens() {
  SortedJson table;
  std::int64_t id = kFirstAdded;
  for (const char* token : kSpecial) table[token] = id++;
  return table.dump();
}

const std::map<std::string, std::string>& sound_files() {
  static const std::map<std::string, std::string> files{
      {"vocab.json", vocabulary()}, {"merges.txt", "a b\nab c\n"}, {"added_tokens.json", added_tokens()}};
  return files;
}

std::string name_of(char which) {
  switch (which) {
    case 'j':
      return "tokenizer.json";
    case 'v':
      return "vocab.json";
    case 'm':
      return "merges.txt";
    case 'a':
      return "added_tokens.json";
    case 'c':
      return "tokenizer_config.json";
    case 's':
      return "a.model";
    default:
      return "";
  }
}

bool stands_alone(char which) { return which == 'j' || which == 's'; }

// A folder whose file `which` is the input; empty folders for the two that stand alone.
const Folder& folder_of(char which) {
  static std::map<char, Folder> folders;
  const auto [place, is_new] = folders.try_emplace(which);
  if (is_new && !stands_alone(which)) {
    for (const auto& [name, content] : sound_files()) place->second.write(name, content);
  }
  return place->second;
}

void use(const Tokenizer& tokenizer, std::string_view text) {
  for (const std::int64_t id : tokenizer.encode(text)) {
    check(id >= -1 && id <= std::numeric_limits<std::int32_t>::max(), "id " + std::to_string(id));
  }
}

void encode_text(std::string_view text) {
  static const Tokenizer tokenizer = Tokenizer::load(folder_of('t').path());
  accepts("", [&] {
    use(tokenizer, text);
    prompt_ids(tokenizer, text);
  });
}

void load(char which, std::string_view content) {
  const Folder& folder = folder_of(which);
  folder.write(name_of(which), content);
  accepts(folder.path().string(), [&] { use(Tokenizer::load(folder.path()), kText); });
}

}  // namespace
}  // namespace orrery::fuzz

using namespace orrery::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const char which = static_cast<char>(data[0]);
  const std::string_view content = bytes(data, size).substr(1);
  if (which == 't') encode_text(content);
  if (!name_of(which).empty()) load(which, content);
  return 0;
}
