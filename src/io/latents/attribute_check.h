#pragma once

#include "io/latents/file_bytes.h"

namespace orrery::hdf5 {

// Checks an attribute message, and of texts of variable length the part of the file where they stand (the global heap),
// which has no checksum: HDF5 would walk over a damaged one for ever. Throws Error.
void check_attribute(const FileBytes& file, Block message);

}  // namespace orrery::hdf5
