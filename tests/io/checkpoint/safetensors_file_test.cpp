#include <gtest/gtest.h>

#include <vector>

#include "io/checkpoint/safetensors_files.h"
#include "write_checkpoint.h"

namespace orrery {
namespace {

struct LyingFile {
  std::string name;
  std::string content;
  std::string complaint;
};

void PrintTo(const LyingFile& file, std::ostream* out) { *out << file.name; }

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets, std::size_t data) {
  return with_header(R"({"w":)" + entry(dtype, shape, offsets) + "}", std::string(data, '\0'));
}

std::string two(const std::string& first, const std::string& second, std::size_t data) {
  return with_header(R"({"v":)" + entry("F32", "[2]", first) + R"(,"w":)" + entry("F32", "[2]", second) + "}",
                     std::string(data, '\0'));
}

std::vector<LyingFile> lying_files() {
  const std::string good = safetensors({{"w", at::ones({4, 4})}});
  std::string endless = good;
  endless[7] = '\x10';
  return {
      {"empty", "", "0 bytes long"},
      {"seven_bytes", std::string(7, '\0'), "7 bytes long"},
      {"length_2_60", endless, "not a safetensors file: it gives a header of 11529215046068"},
      {"header_cut", good.substr(0, 20), "truncated: the header takes"},
      {"data_cut", good.substr(0, good.size() - 1), "tensor w: ends at byte 64 of the data, of which the file has 63"},
      {"lfs_pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1234567890\n",
       "a Git LFS pointer, not the file that it stands for: run \"git lfs pull\""},
      {"web_page", "\n<!DOCTYPE html><html><body>Sign in</body></html>", "a web page (HTML), not the file"},
      {"bad_json", with_header("{\"w\":", ""), "not valid JSON"},
      {"not_utf8", with_header("{\"\xff\":1}", ""), "not valid JSON"},
      {"not_an_object", with_header("[1]", ""), "not a JSON object"},
      {"entry_not_an_object", with_header(R"({"w":3})", ""), "tensor w: its header entry is not an object"},
      {"names_twice",
       with_header(R"({"w":)" + entry("F32", "[1]", "[0,4]") + R"(,"w":)" + entry("F32", "[1]", "[4,8]") + "}",
                   std::string(8, '\0')),
       "names w twice"},
      {"metadata_twice", with_header(R"({"__metadata__":{},"__metadata__":{}})", ""), "names __metadata__ twice"},
      {"key_twice", with_header(R"({"w":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}})", "1234"),
       "names dtype twice"},
      {"two_values", with_header("{} {}", ""), "not valid JSON"},
      {"too_deep", with_header(R"({"w":)" + std::string(1000, '['), ""), "JSON nested more than 128 levels deep"},
      {"metadata_too_deep", with_header(R"({"__metadata__":)" + std::string(1000, '['), ""), "128 levels deep"},
      {"number", with_header("3", ""), "not a JSON object"},
      {"number_too_large", with_header(R"({"w":1e999})", ""), "number overflow"},
      {"no_dtype", with_header(R"({"w":{"shape":[1],"data_offsets":[0,4]}})", "1234"), "dtype is missing"},
      {"unknown_dtype", one("Q7", "[1]", "[0,4]", 4), "tensor w: unknown dtype \"Q7\""},
      {"no_shape", with_header(R"({"w":{"dtype":"F32","data_offsets":[0,4]}})", "1234"), "shape is missing"},
      {"negative_extent", one("F32", "[-1]", "[0,4]", 4), "shape is [-1], expected"},
      {"fractional_extent", one("F32", "[1.5]", "[0,4]", 4), "shape is [1.5], expected"},
      {"extent_2_63", one("F32", "[9223372036854775808]", "[0,4]", 4), "expected a list of non-negative integers"},
      {"overflow", one("F32", "[4294967296,4294967296]", "[0,4]", 4), "is impossible"},
      {"half_a_byte", one("F4", "[3]", "[0,1]", 1), "is impossible"},
      {"no_offsets", with_header(R"({"w":{"dtype":"F32","shape":[1]}})", ""), "data_offsets are missing"},
      {"three_offsets", one("F32", "[1]", "[0,4,8]", 8), "not [begin, end]"},
      {"backwards", one("F32", "[1]", "[4,0]", 4), "not [begin, end]"},
      {"offset_past_the_end", one("F32", "[2]", "[1000,1008]", 8), "tensor w: ends at byte 1008"},
      {"offset_2_62", one("F32", "[0]", "[4611686018427387904,4611686018427387904]", 8), "ends at byte 46116860184"},
      {"size_mismatch", one("BF16", "[3,2]", "[0,16]", 16), "tensor w: has 16 bytes, but BF16 [3,2] takes 12"},
      {"overlap", two("[0,8]", "[4,12]", 12), "tensor w: overlaps the tensor before it by 4 bytes"},
      {"hole", two("[0,8]", "[12,20]", 20), "tensor w: 4 bytes before it belong to no tensor"},
      {"tail", one("F32", "[1]", "[0,4]", 9), "the last 5 bytes belong to no tensor"},
  };
}

class Lying : public testing::TestWithParam<LyingFile> {};

TEST_P(Lying, IsRefusedByName) {
  const TemporaryFolder folder;
  const auto path = folder.write("model.safetensors", GetParam().content);
  expect_refused([&] { SafetensorsFile file(path); }, path.string() + ": ", GetParam().complaint);
}

INSTANTIATE_TEST_SUITE_P(SafetensorsFile, Lying, testing::ValuesIn(lying_files()),
                         [](const auto& test) { return test.param.name; });

TEST(SafetensorsFile, ListsWhatItHolds) {
  const TemporaryFolder folder;
  const auto path = folder.write(
      "m.safetensors", with_header(R"({"__metadata__":{"format":"pt"},"none":)" + entry("F32", "[0,3]", "[0,0]") +
                                       R"(,"w":)" + entry("I64", "[2,1]", "[0,16]") + "}   ",
                                   std::string(16, '\0')));
  const SafetensorsFile file(path);
  ASSERT_EQ(file.entries().size(), 2U);
  EXPECT_EQ(file.entries().at("w").info.dtype, "I64");
  EXPECT_EQ(file.entries().at("w").info.shape, (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(file.entries().at("w").bytes.end(), file.size());
}

TEST(SafetensorsFile, RefusesToReadForeignTypes) {
  const TemporaryFolder folder;
  at::Tensor into = at::empty({2});
  const auto read = [&](const std::string& content) {
    SafetensorsFile(folder.write("m.safetensors", content)).copy("w", {0, {0, 2}}, into);
  };
  expect_refused([&] { read(one("F8_E5M2", "[2]", "[0,2]", 2)); },
                 "m.safetensors: tensor w: FP8 (F8_E5M2) is not supported");
  expect_refused([&] { read(one("I64", "[2]", "[0,16]", 16)); }, "tensor w: I64 is not supported");
}

TEST(SafetensorsFile, SaysWhyAFileCannotBeOpened) {
  const TemporaryFolder folder;
  const auto missing = folder.path() / "none.safetensors";
  expect_refused([&] { SafetensorsFile file(missing); }, missing.string(), "no such file");
  expect_refused([&] { SafetensorsFile file(folder.path()); }, folder.path().string(), "not a file");
}

// Rows wider than a block, blocks that end inside the tensor, and data at all byte offsets.
TEST(SafetensorsFile, CopiesAcrossBlocksAndOddOffsets) {
  const at::Tensor large = at::arange(std::int64_t{3} << 21).view({3, std::int64_t{1} << 21}).to(at::kFloat);
  const at::Tensor tall = at::arange(5000000).view({1000000, 5}).to(at::kFloat);
  const TemporaryFolder folder;
  const SafetensorsFile file(folder.write("m.safetensors", safetensors({{"large", large}, {"tall", tall}})));
  at::Tensor rows = at::empty({2, std::int64_t{1} << 21});
  file.copy("large", {0, {1, 2}}, rows);
  EXPECT_TRUE(at::equal(rows, large.narrow(0, 1, 2)));
  at::Tensor columns = at::empty({1000000, 3});
  file.copy("tall", {1, {2, 3}}, columns);
  EXPECT_TRUE(at::equal(columns, tall.narrow(1, 2, 3)));

  const at::Tensor small = at::arange(6).view({2, 3}).to(at::kFloat);
  for (std::size_t padding = 0; padding < 4; ++padding) {
    const std::string header = R"({"w":)" + entry("F32", "[2,3]", "[0,24]") + "}" + std::string(padding, ' ');
    const std::string bytes(static_cast<const char*>(small.data_ptr()), small.nbytes());
    const SafetensorsFile odd(folder.write("odd.safetensors", with_header(header, bytes)));
    at::Tensor read = at::empty({2, 3});
    odd.copy("w", {0, {0, 2}}, read);
    EXPECT_TRUE(at::equal(read, small)) << "padding " << padding;
  }
}

}  // namespace
}  // namespace orrery
