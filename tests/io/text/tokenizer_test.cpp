#include "io/text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/core/error.h"
#include "text_folder.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using Ids = std::vector<std::int64_t>;

using SmallTokenizer = TextFolder;

TEST_F(SmallTokenizer, BothFormsOfTheFilesAgree) {
  write_as_vocabulary_files(small_tokenizer(), folder_);
  const Tokenizer separate = Tokenizer::load(folder_);
  write("tokenizer.json", small_tokenizer().dump());
  const Tokenizer whole = Tokenizer::load(folder_);
  for (const Tokenizer* tokenizer : {&separate, &whole}) {
    EXPECT_EQ(tokenizer->id_of("abc"), 257);
    EXPECT_EQ(tokenizer->encode(""), Ids());
    EXPECT_EQ(tokenizer->encode("abcab ba"), (Ids{257, 256, ' ', 'b', 'a'}));
    EXPECT_EQ(tokenizer->encode(std::string("a\0b", 3)), (Ids{'a', 0, 'b'}));
    EXPECT_EQ(tokenizer->encode("\x7F\xC2\xAD"), (Ids{0x7F, 0xC2, 0xAD}));
  }
}

TEST_F(SmallTokenizer, AddedTokensAreCutOutLongestFirst) {
  write("tokenizer.json", small_tokenizer().dump());
  const Tokenizer tokenizer = Tokenizer::load(folder_);
  EXPECT_EQ(tokenizer.encode("a<|im_end|>!b"), (Ids{'a', 261, 'b'}));
  EXPECT_EQ(tokenizer.encode("<|im_end|>ab<<|im_end|>"), (Ids{259, 256, '<', 259}));
  EXPECT_EQ(tokenizer.encode("<|im_end|"), (Ids{'<', '|', 'i', 'm', '_', 'e', 'n', 'd', '|'}));
}

TEST_F(SmallTokenizer, NormalisesBetweenAddedTokensOnly) {
  write("tokenizer.json", small_tokenizer().dump());
  const Tokenizer tokenizer = Tokenizer::load(folder_);
  EXPECT_EQ(tokenizer.encode("e\xCC\x81"), (Ids{0xC3, 0xA9}));
  // '>' and U+0338 would join to U+226F and hide the token.
  EXPECT_EQ(tokenizer.encode("<|im_end|>\xCC\xB8"), (Ids{259, 0xCC, 0xB8}));
}

TEST_F(SmallTokenizer, InvalidUtf8IsRefused) {
  write("tokenizer.json", small_tokenizer().dump());
  const Tokenizer tokenizer = Tokenizer::load(folder_);
  for (const std::string bad : {"\x80", "\xC0\x80", "\xC3", "\xC3(", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                                "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_THAT([&] { tokenizer.encode("ab" + bad); },
                ThrowsMessage<InputError>(HasSubstr("not valid UTF-8 at byte 2")));
  }
}

TEST_F(SmallTokenizer, ADropoutOfNothingIsNone) {
  for (const SortedJson& none : {SortedJson(), SortedJson(0.0), SortedJson(0)}) {
    SortedJson content = small_tokenizer();
    content["model"]["dropout"] = none;
    write("tokenizer.json", content.dump());
    EXPECT_NO_THROW(Tokenizer::load(folder_)) << none;
  }
}

struct Malformed {
  std::string name;
  std::function<void(SortedJson&)> spoil;
  std::string said;
};

