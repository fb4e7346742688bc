#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "checkpoint/mapped_file.h"
#include "checkpoint/safetensors_header.h"
#include "checkpoint/weight_source.h"

namespace orrery {

// One safetensors file, mapped, its header checked whole before anything is read. Throws InputError.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  std::int64_t size() const { return file_.size(); }
  const std::map<std::string, SafetensorsEntry>& entries() const { return entries_; }
  // WeightSource::copy for a tensor of this file. Reads in blocks of a few MB, each of which it gives back: the process
  // never holds more of the file than that.
  void copy(const std::string& name, const Slice& slice, at::Tensor into) const;
  // The tensor's first bytes as they are stored, at most 64.
  std::string_view sample(const std::string& name) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::map<std::string, SafetensorsEntry> entries_;
};

}  // namespace orrery
