#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <string>

#include "base/core/json.h"

namespace orrery {

// One safetensors file of reference tensors, read whole onto the CPU in its own dtype (float32, int64 or uint8).
class Golden {
 public:
  // Throws InputError that names the file.
  static Golden load(const std::filesystem::path& file);
  // A case of the golden sets, for example "tiny/t2v".
  static Golden load_case(const std::string& name);

  // Throws Error when there is none.
  at::Tensor operator[](const std::string& name) const;
  bool has(const std::string& name) const { return tensors_.contains(name); }
  // What the reference was asked for: name, frames, height, width, fps, steps, guidance, seed, …; null in other files.
  const Json& request() const { return request_; }

 private:
  std::string file_;
  std::map<std::string, at::Tensor> tensors_;
  Json request_;
};

// The folder of golden set `name`'s checkpoint.
std::filesystem::path golden_checkpoint(const std::string& name);

// The largest absolute difference; infinite when a value is NaN. Shapes must agree.
double max_abs(const at::Tensor& a, const at::Tensor& b);
// The RMS of a - b over the RMS of b.
double relative_rms(const at::Tensor& a, const at::Tensor& b);

}  // namespace orrery
