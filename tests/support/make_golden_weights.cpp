// Draws the weights of one golden checkpoint folder again: make_golden_weights FOLDER, where tools/pack_goldens.py left
// draws.json and the headers of the safetensors files. SHA256SUMS there says whether the files came out as they were.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/json.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

struct Header {
  fs::path target;
  std::string bytes;
  Json entries;
};

std::vector<Header> read_headers(const fs::path& folder) {
  std::vector<Header> headers;
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.path().extension() != ".header") continue;
    std::string bytes = read_file(file.path());
    Json entries = Json::parse(bytes.begin() + sizeof(std::uint64_t), bytes.end());
    headers.push_back({fs::path(file.path()).replace_extension(), std::move(bytes), std::move(entries)});
  }
  return headers;
}

// How the reference made its random models: norms near 1, small biases, matrices that keep the signal's size. `scales`
// has the factors of tensors that were made otherwise, by name; or it is null.
at::Tensor draw(const std::string& name, at::IntArrayRef shape, const Json& scales, const at::Generator& generator) {
  const at::Tensor normal = at::randn(shape, generator, at::kFloat);
  if (scales.contains(name)) return normal * scales.at(name).get<double>();
  if (name.ends_with(".gamma") || (shape.size() == 1 && name.find("norm") != std::string::npos))
    return normal * 0.2 + 1;
  if (shape.size() == 1) return normal * 0.1;
  if (name.starts_with("embed_tokens")) return normal * 0.5;
  const double fan_in = static_cast<double>(normal[0].numel());
  return normal * (1.6 / std::sqrt(fan_in));
}

std::map<std::string, at::Tensor> draw_all(const fs::path& folder, const std::vector<Header>& headers) {
  const Json draws = parse_json_file(folder / "draws.json");
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(draws.at("seed").get<std::uint64_t>());
  const Json scales = draws.value("scales", Json());
  std::map<std::string, at::Tensor> tensors;
  for (const std::string name : draws.at("order")) {
    for (const Header& header : headers) {
      if (!header.entries.contains(name)) continue;
      const auto shape = header.entries.at(name).at("shape").get<std::vector<std::int64_t>>();
      tensors[name] = draw(name, shape, scales, generator);
    }
  }
  return tensors;
}

void write_weights(const Header& header, const std::map<std::string, at::Tensor>& tensors) {
  std::string content = header.bytes;
  for (const auto& [name, entry] : header.entries.items()) {
    if (name == "__metadata__") continue;
    const std::size_t begin = header.bytes.size() + entry.at("data_offsets").at(0).get<std::size_t>();
    const at::Tensor& tensor = tensors.at(name);
    content.resize(std::max(content.size(), begin + tensor.nbytes()));
    std::memcpy(content.data() + begin, tensor.const_data_ptr(), tensor.nbytes());
  }
  write_file(header.target, content);
}

}  // namespace
}  // namespace orrery

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_golden_weights FOLDER\n";
    return 2;
  }
  try {
    const std::filesystem::path folder = argv[1];
    const auto headers = orrery::read_headers(folder);
    const auto tensors = orrery::draw_all(folder, headers);
    for (const auto& header : headers) orrery::write_weights(header, tensors);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "make_golden_weights: " << error.what() << "\n";
    return 1;
  }
}
