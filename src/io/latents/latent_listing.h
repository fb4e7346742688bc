#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

// A dataset as it lies in a file.
struct StoredDataset {
  std::string path;  // "/latents/video"
  std::string type;  // "float32", "int64"
  std::vector<std::int64_t> shape;
  std::int64_t bytes = 0;         // of its values
  std::int64_t stored_bytes = 0;  // on disk
  bool has_checksum = false;      // every chunk carries one, which reading verifies
};

// All datasets of an HDF5 file, by path. Nothing of them is read. Thread-safe. Throws InputError that names the file
// when there is none or it is not readable as HDF5.
std::vector<StoredDataset> list_datasets(const std::filesystem::path& path);

}  // namespace orrery
