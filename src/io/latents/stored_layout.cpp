#include "io/latents/stored_layout.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/core/error.h"
#include "io/latents/stored_values.h"

namespace orrery::hdf5 {
namespace {

constexpr std::uint64_t kFletcherBytes = 4;  // added by fletcher32
constexpr std::uint64_t kLeastChunkLimit = std::uint64_t{1} << 20;

enum class LayoutClass : std::uint64_t { Compact = 0, Contiguous = 1, Chunked = 2, Virtual = 3 };

// The number of bytes that deflate compresses: of the filters before it, only fletcher32 adds bytes. Sets `is_deflated`
// to whether deflate is applied at all.
std::uint64_t bytes_before_deflate(const StoredLayout& layout, std::uint64_t skipped, bool& is_deflated) {
  std::uint64_t bytes = layout.chunk_bytes;
  is_deflated = false;
  for (std::size_t i = 0; i < layout.filters.size(); ++i) {
    if ((skipped >> i & 1U) != 0) continue;
    if (layout.filters[i] == Filter::Deflate) {
      is_deflated = true;
      return bytes;
    }
    if (layout.filters[i] == Filter::Fletcher32) bytes += kFletcherBytes;
  }
  return bytes;
}

// Number of bytes that the deflate stream at `address` inflates to, counted up to limit + 1.
std::uint64_t inflated_bytes(const FileBytes& file, std::uint64_t address, std::uint64_t bytes, std::uint64_t limit) {
  std::array<Bytef, 65536> in{}, out{};
  z_stream stream{};
  require(inflateInit(&stream) == Z_OK, "start zlib");
  int status = Z_OK;
  while (status == Z_OK && stream.total_out <= limit) {
    if (stream.avail_in == 0) {
      const std::uint64_t piece = std::min<std::uint64_t>(in.size(), bytes);
      if (piece == 0) break;
      file.read(address, piece, reinterpret_cast<char*>(in.data()));
      address += piece;
      bytes -= piece;
      stream.next_in = in.data();
      stream.avail_in = static_cast<uInt>(piece);
    }
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    status = inflate(&stream, Z_NO_FLUSH);
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END ? stream.total_out : limit + 1;
}

std::uint64_t checked_chunk_bytes(const Block& block, const std::vector<std::uint64_t>& chunk,
                                  const DatasetShape& shape) {
  block.require(chunk.size() == shape.extents.size() + 1 && chunk.back() == shape.value_bytes,
                "its chunks are not of its shape");
  for (const std::uint64_t extent : chunk) block.require(extent > 0, "a chunk without values");
  const std::uint64_t bytes = count_of(chunk, block.what());
  const std::uint64_t all = count_of(shape.extents, block.what()) * shape.value_bytes;
  block.require(bytes <= std::max(2 * all, kLeastChunkLimit), "its chunks are larger than it is");
  return bytes;
}

class LayoutReader {
 public:
  LayoutReader(const FileBytes& file, Block block, std::vector<Filter> filters, const DatasetShape& shape)
      : file_(file), block_(std::move(block)), shape_(shape) {
    layout_.filters = std::move(filters);
  }

  StoredLayout read(std::uint64_t tree_width, Visited& visited) {
    const std::uint64_t version = block_.number(1);
    block_.require(version == 3 || version == 4, "a layout of an unknown version");
    switch (static_cast<LayoutClass>(block_.number(1))) {
      case LayoutClass::Compact:
        read_compact();
        break;
      case LayoutClass::Contiguous:
        read_contiguous();
        break;
      case LayoutClass::Chunked:
        read_chunked(version, tree_width, visited);
        break;
      case LayoutClass::Virtual:
        throw Error(block_.what() + ": a virtual dataset, whose values lie in other files: copy them into this file");
      default:
        throw Error(block_.what() + ": an unknown layout");
    }
    return std::move(layout_);
  }

 private:
  std::uint64_t declared_bytes() const { return count_of(shape_.extents, block_.what()) * shape_.value_bytes; }

  void read_compact() {
    layout_.stored_bytes = layout_.chunk_bytes = block_.number(2);
    block_.require(layout_.stored_bytes == declared_bytes() && layout_.stored_bytes <= block_.left(),
                   "it does not have as many bytes as its shape says");
  }

  void read_contiguous() {
    const std::uint64_t address = block_.number(8);
    layout_.stored_bytes = layout_.chunk_bytes = block_.number(8);
    const std::uint64_t declared = declared_bytes();
    if (declared == 0) return;
    block_.require(address != kNoAddress, "its values were never written");
    block_.require(layout_.stored_bytes == declared && file_.holds(address, declared),
                   fmt::format("its shape says {} bytes, which the file does not hold there", declared));
  }

  void read_chunked(std::uint64_t version, std::uint64_t tree_width, Visited& visited) {
    ChunkGrid grid;
    grid.extents = shape_.extents;
    grid.may_grow = shape_.may_grow;
    ChunkIndex index{};
    std::uint64_t flags = 0;
    if (version == 3) {
      const std::uint64_t axes = block_.number(1);
      index.address = block_.number(8);
      for (std::uint64_t i = 0; i < axes; ++i) grid.chunk.push_back(block_.number(4));
    } else {
      flags = block_.number(1);
      const std::uint64_t axes = block_.number(1);
      const std::uint64_t width = block_.number(1);
      block_.require(width >= 1 && width <= 8, "a damaged layout");
      for (std::uint64_t i = 0; i < axes; ++i) grid.chunk.push_back(block_.number(width));
    }
    layout_.chunk_bytes = grid.chunk_bytes = checked_chunk_bytes(block_, grid.chunk, shape_);
    grid.chunk.pop_back();
    grid.is_filtered = !layout_.filters.empty();
    index = version == 3 ? ChunkIndex{ChunkIndexKind::Tree, index.address, tree_width, 0, 0} : read_new_index(flags);
    layout_.chunks = read_chunks(file_, index, grid, block_.what(), visited);
    for (const StoredChunk& chunk : layout_.chunks) check_chunk(chunk);
    require_apart();
  }

  // Chunks must not overlap: a few bytes that serve as every chunk would become any number of values.
  void require_apart() const {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
    for (const StoredChunk& chunk : layout_.chunks) places.emplace_back(chunk.address, chunk.bytes);
    std::sort(places.begin(), places.end());
    for (std::size_t i = 1; i < places.size(); ++i) {
      block_.require(places[i].first - places[i - 1].first >= places[i - 1].second, "its chunks overlap");
    }
  }

  ChunkIndex read_new_index(std::uint64_t flags) {
    ChunkIndex index{};
    const std::uint64_t kind = block_.number(1);
    block_.require(kind == 1 || kind == 2 || kind == 3,
                   "chunks of a dataset that can grow, in a format newer than HDF5 1.8: store it with a fixed shape");
    index.kind = static_cast<ChunkIndexKind>(kind);
    if (index.kind == ChunkIndexKind::Single && (flags & 2U) != 0) {
      index.single_bytes = block_.number(8);
      index.single_skipped = block_.number(4);
    }
    if (index.kind == ChunkIndexKind::FixedArray) block_.skip(1);
    index.address = block_.number(8);
    return index;
  }

  void check_chunk(const StoredChunk& chunk) {
    block_.require(chunk.address != kNoAddress && file_.holds(chunk.address, chunk.bytes),
                   "a chunk that is not in the file");
    bool is_deflated = false;
    std::uint64_t expected = bytes_before_deflate(layout_, chunk.skipped, is_deflated);
    block_.require(is_deflated ? chunk.bytes > 0 : chunk.bytes == expected,
                   fmt::format("a chunk of {} bytes that should have {}", chunk.bytes, expected));
    layout_.stored_bytes += chunk.bytes;
  }

  const FileBytes& file_;
  Block block_;
  const DatasetShape& shape_;
  StoredLayout layout_;
};

}  // namespace

std::vector<Filter> read_filters(Block message) {
  constexpr std::uint64_t kMostFilters = 8, kNamedFrom = 256;
  const std::uint64_t version = message.number(1);
  const std::uint64_t count = message.number(1);
  message.require((version == 1 || version == 2) && count <= kMostFilters, "a damaged list of filters");
  if (version == 1) message.skip(6);
  std::vector<Filter> filters;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t id = message.number(2);
    message.require(id >= 1 && id <= 3,
                    fmt::format("filter {}, expected deflate (gzip), shuffle and fletcher32 alone: store it anew", id));
    const std::uint64_t name_bytes = version == 1 || id >= kNamedFrom ? message.number(2) : 0;
    message.skip(2);  // flags
    const std::uint64_t values = message.number(2);
    message.skip(name_bytes + 4 * values);
    if (version == 1 && values % 2 != 0) message.skip(4);
    filters.push_back(static_cast<Filter>(id));
  }
  message.require(std::count(filters.begin(), filters.end(), Filter::Deflate) <= 1, "deflate twice");
  return filters;
}

StoredLayout read_layout(const FileBytes& file, Block message, std::vector<Filter> filters, const DatasetShape& shape,
                         std::uint64_t tree_width, Visited& visited) {
  return LayoutReader(file, std::move(message), std::move(filters), shape).read(tree_width, visited);
}

bool becomes_whole(const FileBytes& file, const StoredLayout& layout, const StoredChunk& chunk) {
  bool is_deflated = false;
  const std::uint64_t expected = bytes_before_deflate(layout, chunk.skipped, is_deflated);
  if (!is_deflated) return chunk.bytes == expected;
  // Filters applied after deflate append bytes behind the end of the stream, which inflating does not reach.
  return inflated_bytes(file, chunk.address, chunk.bytes, expected) == expected;
}

}  // namespace orrery::hdf5
