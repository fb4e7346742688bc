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

// Walks over the structure of an HDF5 file before HDF5 itself does, which believes what it reads: it can be led around
// in circles, made to allocate what a few bytes declare, or to open other files.
//
// After construction, HDF5 may open the file: every address that it follows is in the file and leads to something new,
// every declared size is that of bytes in the file, every link is a hard one within the file, and no values lie
// elsewhere. Structures that latent files have no need for are refused: the dense storage of objects with very many
// links or attributes, datasets that can grow in the newest format, named types. What only checksums can tell is left
// to HDF5.
class Structure {
 public:
  // Throws InputError when the file cannot be opened or is no HDF5 file, Error "WHERE: WHAT" for all else.
  explicit Structure(const std::filesystem::path& path);

  // By path, as "/latents/video".
  const std::map<std::string, StoredValues>& datasets() const { return datasets_; }
  // Throws Error unless each chunk of the dataset becomes exactly as long as it should be: a few bytes can inflate to
  // any number. Reads all of it.
  void require_whole(const std::string& dataset) const;

 private:
  FileBytes file_;
  std::map<std::string, StoredValues> datasets_;
};

}  // namespace orrery::hdf5
