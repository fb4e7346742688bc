#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include "base/core/error.h"
#include "io/text/prompt.h"
#include "io/text/tokenizer.h"
#include "text_folder.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using Ids = std::vector<std::int64_t>;

class Sentences : public sentencepiece::SentenceIterator {
 public:
  bool done() const override { return index_ == 40; }
  void Next() override { line_ = make(++index_); }
  const std::string& value() const override { return line_; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  static std::string make(int i) { return "a robot arm lifts part " + std::to_string(i) + " and turns it on the belt"; }
  int index_ = 0;
  std::string line_ = make(0);
};

std::string train_model(const std::string& type) {
  Sentences sentences;
  std::string model;
  const auto status =
      sentencepiece::SentencePieceTrainer::Train("--model_type=" + type +
                                                     " --vocab_size=60 --hard_vocab_limit=false --minloglevel=2"
                                                     " --control_symbols=<|im_start|>,<|im_end|>,<|vision_start|>",
                                                 &sentences, &model);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return model;
}

using SentencePieceModel = TextFolder;

TEST_F(SentencePieceModel, EncodesAsTheLibraryDoes) {
  for (const std::string type : {"bpe", "unigram"}) {
    const std::string model = train_model(type);
    sentencepiece::SentencePieceProcessor reference;
    ASSERT_TRUE(reference.LoadFromSerializedProto(model).ok());
    write("spiece.model", model);
    const Tokenizer tokenizer = Tokenizer::load(folder_);
    for (const std::string text : {"the arm turns", "  two  robots, \xC3\xA9t\xC3\xA9 ", "unseen: QXZ"}) {
      const std::vector<int> pieces = reference.EncodeAsIds(text);
      EXPECT_EQ(tokenizer.encode(text), Ids(pieces.begin(), pieces.end())) << type << ": " << text;
    }
    EXPECT_EQ(tokenizer.encode(""), Ids());
    EXPECT_THAT([&] { tokenizer.id_of("no such piece"); }, ThrowsMessage<InputError>(HasSubstr("no such piece")));
  }
}

TEST_F(SentencePieceModel, ControlAndAddedTokensAreCutOut) {
  const std::string model = train_model("bpe");
  write("spiece.model", model);
  write("added_tokens.json", R"({"<extra>": 900})");
  const Tokenizer tokenizer = Tokenizer::load(folder_);
  const std::int64_t end = tokenizer.id_of("<|im_end|>");
  EXPECT_EQ(tokenizer.encode("<|im_end|><extra>"), (Ids{end, 900}));
  const Ids ids = prompt_ids(tokenizer, "the arm");
  EXPECT_EQ(ids.front(), tokenizer.id_of("<|im_start|>"));
  EXPECT_EQ(ids.back(), tokenizer.id_of("<|vision_start|>"));
  EXPECT_EQ(std::ranges::count(ids, end), 2);
}

TEST_F(SentencePieceModel, RefusesBadModels) {
  write("a.model", "not a model");
  EXPECT_THAT([&] { Tokenizer::load(folder_); },
              ThrowsMessage<InputError>(HasSubstr("a.model: not a SentencePiece model")));
  write("b.model", "");
  EXPECT_THAT([&] { Tokenizer::load(folder_); },
              ThrowsMessage<InputError>(HasSubstr("found 2 *.model files (a.model")));
  std::filesystem::remove(folder_ / "a.model");
  EXPECT_THAT([&] { Tokenizer::load(folder_); },
              ThrowsMessage<InputError>(HasSubstr("b.model: not a SentencePiece model")));
}

// Found by tests/fuzz: SentencePiece's index takes a piece of one null byte for an empty one, and throws.
TEST_F(SentencePieceModel, RefusesAnEmptyPiece) {
  write("d.model", std::string("\n\x0e\n\x05<unk>\x15\0\0\0\0\x18\x02\n\n\n\x01\0\x15\0\0\x80\xbf\x18\x01", 28));
  EXPECT_THAT([&] { Tokenizer::load(folder_); },
              ThrowsMessage<InputError>(HasSubstr("d.model: not a SentencePiece model")));
}

// Found by tests/fuzz: SentencePiece loads a model whose blank is a control piece, and then cannot encode one.
TEST_F(SentencePieceModel, RefusesTextThatItCannotSpell) {
  std::string model("\n\x0e\n\x05<unk>\x15\0\0\0\0\x18\x02", 16);
  for (const std::string name : {"<|im_start|>", "<|im_end|>", "<|vision_start|>", "\xe2\x96\x81"}) {
    model += std::string("\n") + static_cast<char>(name.size() + 9) + '\n' + static_cast<char>(name.size()) + name +
             std::string("\x15\0\0\0\0\x18\x03", 7);
  }
  write("c.model", model + "\x12\x02\x18\x02\x1a\n\n\x08identity");
  const Tokenizer tokenizer = Tokenizer::load(folder_);
  EXPECT_THAT([&] { tokenizer.encode("the arm"); },
              ThrowsMessage<InputError>(HasSubstr("c.model: its pieces cannot spell a text")));
}

}  // namespace
}  // namespace orrery
