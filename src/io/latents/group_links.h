#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/latents/file_bytes.h"
#include "io/latents/object_header.h"

namespace orrery::hdf5 {

// Half the number of entries that a B-tree node has room for, by kind. The defaults are HDF5's, for files that do not
// say.
struct TreeWidths {
  std::uint64_t leaf = 4;     // for the names of a group
  std::uint64_t node = 16;    // for the tree of a group
  std::uint64_t chunks = 32;  // for the chunks of a dataset
};

// A name in a group and the address of its object.
struct Link {
  std::string name;
  std::uint64_t address = 0;
};

// The links of the group whose header has these messages. Throws Error for external and soft links and for a damaged
// group.
std::vector<Link> read_links(const FileBytes& file, const std::vector<Message>& messages, TreeWidths widths,
                             const std::string& what, Visited& visited);

}  // namespace orrery::hdf5
