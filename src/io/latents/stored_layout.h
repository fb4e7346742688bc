#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/latents/file_bytes.h"
#include "io/latents/object_header.h"

namespace orrery::hdf5 {

enum class Filter : std::uint64_t { Deflate = 1, Shuffle = 2, Fletcher32 = 3 };

// One chunk as stored in the file.
struct StoredChunk {
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
  std::uint64_t skipped = 0;  // bit i: filter i was not applied
};

// Where a dataset's values are stored. A chunk (or all values when the dataset is not chunked) has `chunk_bytes` bytes
// once the filters are undone.
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

// Reads the filter message. Throws Error for filters other than HDF5's deflate, shuffle and fletcher32.
std::vector<Filter> read_filters(Block message);

// Reads the layout message and the index of the chunks. Every value of the dataset must be stored in this file, in
// chunks no larger than declared. Throws Error, also for values that were never written, virtual datasets and external
// files.
StoredLayout read_layout(const FileBytes& file, Block message, std::vector<Filter> filters, const DatasetShape& shape,
                         std::uint64_t tree_width, Visited& visited);

// Whether undoing the filters turns the chunk's bytes into exactly `chunk_bytes` bytes. Inflates the chunk but does not
// keep it.
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
  std::uint64_t tree_width = 0;  // half the maximum number of children of a node
  std::uint64_t single_bytes = 0;
  std::uint64_t single_skipped = 0;
};

// Reads all chunks of a dataset, exactly one for each cell of the chunk grid. Throws Error when one is missing or the
// index is damaged.
std::vector<StoredChunk> read_chunks(const FileBytes& file, const ChunkIndex& index, const ChunkGrid& grid,
                                     const std::string& what, Visited& visited);

}  // namespace orrery::hdf5
