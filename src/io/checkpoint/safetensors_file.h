#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "io/checkpoint/input_file.h"
#include "io/checkpoint/safetensors_header.h"
#include "io/checkpoint/tensor_reader.h"
#include "io/checkpoint/weight_source.h"

namespace orrery {

// One safetensors file, its header checked whole before anything is read. Throws InputError.
class SafetensorsFile {
 public:
  // Files that are read in turn can share a reader.
  explicit SafetensorsFile(std::filesystem::path path,
                           std::shared_ptr<TensorReader> reader = std::make_shared<TensorReader>());

  const std::filesystem::path& path() const { return file_.path(); }
  std::int64_t size() const { return file_.size(); }
  const std::map<std::string, SafetensorsEntry>& entries() const { return entries_; }
  // WeightSource::copy for a tensor of this file.
  void copy(const std::string& name, const Slice& slice, at::Tensor into) const;
  // The tensor's first bytes as they are stored, at most 64.
  std::string sample(const std::string& name) const;

 private:
  InputFile file_;
  std::map<std::string, SafetensorsEntry> entries_;
  std::shared_ptr<TensorReader> reader_;
};

}  // namespace orrery
