#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

// A dataset as stored in a file.
struct StoredDataset {
  std::string path;  // "/latents/video"
  std::string type;  // "float32", "int64"
  std::vector<std::int64_t> shape;
  std::int64_t bytes = 0;         // size of its values
  std::int64_t stored_bytes = 0;  // on disk
  bool has_checksum = false;      // every chunk has one, which reading verifies
};

// Lists all datasets of an HDF5 file, ordered by path, without reading values. Thread-safe. Throws InputError that
// names the file when it is missing or not readable as HDF5.
std::vector<StoredDataset> list_datasets(const std::filesystem::path& path);

}  // namespace orrery
