// Everything that the program refuses before it starts: exit code 2, a clear message, little CPU time, no files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "base/core/file.h"
#include "checkpoint_copy.h"
#include "orrery_program.h"
#include "refusal.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kGood = R"({"id": "a", "prompt_token_ids": [1, 2], "negative_token_ids": [3]})";

// Commands with a valid checkpoint and a valid manifest; each test has its own folder.
class Refused : public testing::Test {
 protected:
  Refused() { folder_.write("clips.jsonl", kGood); }
  static void TearDownTestSuite() {
    std::cout << "dearest refusal so far: " << dearest_refusal() << " s of CPU time\n";
  }

  // The clip is small, so that a run that wrongly starts ends soon.
  CommandLine command(const std::string& word, const CommandLine& more = {}) const {
    CommandLine line =
        orrery({word, "--checkpoint", checkpoint_.string(), "--manifest", (folder_ / "clips.jsonl").string(), "--out",
                out_.string(), "--num-frames", "1", "--width", "32"});
    line.insert(line.end(), more.begin(), more.end());
    return line;
  }
  void expect(const Said& said, const CommandLine& more = {}) const {
    expect_refused(command("run", more), out_, said);
  }

  TemporaryFolder folder_;
  fs::path checkpoint_ = demo_checkpoint();
  fs::path out_ = folder_ / "out";
};

template <class Row>
std::string name_of(const testing::TestParamInfo<Row>& row) {
  return row.param.name;
}

// --- Manifests

struct ManifestCase {
  std::string name;
  std::string text;
  Said said;
};

class RefusedManifest : public Refused, public testing::WithParamInterface<ManifestCase> {};

TEST_P(RefusedManifest, NamesTheLine) {
  folder_.write("clips.jsonl", GetParam().text);
  expect(GetParam().said);
}

// A line that is valid except for `members`.
std::string line_with(const std::string& members) {
  return R"({"id": "a", "prompt_token_ids": [1, 2], "negative_token_ids": [3], )" + members + "}\n";
}

INSTANTIATE_TEST_SUITE_P(
    Lines, RefusedManifest,
    testing::Values(
        ManifestCase{"UnknownKey",
                     line_with(R"("hieght": 720)"),
                     {{"clips.jsonl:1: id \"a\": hieght: unknown key", "did you mean height?"}}},
        ManifestCase{"WrongType",
                     line_with(R"("height": "720")"),
                     {{"clips.jsonl:1: ", "height: an integer was expected, found the string \"720\""}}},
        ManifestCase{"Height721",
                     "# a comment\n\n" + line_with(R"("height": 721)"),
                     {{"clips.jsonl:3: ", "height: 721 is not a multiple of 16", "nearest: 720"}}},
        ManifestCase{"Frames10",
                     line_with(R"("num_frames": 10)"),
                     {{"num_frames: 10 is not a multiple of 4, plus 1", "nearest: 9"}}},
        ManifestCase{
            "SameIdTwice", std::string(kGood) + "\n" + kGood, {{"clips.jsonl:2: id \"a\": already used in line 1"}}},
        ManifestCase{"BadId",
                     R"({"id": "a/b", "prompt": "x"})",
                     {{"clips.jsonl:1: id: \"a/b\" has other characters than letters, digits"}}},
        ManifestCase{"NoId", R"({"prompt": "x"})", {{"clips.jsonl:1: id: missing"}}},
        ManifestCase{"NoPrompt", R"({"id": "a"})", {{"prompt: missing: give a text, or prompt_token_ids"}}},
        ManifestCase{"BadUtf8", "{\"id\": \"a\", \"prompt\": \"caf\xE9\"}", {{"clips.jsonl:1: column ", "UTF-8"}}},
        ManifestCase{"BadJson", R"({"id": "a", "prompt": )", {{"clips.jsonl:1: column ", "not valid JSON"}}},
        ManifestCase{"SingleQuotes",
                     "{'id': 'a'}",
                     {{"clips.jsonl:1: column 2: not valid JSON: texts and keys stand in double quotes, not in '"}}},
        ManifestCase{"NotAnObject", "[1]", {{"clips.jsonl:1: a JSON object was expected", "found the list [1]"}}},
        ManifestCase{"TokenTooLarge",
                     R"({"id": "a", "prompt_token_ids": [1, 1024], "negative_token_ids": [3]})",
                     {{"clips.jsonl:1: id \"a\": prompt_token_ids: 1024 is not a token id of the checkpoint"}}},
        ManifestCase{"NegativeToken",
                     R"({"id": "a", "prompt_token_ids": [-1], "negative_token_ids": [3]})",
                     {{"prompt_token_ids: -1 is not a token id"}}},
        ManifestCase{"Empty", "# nothing\n\n", {{"clips.jsonl: no request in it"}}},
        ManifestCase{"SeveralAtOnce",
                     line_with(R"("height": 721, "widht": 64)") + "nonsense\n" + kGood + "\n",
                     {{"clips.jsonl:1: id \"a\": widht: unknown key (did you mean width?)",
                       "clips.jsonl:1: id \"a\": height: 721", "clips.jsonl:2: column 2: not valid JSON",
                       "clips.jsonl:3: id \"a\": already used in line 1"},
                      4}}),
    name_of<ManifestCase>);

