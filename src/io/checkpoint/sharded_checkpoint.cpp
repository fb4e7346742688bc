#include "io/checkpoint/sharded_checkpoint.h"

#include <fmt/format.h>

#include <utility>

#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/file_content.h"
#include "io/checkpoint/shard_index.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingle = "diffusion_pytorch_model.safetensors";
constexpr const char* kIndex = "diffusion_pytorch_model.safetensors.index.json";

}  // namespace

ShardedCheckpoint::ShardedCheckpoint(fs::path folder) : folder_(std::move(folder)) {
  require_input(is_folder(folder_), folder_.string() + ": no such folder: a checkpoint has one for each component");
  if (is_there(folder_ / kIndex)) {
    open_index(folder_ / kIndex);
  } else {
    require_input(is_there(folder_ / kSingle),
                  folder_.string() + ": neither " + kIndex + " nor " + kSingle + " is here");
    open_single(folder_ / kSingle);
  }
}

void ShardedCheckpoint::open_single(const fs::path& file) {
  const SafetensorsFile& opened = files_.emplace_back(file, reader_);
  for (const auto& [name, entry] : opened.entries()) holder_.emplace(name, &opened);
}

void ShardedCheckpoint::open_index(const fs::path& index) {
  std::map<std::string, const SafetensorsFile*> opened;
  for (const auto& [tensor, shard] : read_shard_index(index)) {
    const SafetensorsFile*& file = opened[shard];
    if (file == nullptr) {
      const fs::path path = folder_ / shard;
      require_input(is_there(path), path.string() + ": no such file, but " + index.string() + " puts tensor " + tensor +
                                        " there: is the download complete?");
      file = &files_.emplace_back(path, reader_);
    }
    require_input(file->entries().contains(tensor),
                  file->path().string() + ": tensor " + tensor + " is not here, but " + index.string() + " says so");
    holder_.emplace(tensor, file);
  }
}

std::vector<std::string> ShardedCheckpoint::names() const {
  std::vector<std::string> result;
  for (const auto& [name, file] : holder_) result.push_back(name);
  return result;
}

const TensorInfo* ShardedCheckpoint::find(const std::string& name) const {
  const auto found = holder_.find(name);
  return found == holder_.end() ? nullptr : &found->second->entries().at(name).info;
}

void ShardedCheckpoint::copy(const std::string& name, const Slice& slice, at::Tensor into) const {
  holder_.at(name)->copy(name, slice, std::move(into));
}

std::string ShardedCheckpoint::where(const std::string& name) const {
  const auto found = holder_.find(name);
  if (found != holder_.end()) return found->second->path().string();
  return (files_.size() == 1 ? files_.front().path() : folder_).string();
}

std::vector<fs::path> ShardedCheckpoint::files() const {
  std::vector<fs::path> paths;
  for (const SafetensorsFile& file : files_) paths.push_back(file.path());
  return paths;
}

std::string ShardedCheckpoint::fingerprint() const {
  std::string text;
  for (const auto& [name, file] : holder_) {
    const TensorInfo& info = file->entries().at(name).info;
    text += name + ' ' + info.dtype;
    for (const std::int64_t extent : info.shape) text += fmt::format(" {}", extent);
    text += file->sample(name) + '\n';
  }
  for (const SafetensorsFile& file : files_)
    text += fmt::format("{} {}\n", file.path().filename().string(), file.size());
  return checksum(text.data(), text.size()).substr(0, 16);
}

}  // namespace orrery
