#include <fmt/format.h>

#include "base/core/error.h"
#include "io/latents/stored_layout.h"
#include "io/latents/stored_values.h"

namespace orrery::hdf5 {
namespace {

// Chunks of 1 MiB are usual, and a latent file has some gigabytes at most.
constexpr std::uint64_t kMostChunks = 1'000'000;

std::uint64_t chunk_count(const ChunkGrid& grid, const std::string& what) {
  std::vector<std::uint64_t> counts;
  for (std::size_t i = 0; i < grid.chunk.size(); ++i) {
    counts.push_back((grid.extents[i] + grid.chunk[i] - 1) / grid.chunk[i]);
  }
  const std::uint64_t count = count_of(counts, what);
  require(count <= kMostChunks, what + ": is cut into too many chunks");
  return count;
}

// A version 1 B-tree, whose leaves list the chunks in the order of their positions.
class Tree {
 public:
  Tree(const FileBytes& file, const ChunkGrid& grid, std::uint64_t width, std::string what, Visited& visited)
      : file_(file), grid_(grid), width_(width), what_(std::move(what)), visited_(visited) {}

  std::vector<StoredChunk> read(std::uint64_t root) {
    constexpr std::uint64_t kMostLevels = 8;
    Block node = open(root);
    const std::uint64_t level = node.number(1);
    node.require(level <= kMostLevels, "its chunk index is damaged");
    read_node(root, level);
    return std::move(chunks_);
  }

 private:
  // Reads "TREE" and the type of a node; its level comes next.
  Block open(std::uint64_t address) const {
    const std::uint64_t key = 8 + 8 * (grid_.chunk.size() + 1);
    Block node = file_.block(address, 24 + 2 * width_ * (key + 8) + key, what_);
    node.require(node.text(4) == "TREE" && node.number(1) == 1, "its chunk index is damaged");
    return node;
  }

  void read_node(std::uint64_t address, std::uint64_t level) {
    visited_.add(address, what_);
    Block node = open(address);
    node.require(node.number(1) == level, "its chunk index is damaged");
    const std::uint64_t used = node.number(2);
    node.require(used <= 2 * width_, "its chunk index is damaged");
    node.skip(16);  // addresses of the neighbours
    for (std::uint64_t i = 0; i < used; ++i) {
      StoredChunk chunk;
      chunk.bytes = node.number(4);
      chunk.skipped = node.number(4);
      const std::vector<std::uint64_t> place = read_place(node);
      chunk.address = node.number(8);
      if (level > 0) {
        read_node(chunk.address, level - 1);
      } else {
        add(chunk, place);
      }
    }
  }

  std::vector<std::uint64_t> read_place(Block& node) const {
    std::vector<std::uint64_t> place;
    for (std::size_t i = 0; i < grid_.chunk.size(); ++i) place.push_back(node.number(8));
    node.skip(8);  // offset along the axis of a value's bytes
    return place;
  }

  // Adds a chunk, which must be on the grid and follow the previous one: then as many chunks as the grid has cells
  // cover it.
  void add(const StoredChunk& chunk, const std::vector<std::uint64_t>& place) {
    bool fits = chunks_.empty() || last_ < place;
    for (std::size_t i = 0; i < place.size(); ++i) {
      fits = fits && place[i] < grid_.extents[i] && place[i] % grid_.chunk[i] == 0;
    }
    require(fits, what_ + ": its chunk index is damaged");
    chunks_.push_back(chunk);
    last_ = place;
  }

  const FileBytes& file_;
  const ChunkGrid& grid_;
  std::uint64_t width_;
  std::string what_;
  Visited& visited_;
  std::vector<StoredChunk> chunks_;
  std::vector<std::uint64_t> last_;
};

// Up to 2^page_bits chunks are listed in one block; a longer list has pages, whose checksums HDF5 verifies.
std::vector<StoredChunk> read_fixed_array(const FileBytes& file, std::uint64_t address, const ChunkGrid& grid,
                                          std::uint64_t count, const std::string& what) {
  constexpr std::uint64_t kHeader = 28, kPrefix = 14, kChecksum = 4;
  Block header = file.block(address, kHeader, what);
  header.require(header.text(4) == "FAHD" && header.number(1) == 0 && header.number(1) == (grid.is_filtered ? 1 : 0),
                 "its chunk index is damaged");
  const std::uint64_t entry = header.number(1);
  const std::uint64_t page_bits = header.number(1);
  const std::uint64_t entries = header.number(8);
  const std::uint64_t data = header.number(8);
  const bool fits = entries == count && page_bits <= 32 && (grid.is_filtered ? entry > 12 && entry <= 20 : entry == 8);
  header.require(fits, "its chunk index is damaged");
  header.require(entries <= std::uint64_t{1} << page_bits, "is cut into more chunks than are supported here");
  Block block = file.block(data, kPrefix + entries * entry + kChecksum, what);
  block.require(block.text(4) == "FADB", "its chunk index is damaged");
  block.skip(kPrefix - 4);
  std::vector<StoredChunk> chunks(entries);
  for (StoredChunk& chunk : chunks) {
    chunk.address = block.number(8);
    chunk.bytes = grid.is_filtered ? block.number(entry - 12) : grid.chunk_bytes;
    chunk.skipped = grid.is_filtered ? block.number(4) : 0;
  }
  return chunks;
}

}  // namespace

std::vector<StoredChunk> read_chunks(const FileBytes& file, const ChunkIndex& index, const ChunkGrid& grid,
                                     const std::string& what, Visited& visited) {
  const std::uint64_t count = chunk_count(grid, what);
  if (count == 0) return {};
  require(index.address != kNoAddress, what + ": its values were never written");
  // In these kinds, HDF5 numbers chunks by the maximum extents, and reads beyond an index that has fewer.
  const bool counts_places = index.kind == ChunkIndexKind::Implicit || index.kind == ChunkIndexKind::FixedArray;
  require(!counts_places || !grid.may_grow,
          what + ": its chunk index is of a shape that cannot grow, and its shape can");
  std::vector<StoredChunk> chunks;
  switch (index.kind) {
    case ChunkIndexKind::Tree:
      chunks = Tree(file, grid, index.tree_width, what, visited).read(index.address);
      break;
    case ChunkIndexKind::Single:
      chunks = {{index.address, grid.is_filtered ? index.single_bytes : grid.chunk_bytes, index.single_skipped}};
      break;
    case ChunkIndexKind::Implicit:
      for (std::uint64_t i = 0; i < count; ++i) {
        chunks.push_back({index.address + i * grid.chunk_bytes, grid.chunk_bytes, 0});
      }
      break;
    case ChunkIndexKind::FixedArray:
      chunks = read_fixed_array(file, index.address, grid, count, what);
      break;
  }
  require(chunks.size() == count, fmt::format("{}: {} of its {} chunks are there", what, chunks.size(), count));
  return chunks;
}

}  // namespace orrery::hdf5
