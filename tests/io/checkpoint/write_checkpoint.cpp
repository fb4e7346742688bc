#include "write_checkpoint.h"

#include <cstdint>

#include "base/core/json.h"

namespace orrery {
namespace {

std::string dtype_name(at::ScalarType dtype) {
  const std::map<at::ScalarType, std::string> names = {{at::kBFloat16, "BF16"},
                                                       {at::kHalf, "F16"},
                                                       {at::kFloat, "F32"},
                                                       {at::kLong, "I64"},
                                                       {at::kFloat8_e4m3fn, "F8_E4M3"}};
  return names.at(dtype);
}

}  // namespace

std::string with_header(const std::string& header, const std::string& data) {
  std::string content(8, '\0');
  for (std::size_t i = 0; i < 8; ++i)
    content[i] = static_cast<char>(static_cast<std::uint64_t>(header.size()) >> (8 * i));
  return content + header + data;
}

std::string safetensors(const Tensors& tensors) {
  Json header = Json::object();
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor whole = tensor.contiguous();
    const std::size_t begin = data.size();
    data.append(static_cast<const char*>(whole.data_ptr()), whole.nbytes());
    header[name] = {{"dtype", dtype_name(whole.scalar_type())}, {"shape", whole.sizes().vec()}};
    header[name]["data_offsets"] = {begin, data.size()};
  }
  return with_header(header.dump(), data);
}

}  // namespace orrery
