#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/latents/file_bytes.h"
#include "io/latents/object_header.h"

namespace orrery::hdf5 {

enum class Filter : std::uint64_t { Deflate = 1, Shuffle = 2, Fletcher32 = 3 };

// One chunk as it lies in the file.
struct StoredChunk {
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
  std::uint64_t skipped = 0;  // bit i: filter i was not applied
};

// Where a dataset's values lie. Each chunk, or all values where there are no chunks, has `chunk_bytes` once the filters
// are undone.
struct StoredLayout {
  std::vector<Filter> filters;  // in the order in which they were applied
  std::uint64_t chunk_bytes = 0;
  std::vector<StoredChunk> chunks;
  std::uint64_t stored_bytes = 0;
};

struct DatasetShape {
  std::vector<std::uint64_t> extents;
  std::uint64_t value_bytes = 0;
  bool may_grow = false;
};

// Throws Error: filters that are not HDF5's deflate, shuffle and fletcher32.
std::vector<Filter> read_filters(Block message);

// Reads the layout message and the index of the chunks. Every value of the dataset must lie in this file, with no more
// bytes to a chunk than it says: what was never written, virtual datasets and external files are refused. Throws Error.
StoredLayout read_layout(const FileBytes& file, Block message, std::vector<Filter> filters, const DatasetShape& shape,
                         std::uint64_t tree_width, Visited& visited);

// Whether the chunk's bytes become exactly `chunk_bytes` when the filters are undone. Inflates without keeping.
bool becomes_whole(const FileBytes& file, const StoredLayout& layout, const StoredChunk& chunk);

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
