#pragma once

#include <string>

namespace orrery::fuzz {

// Puts the right checksums into an HDF5 file's superblock and object headers, where it has any: with wrong ones, HDF5
// refuses a mutated file before it looks at it.
void mend_hdf5(std::string& file);

}  // namespace orrery::fuzz
