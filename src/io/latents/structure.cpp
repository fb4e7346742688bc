#include "io/latents/structure.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/core/error.h"
#include "io/latents/group_links.h"
#include "io/latents/object_header.h"

namespace orrery::hdf5 {
namespace {

constexpr int kDeepestGroup = 16;

struct Superblock {
  std::uint64_t root = kNoAddress;
  TreeWidths widths;
};

void require_whole_file(const Block& block, std::uint64_t bytes, std::uint64_t have) {
  block.require(bytes <= have, fmt::format("truncated file: it should have {} bytes, it has {}", bytes, have));
}

Superblock read_old_superblock(Block block, std::uint64_t version, std::uint64_t file_bytes) {
  Superblock found;
  block.skip(4);  // versions of other structures
  block.require(block.number(1) == 8 && block.number(1) == 8, "addresses of other than 8 bytes");
  block.skip(1);
  found.widths.leaf = block.number(2);
  found.widths.node = block.number(2);
  block.skip(4);  // flags
  if (version == 1) {
    found.widths.chunks = block.number(2);
    block.skip(2);
  }
  block.require(block.number(8) == 0, "begins with another file's bytes (a user block): not supported");
  block.skip(8);  // free space
  require_whole_file(block, block.number(8), file_bytes);
  block.require(block.number(8) == kNoAddress, "is split over several files: not supported");
  block.skip(8);  // name of the root group
  found.root = block.number(8);
  const bool widths_fit = found.widths.leaf > 0 && found.widths.node > 0 && found.widths.chunks > 0;
  block.require(widths_fit, "is damaged: a tree of width 0");
  return found;
}

Superblock read_new_superblock(Block block, std::uint64_t file_bytes) {
  Superblock found;
  block.require(block.number(1) == 8 && block.number(1) == 8, "addresses of other than 8 bytes");
  block.skip(1);  // flags
  block.require(block.number(8) == 0, "begins with another file's bytes (a user block): not supported");
  block.require(block.number(8) == kNoAddress, "has a superblock extension: not supported");
  require_whole_file(block, block.number(8), file_bytes);
  found.root = block.number(8);
  return found;
}

Superblock read_superblock(const FileBytes& file) {
  constexpr std::uint64_t kMostBytes = 100;
  Block block = file.block(0, std::min(kMostBytes, file.size()), "the start of the file");
  block.skip(8);  // the signature
  const std::uint64_t version = block.number(1);
  block.require(version <= 3, "an unknown version of HDF5");
  return version <= 1 ? read_old_superblock(std::move(block), version, file.size())
                      : read_new_superblock(std::move(block), file.size());
}

class Walk {
 public:
  Walk(const FileBytes& file, TreeWidths widths, std::map<std::string, StoredValues>& datasets)
      : file_(file), widths_(widths), datasets_(datasets) {}

  void visit(std::uint64_t address, const std::string& path, int depth) {
    const std::string what = path.empty() ? "/" : path;
    require(depth <= kDeepestGroup, what + ": groups inside one another without end");
    const std::vector<Message> messages = read_object_header(file_, address, what, visited_);
    Object object;
    for (const Message& message : messages) read_message(message, object);
    if (object.layout) {
      read_dataset(object, path);
      return;
    }
    for (const Link& link : read_links(file_, messages, widths_, what, visited_)) {
      visit(link.address, path + "/" + link.name, depth + 1);
    }
  }

 private:
  struct Object {
    std::optional<StoredType> type;
    std::optional<StoredExtents> extents;
    std::optional<Block> layout;
    std::vector<Filter> filters;
  };

  void read_message(const Message& message, Object& object) {
    Block body = message.body;
    switch (message.type) {
      case MessageType::Extents:
        object.extents = read_extents(body);
        break;
      case MessageType::ValueType:
        object.type = read_type(body);
        break;
      case MessageType::OldFillValue:
        body.require(body.number(4) <= body.left(), "a damaged fill value");
        break;
      case MessageType::FillValue:
        check_fill_value(body);
        break;
      case MessageType::Filters:
        object.filters = read_filters(body);
        break;
      case MessageType::Layout:
        object.layout = body;
        break;
      case MessageType::NamedValue:
        check_attribute(file_, body);
        break;
      case MessageType::AttributeInfo:
        check_attribute_info(body);
        break;
      case MessageType::ExternalFiles:
        throw Error(body.what() + ": its values lie in other files (external storage): copy them into this file");
      default:
        check_small(message.type, body);
    }
  }

  static void check_fill_value(Block body) {
    const std::uint64_t version = body.number(1);
    if (version == 3) {
      const bool has_value = (body.number(1) & 0x20U) != 0;
      body.require(!has_value || body.number(4) <= body.left(), "a damaged fill value");
      return;
    }
    body.require(version == 1 || version == 2, "a damaged fill value");
    body.skip(2);
    const bool has_value = body.number(1) != 0 || version == 1;
    body.require(!has_value || body.number(4) <= body.left(), "a damaged fill value");
  }

  static void check_attribute_info(Block body) {
    body.require(body.number(1) == 0, "attributes in an unknown way");
    if ((body.number(1) & 1U) != 0) body.skip(2);
    body.require(body.number(8) == kNoAddress, "more or larger attributes than a latent file has (dense storage)");
    body.skip(8);
  }

  static void check_small(MessageType type, const Block& body) {
    switch (type) {
      case MessageType::Nil:
      case MessageType::LinkInfo:
      case MessageType::Link:
      case MessageType::SymbolTable:
      case MessageType::Continuation:
      case MessageType::OldTime:
        return;
      case MessageType::GroupInfo:
        body.require(body.left() >= 2, "ends too early");
        return;
      case MessageType::Time:
        body.require(body.left() >= 8, "ends too early");
        return;
      case MessageType::References:
        body.require(body.left() >= 5, "ends too early");
        return;
      default:
        throw Error(fmt::format("{}: a part that latent files do not have (message {})", body.what(),
                                static_cast<std::uint64_t>(type)));
    }
  }

  void read_dataset(Object& object, const std::string& path) {
    require(object.type.has_value(), path + ": a dataset without a type");
    const StoredExtents extents = object.extents.value_or(StoredExtents{{0}, false});
    StoredValues values{*object.type, {extents.now, object.type->bytes, extents.may_grow}, {}};
    values.layout =
        read_layout(file_, *object.layout, std::move(object.filters), values.shape, widths_.chunks, visited_);
    datasets_.emplace(path, std::move(values));
  }

  const FileBytes& file_;
  TreeWidths widths_;
  std::map<std::string, StoredValues>& datasets_;
  Visited visited_;
};

}  // namespace

Structure::Structure(const std::filesystem::path& path) : file_(path) {
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  const bool is_hdf5 = file_.size() >= kSignature.size() &&
                       file_.block(0, kSignature.size(), "signature").text(kSignature.size()) == kSignature;
  require_input(is_hdf5, path.string() + ": not an HDF5 file, expected an Orrery latent file (.h5)");
  const Superblock superblock = read_superblock(file_);
  Walk(file_, superblock.widths, datasets_).visit(superblock.root, "", 0);
}

void Structure::require_whole(const std::string& dataset) const {
  const StoredLayout& layout = datasets_.at(dataset).layout;
  for (const StoredChunk& chunk : layout.chunks) {
    require(becomes_whole(file_, layout, chunk), dataset + ": a compressed chunk is damaged, or of another size");
  }
}

}  // namespace orrery::hdf5
