#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace orrery::hdf5 {

// The checksum of HDF5's structures: Bob Jenkins's lookup3, with which equal bytes give equal values on all machines.
std::uint32_t lookup3(std::string_view bytes);

// Puts the right checksum into the superblock (version 2 or 3) of a file's bytes. HDF5 1.10 marks the file as closed in
// the image that it gives of an open one, and leaves the checksum as it was.
void mend_superblock(std::string& file);

}  // namespace orrery::hdf5