TEST_F(SmallTokenizer, MalformedTokenizerJsonIsNamed) {
  const std::vector<Malformed> cases = {
      {"no model", [](SortedJson& j) { j.erase("model"); }, "no key \"model\""},
      {"root", [](SortedJson& j) { j = SortedJson::array(); }, "expected an object"},
      {"type", [](SortedJson& j) { j["model"]["type"] = "WordPiece"; },
       "model: type: found \"WordPiece\", expected \"BPE\""},
      {"vocab", [](SortedJson& j) { j["model"]["vocab"] = 3; }, "model: vocab: found 3, expected an object"},
      {"id", [](SortedJson& j) { j["model"]["vocab"]["ab"] = -1; }, "model: vocab: ab: found -1, expected a token id"},
      {"id text", [](SortedJson& j) { j["model"]["vocab"]["ab"] = "x"; }, "model: vocab: ab: found \"x\""},
      {"no byte", [](SortedJson& j) { j["model"]["vocab"].erase("!"); }, "needs the byte \"!\""},
      {"part", [](SortedJson& j) { j["model"]["merges"].push_back("ab zz"); }, "merge 3 (\"ab zz\") joins \"zz\""},
      {"product", [](SortedJson& j) { j["model"]["merges"].push_back("b c"); }, "merge 3 (\"b c\") makes \"bc\""},
      {"twice", [](SortedJson& j) { j["model"]["merges"].push_back("a b"); }, "an earlier merge makes"},
      {"blanks", [](SortedJson& j) { j["model"]["merges"][0] = "a  b"; },
       "merges: 0: found \"a  b\", expected two tokens"},
      {"number", [](SortedJson& j) { j["model"]["merges"][1] = 7; }, "merges: 1: found 7, expected two tokens"},
      {"three",
       [](SortedJson& j) {
         j["model"]["merges"][1] = {"a", "b", "c"};
       },
       "merges: 1: found an array"},
      {"fallback", [](SortedJson& j) { j["model"]["byte_fallback"] = true; }, "byte_fallback: found true"},
      {"ignore", [](SortedJson& j) { j["model"]["ignore_merges"] = true; }, "ignore_merges: found true"},
      {"dropout", [](SortedJson& j) { j["model"]["dropout"] = 0.1; }, "dropout: found 0.1"},
      {"normalizer", [](SortedJson& j) { j["normalizer"]["type"] = "NFKC"; }, "found \"NFKC\", expected \"NFC\""},
      {"no normalizer", [](SortedJson& j) { j["normalizer"] = nullptr; }, "normalizer: found null"},
      {"steps", [](SortedJson& j) { j["pre_tokenizer"]["pretokenizers"].erase(1); }, "expected two steps"},
      {"behavior", [](SortedJson& j) { j["pre_tokenizer"]["pretokenizers"][0]["behavior"] = "Removed"; },
       "\"Isolated\""},
      {"use_regex", [](SortedJson& j) { j["pre_tokenizer"]["pretokenizers"][1].erase("use_regex"); }, "use_regex"},
      {"regex", [](SortedJson& j) { j["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "(a"; },
       "Regex: found the pattern (a"},
      {"literal",
       [](SortedJson& j) {
         j["pre_tokenizer"]["pretokenizers"][0]["pattern"] = {{"String", " "}};
       },
       "no key \"Regex\""},
      {"added id", [](SortedJson& j) { j["added_tokens"][1].erase("id"); }, "added_tokens: 1: no key \"id\""},
      {"added empty", [](SortedJson& j) { j["added_tokens"][1]["content"] = ""; }, "an added token is empty"},
      {"added twice", [](SortedJson& j) { j["added_tokens"][1]["content"] = "<|im_start|>"; },
       "has id 259, but elsewhere"},
      {"lstrip", [](SortedJson& j) { j["added_tokens"][1]["lstrip"] = true; }, "added_tokens: 1: lstrip: found true"},
  };
  for (const Malformed& entry : cases) {
    SortedJson content = small_tokenizer();
    entry.spoil(content);
    write("tokenizer.json", content.dump());
    EXPECT_THAT([&] { Tokenizer::load(folder_); },
                ThrowsMessage<InputError>(testing::AllOf(HasSubstr("tokenizer.json"), HasSubstr(entry.said))))
        << entry.name;
  }
}

struct BadFiles {
  std::string file;
  std::string content;
  std::string said;
};

TEST_F(SmallTokenizer, MalformedVocabularyFilesAreNamed) {
  const std::vector<BadFiles> cases = {
      {"vocab.json", "{\n\"a\": 1,\n", "vocab.json:3: not valid JSON"},
      {"vocab.json", "[]", "vocab.json: found an array, expected an object"},
      {"vocab.json", R"({"a": 1.5})", "vocab.json: a: found 1.5, expected a token id"},
      {"vocab.json", R"({"a": 1e999})", "vocab.json: not valid JSON"},
      {"vocab.json", R"({"a": 99999999999})", "vocab.json: a: found 99999999999"},
      {"merges.txt", "#version: 0.2\na b\nabc\n", "merges.txt:3: found \"abc\", expected two tokens"},
      {"merges.txt", "a b c\n", "merges.txt:1: found \"a b c\""},
      {"merges.txt", "\xFF b\n", "merges.txt is not valid UTF-8 at byte 0"},
      {"added_tokens.json", R"({"<x>": "1"})", "added_tokens.json: <x>: found \"1\", expected a token id"},
      {"tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer"})",
       "found \"GPT2Tokenizer\", expected Qwen2Tokenizer"},
      {"tokenizer_config.json", R"({"added_tokens_decoder": {"x": {}}})", "found the key \"x\", expected a token id"},
      {"tokenizer_config.json", R"({"added_tokens_decoder": {"7": {}}})",
       "added_tokens_decoder: 7: no key \"content\""},
  };
  for (const BadFiles& entry : cases) {
    write_as_vocabulary_files(small_tokenizer(), folder_);
    std::filesystem::remove(folder_ / "tokenizer_config.json");
    write(entry.file, entry.content);
    EXPECT_THAT([&] { Tokenizer::load(folder_); }, ThrowsMessage<InputError>(HasSubstr(entry.said))) << entry.content;
  }
}

TEST_F(SmallTokenizer, MissingFilesAreNamed) {
  EXPECT_THAT([&] { Tokenizer::load(folder_ / "nowhere"); },
              ThrowsMessage<InputError>(HasSubstr("nowhere: no such folder")));
  EXPECT_THAT([&] { Tokenizer::load(folder_); }, ThrowsMessage<InputError>(HasSubstr("expected tokenizer.json")));
  write("vocab.json", "{}");
  EXPECT_THAT([&] { Tokenizer::load(folder_); }, ThrowsMessage<InputError>(HasSubstr("merges.txt: no such file")));
  std::filesystem::remove(folder_ / "vocab.json");
  write("merges.txt", "");
  EXPECT_THAT([&] { Tokenizer::load(folder_); }, ThrowsMessage<InputError>(HasSubstr("vocab.json: no such file")));
}

}  // namespace
}  // namespace orrery