TEST_F(Refused, ManifestThatIsNotThere) {
  fs::remove(folder_ / "clips.jsonl");
  expect({{"--manifest: ", "clips.jsonl: no such file; expected JSON Lines, one request a line"}});
}

TEST_F(Refused, ManifestThatIsAFolder) {
  fs::remove(folder_ / "clips.jsonl");
  fs::create_directory(folder_ / "clips.jsonl");
  expect({{"clips.jsonl: not a file"}});
}

// A run records these requests as failed and makes the others; validate refuses them.
TEST_F(Refused, ValidateFindsMissingInputs) {
  fs::copy(demo_checkpoint(), folder_ / "silent", fs::copy_options::recursive);
  checkpoint_ = folder_ / "silent";
  fs::remove_all(checkpoint_ / "sound_tokenizer");
  folder_.write("clips.jsonl", R"({"id": "a", "prompt": "x", "image": "lost.png", "num_frames": 5}
{"id": "b", "prompt": "x", "condition_latents": "lost.h5", "num_frames": 5}
{"id": "d", "prompt": "x", "condition_latents": "never", "num_frames": 5}
{"id": "c", "prompt": "x", "sound": true, "num_frames": 5})");
  expect_refused(
      command("validate"), out_,
      {{"clips.jsonl:1: id \"a\": image: ", "lost.png: no such file",
        "clips.jsonl:2: id \"b\": condition_latents: ", "lost.h5: no such file",
        "clips.jsonl:3: id \"d\": condition_latents: ", "never: no such file, and no earlier line has the id never",
        "clips.jsonl:4: id \"c\": sound: the checkpoint has no sound"},
       4});
}

// --- Checkpoints

constexpr const char* kShard = "transformer/diffusion_pytorch_model-00001-of-00002.safetensors";
constexpr const char* kIndex = "transformer/diffusion_pytorch_model.safetensors.index.json";
constexpr const char* kConfig = "transformer/config.json";

struct CheckpointCase {
  std::string name;
  std::function<void(const fs::path& checkpoint)> damage;
  std::vector<std::string> words;
};

class RefusedCheckpoint : public Refused, public testing::WithParamInterface<CheckpointCase> {};

TEST_P(RefusedCheckpoint, NamesTheFile) {
  fs::copy(demo_checkpoint(), folder_ / "broken", fs::copy_options::recursive);
  checkpoint_ = folder_ / "broken";
  GetParam().damage(checkpoint_);
  expect({GetParam().words});
}

auto removing(const std::string& name) {
  return [=](const fs::path& checkpoint) { fs::remove_all(checkpoint / name); };
}

// Sets a member of a JSON file to another value.
auto setting(const std::string& file, const std::string& key, const Json& value) {
  return [=](const fs::path& checkpoint) { edit_json(checkpoint / file, [&](Json& json) { json[key] = value; }); };
}

