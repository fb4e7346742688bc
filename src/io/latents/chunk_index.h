#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/latents/file_bytes.h"
#include "io/latents/object_header.h"
#include "io/latents/stored_layout.h"

namespace orrery::hdf5 {

// How a dataset is cut into chunks.
struct ChunkGrid {
  std::vector<std::uint64_t> extents;
  std::vector<std::uint64_t> chunk;  // extents of a chunk
  std::uint64_t chunk_bytes = 0;
  bool is_filtered = false;
  bool may_grow = false;
};

enum class ChunkIndexKind : std::uint64_t { Tree = 0, Single = 1, Implicit = 2, FixedArray = 3 };

struct ChunkIndex {
  ChunkIndexKind kind = ChunkIndexKind::Tree;
  std::uint64_t address = kNoAddress;
  std::uint64_t tree_width = 0;  // children of a node are at most twice as many
  std::uint64_t single_bytes = 0;
  std::uint64_t single_skipped = 0;
};

// All chunks of a dataset, exactly one for each cell of the chunk grid. Throws Error where one is missing or the index
// is damaged.
std::vector<StoredChunk> read_chunks(const FileBytes& file, const ChunkIndex& index, const ChunkGrid& grid,
                                     const std::string& what, Visited& visited);

}  // namespace orrery::hdf5
