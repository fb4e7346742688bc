#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "io/latents/file_bytes.h"
#include "io/latents/stored_layout.h"
#include "io/latents/stored_values.h"

namespace orrery::hdf5 {

struct StoredValues {
  StoredType type;
  DatasetShape shape;
  StoredLayout layout;
};

// Checks the structure of an HDF5 file before HDF5 opens it. HDF5 trusts what it reads: a file could make it loop for
// ever, allocate any size that a few bytes declare, or open other files.
//
// After construction, HDF5 may open the file: every address is inside the file and visited once, every declared size is
// backed by bytes of the file, every link is a hard link within the file, and no values are stored elsewhere.
// Structures that latent files do not need are refused: dense storage of objects with very many links or attributes,
// datasets that can grow in the newest format, named types. HDF5 itself verifies checksums.
class Structure {
 public:
  // Throws InputError when the file cannot be opened or is not HDF5, and Error "WHERE: WHAT" for everything else.
  explicit Structure(const std::filesystem::path& path);

  // The datasets by path, such as "/latents/video".
  const std::map<std::string, StoredValues>& datasets() const { return datasets_; }
  // Throws Error unless each chunk of the dataset inflates to exactly its declared size (a few bytes can inflate to any
  // number). Reads the whole dataset.
  void require_whole(const std::string& dataset) const;

 private:
  FileBytes file_;
  std::map<std::string, StoredValues> datasets_;
};

}  // namespace orrery::hdf5