// Sets a member of a tensor's header entry to another value.
auto claiming(const std::string& tensor, const std::string& key, const Json& value) {
  return [=](const fs::path& checkpoint) {
    edit_header(checkpoint / kShard, [&](Json& header) { header.at(tensor)[key] = value; });
  };
}

void overlap(const fs::path& checkpoint) {
  edit_header(checkpoint / kShard, [](Json& header) {
    for (Json& offset : header.at("proj_in.bias").at("data_offsets")) offset = offset.get<std::int64_t>() - 2;
  });
}

void lose_shard(const fs::path& checkpoint) {
  edit_json(checkpoint / kIndex, [](Json& index) { index["weight_map"]["norm.weight"] = "lost.safetensors"; });
}

void forget_tensor(const fs::path& checkpoint) {
  edit_json(checkpoint / kIndex, [](Json& index) { index["weight_map"].erase("norm_moe_gen.weight"); });
}

INSTANTIATE_TEST_SUITE_P(
    Files, RefusedCheckpoint,
    testing::Values(
        CheckpointCase{
            "NoConfig",
            removing(kConfig),
            {"broken/transformer/config.json: no such file; expected the published layout: folders transformer/"}},
        CheckpointCase{"NoVae", removing("vae"), {"broken/vae/config.json: no such file"}},
        CheckpointCase{"NoVaeWeights",
                       removing("vae/diffusion_pytorch_model.safetensors"),
                       {"broken/vae: neither ", "diffusion_pytorch_model.safetensors is here"}},
        CheckpointCase{"Truncated",
                       [](const fs::path& c) { cut_in_half(c / kShard); },
                       {kShard, "tensor ", "ends at byte ", "of which the file has ", "truncated?"}},
        CheckpointCase{"EmptyFile",
                       [](const fs::path& c) { fs::resize_file(c / kShard, 0); },
                       {kShard, "0 bytes long: too short to be a safetensors file"}},
        CheckpointCase{"HugeHeader",
                       [](const fs::path& c) { set_header_length(c / kShard, 1ULL << 40); },
                       {kShard, "not a safetensors file: it gives a header of 1099511627776 bytes"}},
        CheckpointCase{"LongHeader",
                       [](const fs::path& c) { set_header_length(c / kShard, 50'000'000); },
                       {kShard, "truncated: the header takes 50000000 bytes"}},
        CheckpointCase{"OffsetsTooFar",
                       claiming("proj_in.bias", "data_offsets", {0, 1LL << 40}),
                       {kShard, "tensor proj_in.bias: ends at byte 1099511627776"}},
        CheckpointCase{"OffsetsBackwards",
                       claiming("proj_in.bias", "data_offsets", {8, 4}),
                       {kShard, "tensor proj_in.bias: data_offsets are missing or not [begin, end]"}},
        CheckpointCase{"Overlap", overlap, {kShard, "overlaps the tensor before it by 2 bytes"}},
        CheckpointCase{"UnknownDtype",
                       claiming("proj_in.bias", "dtype", "BF17"),
                       {kShard, "tensor proj_in.bias: unknown dtype \"BF17\""}},
        CheckpointCase{"IntegerDtype",
                       claiming("proj_in.bias", "dtype", "I16"),
                       {kShard, "tensor proj_in.bias: I16 is not supported", "BF16, F16 or F32"}},
        CheckpointCase{"WrongSize",
                       claiming("proj_in.bias", "shape", {127}),
                       {kShard, "tensor proj_in.bias: has 256 bytes, but BF16 [127] takes 254"}},
        CheckpointCase{"WrongShape",
                       claiming("proj_in.weight", "shape", {64, 128}),
                       {kShard, "tensor proj_in.weight: found shape [64, 128], expected [128, 64]"}},
        CheckpointCase{"LostShard", lose_shard, {"lost.safetensors: no such file, but ", kIndex, "norm.weight"}},
        CheckpointCase{"LostTensor", forget_tensor, {"tensor norm_moe_gen.weight is missing; expected shape [128]"}},
        CheckpointCase{"OtherHiddenSize",
                       setting(kConfig, "hidden_size", 136),
                       {kShard, "found shape [1024, 128], expected [1024, 136] from the sizes in config.json"}},
        CheckpointCase{"OneLayerMore",
                       setting(kConfig, "num_hidden_layers", 5),
                       {"broken/transformer: tensor layers.4.", " is missing"}},
        CheckpointCase{"OneLayerLess",
                       setting(kConfig, "num_hidden_layers", 3),
                       {"tensors that this model does not have: layers.3."}},
        CheckpointCase{"OtherActivation",
                       setting(kConfig, "hidden_act", "gelu"),
                       {kConfig, "hidden_act: found \"gelu\", expected \"silu\""}},
        CheckpointCase{"WrongConfigType",
                       setting(kConfig, "hidden_size", "128"),
                       {kConfig, "hidden_size: found \"128\", expected a positive whole number"}},
        CheckpointCase{"OtherLatentChannels",
                       [](const fs::path& c) {
                         setting(kConfig, "latent_channel", 8)(c);
                         setting(kConfig, "patch_latent_dim", 32)(c);
                       },
                       {"z_dim 16", "latent_channel 8", "not of one model"}},
        CheckpointCase{"BrokenVaeConfig",
                       [](const fs::path& c) { write_file(c / "vae/config.json", "{\"z_dim\": 16,\n"); },
                       {"vae/config.json"}},
        CheckpointCase{"OtherVae",
                       setting("vae/config.json", "is_residual", false),
                       {"vae/config.json", "is_residual: found false, expected true"}}),
    name_of<CheckpointCase>);

