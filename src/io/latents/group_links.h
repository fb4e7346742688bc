#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/latents/file_bytes.h"
#include "io/latents/object_header.h"

namespace orrery::hdf5 {

// Half of how many entries a node of a B-tree has room for, by kind; HDF5's defaults where a file does not say.
struct TreeWidths {
  std::uint64_t leaf = 4;     // of a group's names
  std::uint64_t node = 16;    // of a group's tree
  std::uint64_t chunks = 32;  // of a dataset's chunks
};

// A name in a group, and where its object is.
struct Link {
  std::string name;
  std::uint64_t address = 0;
};

// The links of the group whose header has these messages. Throws Error: links to other files and names (external and
// soft ones), or a damaged group.
std::vector<Link> read_links(const FileBytes& file, const std::vector<Message>& messages, TreeWidths widths,
                             const std::string& what, Visited& visited);

}  // namespace orrery::hdf5
