#include "support/golden.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/core/error.h"
#include "base/core/file.h"

namespace orrery {
namespace fs = std::filesystem;
namespace {

at::Tensor copy_tensor(const Json& entry, const char* data, const std::string& what) {
  const std::string dtype = entry.at("dtype");
  const std::map<std::string, at::ScalarType> types{{"F32", at::kFloat}, {"I64", at::kLong}, {"U8", at::kByte}};
  require_input(types.contains(dtype), what + ": dtype " + dtype + " is not for goldens: F32, I64 or U8");
  const auto shape = entry.at("shape").get<std::vector<std::int64_t>>();
  at::Tensor tensor = at::empty(shape, types.at(dtype));
  std::memcpy(tensor.data_ptr(), data + entry.at("data_offsets").at(0).get<std::size_t>(), tensor.nbytes());
  return tensor;
}

// Test programs that run on another machine than they were built on find their data by the environment.
fs::path data_folder() {
  const char* moved = std::getenv("ORRERY_TEST_DATA");
  return moved != nullptr ? moved : ORRERY_TEST_DATA;
}

// In double precision on the CPU, whatever the tensor's device.
at::Tensor exact(const at::Tensor& tensor) { return tensor.to(at::kCPU, at::kDouble); }

}  // namespace

Golden Golden::load(const fs::path& file) {
  const std::string content = read_file(file);
  std::uint64_t header_size = 0;
  require_input(content.size() > sizeof header_size, file.string() + ": too short for a safetensors file");
  std::memcpy(&header_size, content.data(), sizeof header_size);
  const char* const header = content.data() + sizeof header_size;
  Golden golden;
  golden.file_ = file.string();
  const Json entries = Json::parse(header, header + header_size);
  for (const auto& [name, entry] : entries.items()) {
    if (name != "__metadata__") {
      golden.tensors_[name] = copy_tensor(entry, header + header_size, golden.file_ + ": " + name);
    } else if (entry.contains("case")) {
      golden.request_ = Json::parse(entry.at("case").get<std::string>());
    }
  }
  return golden;
}

Golden Golden::load_case(const std::string& name) { return load(data_folder() / (name + ".safetensors")); }

at::Tensor Golden::operator[](const std::string& name) const {
  require(has(name), file_ + ": no golden tensor " + name);
  return tensors_.at(name);
}

fs::path golden_checkpoint(const std::string& name) { return data_folder() / name / "checkpoint"; }

double max_abs(const at::Tensor& a, const at::Tensor& b) {
  require(a.sizes() == b.sizes(), "max_abs compares tensors of different shapes");
  const double largest = (exact(a) - exact(b)).abs().max().item<double>();
  return std::isnan(largest) ? std::numeric_limits<double>::infinity() : largest;
}

double relative_rms(const at::Tensor& a, const at::Tensor& b) {
  require(a.sizes() == b.sizes(), "relative_rms compares tensors of different shapes");
  const at::Tensor reference = exact(b);
  return ((exact(a) - reference).norm() / reference.norm()).item<double>();
}

}  // namespace orrery
