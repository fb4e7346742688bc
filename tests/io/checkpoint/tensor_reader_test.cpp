#include "io/checkpoint/tensor_reader.h"

#include <gtest/gtest.h>

#include <tuple>

#include "io/checkpoint/safetensors_files.h"
#include "support/test_device.h"
#include "write_checkpoint.h"

// Pieces so small that every tensor uses the ring of buffers several times, on the CPU and on a GPU.
namespace orrery {
namespace {

constexpr ReadSizes kSmall{.piece_bytes = 4096, .least_bytes = 512, .readers = 3, .buffers = 4};

class Reader : public testing::TestWithParam<std::tuple<at::ScalarType, at::ScalarType>> {
 protected:
  at::ScalarType stored() const { return std::get<0>(GetParam()); }
  at::ScalarType wanted() const { return std::get<1>(GetParam()); }
  std::shared_ptr<TensorReader> reader_ = std::make_shared<TensorReader>(kSmall);
  TemporaryFolder folder_;
};

TEST_P(Reader, GivesTheSameBitsAsAConversionInMemory) {
  // Columns of less than a page and of more, and a tensor with kernel dimensions after the split dimension.
  const Tensors tensors{{"narrow", at::randn({300, 70}).to(stored())},
                        {"wide", at::randn({9, 6000}).to(stored())},
                        {"kernel", at::randn({40, 30, 7}).to(stored())},
                        {"one", at::randn({1}).to(stored())}};
  const SafetensorsFile file(folder_.write("m.safetensors", safetensors(tensors)), reader_);
  const std::vector<std::pair<std::string, Slice>> slices = {
      {"narrow", {0, {0, 300}}},   {"narrow", {0, {7, 100}}}, {"narrow", {1, {35, 35}}}, {"wide", {0, {0, 9}}},
      {"wide", {1, {3000, 3000}}}, {"kernel", {1, {10, 20}}}, {"one", {0, {0, 1}}}};
  for (const auto& [name, slice] : slices) {
    const at::Tensor expected = tensors.at(name).narrow(slice.dim, slice.range.begin, slice.range.size);
    at::Tensor found = at::empty(expected.sizes(), at::TensorOptions(test_device()).dtype(wanted()));
    file.copy(name, slice, found);
    EXPECT_TRUE(at::equal(found.cpu(), expected.to(wanted()))) << name << " from " << slice.range.begin;
  }
}

TEST_P(Reader, TellsWhichTensorATruncatedFileLacks) {
  const Tensors tensors{{"a", at::randn({2000}).to(stored())}, {"b", at::randn({50000}).to(stored())}};
  const auto path = folder_.write("m.safetensors", safetensors(tensors));
  const SafetensorsFile file(path, reader_);
  std::filesystem::resize_file(path, file.size() / 2);
  const auto options = at::TensorOptions(test_device()).dtype(wanted());
  at::Tensor a = at::empty({2000}, options), b = at::empty({50000}, options);
  expect_refused([&] { file.copy("b", {0, {0, 50000}}, b); }, path.string() + ": tensor b: ", "truncated?");
  file.copy("a", {0, {0, 2000}}, a);
  EXPECT_TRUE(at::equal(a.cpu(), tensors.at("a").to(wanted()))) << "read after the failure";
}

INSTANTIATE_TEST_SUITE_P(Types, Reader,
                         testing::Combine(testing::Values(at::kBFloat16, at::kHalf, at::kFloat),
                                          testing::Values(at::kBFloat16, at::kFloat)));

// Reads into rows of a larger matrix, as for fused layers, and into a tensor that is not contiguous.
TEST_F(Reader, FillsPartsOfLargerTensors) {
  const at::Tensor stored = at::randn({600, 9});
  const SafetensorsFile file(folder_.write("m.safetensors", safetensors({{"w", stored}})), reader_);
  at::Tensor stacked = at::zeros({1000, 9}, at::TensorOptions(test_device()));
  file.copy("w", {0, {0, 600}}, stacked.narrow(0, 300, 600));
  EXPECT_TRUE(at::equal(stacked.narrow(0, 300, 600).cpu(), stored));
  EXPECT_EQ(stacked.narrow(0, 0, 300).abs().sum().item<float>(), 0);
  at::Tensor apart = at::zeros({9, 600}, at::TensorOptions(test_device())).t();
  file.copy("w", {0, {0, 600}}, apart);
  EXPECT_TRUE(at::equal(apart.cpu(), stored));
}

}  // namespace
}  // namespace orrery
