#include "text_folder.h"

#include <cstdlib>

#include "base/core/file.h"
#include "io/text/token_tables.h"

namespace orrery {

namespace fs = std::filesystem;

void TextFolder::SetUp() {
  std::string name = (fs::temp_directory_path() / "orrery-text-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  folder_ = name;
}

void TextFolder::TearDown() { fs::remove_all(folder_); }

void TextFolder::write(const std::string& name, std::string_view content) const { write_file(folder_ / name, content); }

SortedJson small_tokenizer() {
  SortedJson vocabulary;
  for (std::size_t byte = 0; byte < 256; ++byte) vocabulary[byte_alphabet()[byte]] = byte;
  vocabulary["ab"] = 256;
  vocabulary["abc"] = 257;
  SortedJson added = SortedJson::array();
  for (const char* content : {"<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|im_end|>!"}) {
    added.push_back({{"id", 258 + added.size()}, {"content", content}, {"normalized", false}});
  }
  return {{"added_tokens", added},
          {"normalizer", {{"type", "NFC"}}},
          {"pre_tokenizer",
           {{"type", "Sequence"},
            {"pretokenizers",
             {{{"type", "Split"}, {"pattern", {{"Regex", kQwenPattern}}}, {"behavior", "Isolated"}, {"invert", false}},
              {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}}},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", {"a b", SortedJson::array({"ab", "c"})}}}}};
}

void write_as_vocabulary_files(const SortedJson& tokenizer, const fs::path& folder) {
  std::string merges = "#version: 0.2\n";
  for (const SortedJson& merge : tokenizer.at("model").at("merges")) {
    merges += merge.is_string() ? merge.get<std::string>()
                                : merge.at(0).get<std::string>() + " " + merge.at(1).get<std::string>();
    merges += '\n';
  }
  SortedJson added;
  for (const SortedJson& token : tokenizer.at("added_tokens")) added[token.at("content")] = token.at("id");
  write_file(folder / "vocab.json", tokenizer.at("model").at("vocab").dump());
  write_file(folder / "merges.txt", merges);
  write_file(folder / "added_tokens.json", added.dump());
}

}  // namespace orrery