TEST_F(Refused, CheckpointThatIsNotThere) {
  checkpoint_ = folder_ / "nowhere";
  expect({{"nowhere: no such folder; expected one with transformer/, vae/ and text_tokenizer/"}});
}

TEST_F(Refused, TextWithoutATokenizer) {
  fs::copy(demo_checkpoint(), folder_ / "mute", fs::copy_options::recursive);
  checkpoint_ = folder_ / "mute";
  fs::remove_all(checkpoint_ / "text_tokenizer");
  folder_.write("clips.jsonl", R"({"id": "a", "prompt": "A cat"})");
  expect({{"mute/text_tokenizer: no such folder, expected the tokenizer's files in it"}});
}

// --- Output folders

TEST_F(Refused, OutThatIsAFile) {
  out_ = folder_.write("taken", "mine");
  expect({{"taken: cannot be made a folder: a file is in the way: choose another one"}});
  EXPECT_EQ(read_file(out_), "mine");
}

TEST_F(Refused, OutBelowAFile) {
  out_ = folder_.write("taken", "mine") / "out";
  expect({{"taken/out: cannot be made a folder: a file is in the way"}});
}

TEST_F(Refused, OutThatCannotBeMade) {
  out_ = "/proc/orrery-out";
  expect({{"/proc/orrery-out: cannot be made a folder"}});
}

// --- Options

struct OptionCase {
  std::string name;
  CommandLine more;
  std::vector<std::string> words;
};

class RefusedOption : public Refused, public testing::WithParamInterface<OptionCase> {};

TEST_P(RefusedOption, IsNamed) { expect({GetParam().words}, GetParam().more); }

INSTANTIATE_TEST_SUITE_P(
    Options, RefusedOption,
    testing::Values(
        OptionCase{"Unknown", {"--step", "3"}, {"--step: no such option", "did you mean --steps?"}},
        OptionCase{"NotANumber", {"--steps", "ten"}, {"--steps: \"ten\" is not an integer"}},
        OptionCase{"NotAChoice", {"--dtype", "fp64"}, {"--dtype: \"fp64\" is not one of auto, float32"}},
        OptionCase{"OutOfRange", {"--crf", "52"}, {"--crf: 52 is outside 1 to 51"}},
        OptionCase{"Twice", {"--steps", "3", "--steps", "4"}, {"--steps: given more than once"}},
        OptionCase{"NoValue", {"--steps"}, {"--steps: its value is missing"}},
        OptionCase{"LooseWord", {"extra"}, {"\"extra\" is not an option"}},
        OptionCase{"BadDefault", {"--height", "721"}, {"--height: 721 is not a multiple of 16"}},
        OptionCase{"Cfg3", {"--cfg", "3"}, {"--cfg: 3 is outside 1 to 2"}},
        OptionCase{"NoLauncher", {"--cfg", "2"}, {"cfg x sp x tp = 2 x 1 x 1 = 2, but the launcher started 1 rank"}},
        OptionCase{"NoNegativePromptFile", {"--negative-prompt-file", "/nowhere.txt"}, {"/nowhere.txt: no such file"}},
        OptionCase{"NoJobFile", {"--job", "/nowhere.ini"}, {"--job: /nowhere.ini: no such file"}}),
    name_of<OptionCase>);

TEST_F(Refused, JobFileWithABadKey) {
  const fs::path job = folder_.write("job.ini", "steps = 3\nhieght = 64\n");
  expect({{"job.ini:2: hieght: no such option", "did you mean height?"}}, {"--job", job.string()});
}

TEST_F(Refused, JobFileWithABadValue) {
  const fs::path job = folder_.write("job.ini", "# fast\nsteps = few\n");
  expect({{"job.ini:2: steps: \"few\" is not an integer"}}, {"--job", job.string()});
}

TEST_F(Refused, DeviceThatIsNotThere) {
  CommandLine line{"env", "CUDA_VISIBLE_DEVICES=-1"};
  const CommandLine run = command("run", {"--device", "cuda"});
  line.insert(line.end(), run.begin(), run.end());
  expect_refused(line, out_, {{"device cuda: node "}});
}

TEST_F(Refused, GridThatIsNotTheLaunchers) {
  expect_refused(on_ranks(2, command("run", {"--tp", "4"})), out_,
                 {{"cfg x sp x tp = 1 x 1 x 4 = 4, but the launcher started 2 ranks", "mpirun -n 4"}, kLaunchersToo});
}

TEST_F(Refused, GridThatDoesNotDivideTheHeads) {
  expect_refused(on_ranks(3, command("run", {"--tp", "3"})), out_,
                 {{"tp 3 does not divide the model's 8 attention heads: possible are 1, 2, 4"}, kLaunchersToo});
}

TEST_F(Refused, ManifestUnderALauncher) {
  folder_.write("clips.jsonl", line_with(R"("height": 721)"));
  expect_refused(on_ranks(4, command("run", {"--tp", "4"})), out_, {{"clips.jsonl:1: ", "height: 721"}, kLaunchersToo});
}

TEST_F(Refused, ValidateFindsTheProblemsOfAllChecks) {
  folder_.write("clips.jsonl", line_with(R"("height": 721)"));
  checkpoint_ = folder_ / "nowhere";
  out_ = folder_.write("taken", "mine");
  expect_refused(command("validate"), out_,
                 {{"clips.jsonl:1: ", "nowhere: no such folder", "taken is not a folder"}, 3});
}

// --- What is not refused

TEST_F(Refused, NotALongPrompt) {
  Json line;
  line["id"] = "long";
  line["prompt"] = std::string(100'000, 'x');
  folder_.write("clips.jsonl", line.dump());
  const Ending ending = run_program(command("validate"));
  EXPECT_EQ(ending.exit_code, 0) << ending.err;
  EXPECT_THAT(ending.out, HasSubstr("1 request"));
  EXPECT_FALSE(fs::exists(out_));
}

TEST(NoArguments, SayWhereTheHelpIs) {
  expect_refused(orrery({}), "/nowhere", {{"a command is missing: orrery --help lists the commands"}});
}

TEST(UnknownCommand, SuggestsTheNearest) {
  expect_refused(orrery({"rnu"}), "/nowhere", {{"\"rnu\" is not a command", "did you mean run?"}});
}

}  // namespace
}  // namespace orrery
