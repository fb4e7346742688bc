#include "io/latents/group_links.h"

#include <optional>
#include <utility>

#include "base/core/error.h"

namespace orrery::hdf5 {
namespace {

constexpr std::uint64_t kMostNamesHeapBytes = std::uint64_t{1} << 24;

constexpr std::size_t kMostNameBytes = 1024;
constexpr std::size_t kMostLinks = 100'000;  // maximum number of links of a group

std::string link_name(std::string_view bytes, const std::string& what) {
  require(!bytes.empty() && bytes.size() <= kMostNameBytes && bytes.find('/') == std::string_view::npos &&
              bytes.find('\0') == std::string_view::npos,
          what + ": a damaged name in it");
  return std::string(bytes);
}

// The local heap that holds the names of a group, in one block with a linked list of free pieces.
class NameHeap {
 public:
  NameHeap(const FileBytes& file, std::uint64_t address, const std::string& what, Visited& visited) : what_(what) {
    visited.add(address, what);
    Block head = file.block(address, 32, what);
    head.require(head.text(4) == "HEAP" && head.number(1) == 0, "its names are damaged");
    head.skip(3);
    const std::uint64_t bytes = head.number(8);
    const std::uint64_t free = head.number(8);
    head.require(bytes <= kMostNamesHeapBytes, "its names are damaged");
    names_ = file.block(head.number(8), bytes, what).text(bytes);
    check_free(free);
  }

  std::string name(std::uint64_t offset) const {
    require(offset < names_.size(), what_ + ": its names are damaged");
    const std::string_view from = std::string_view(names_).substr(offset, kMostNameBytes + 1);
    const std::size_t end = from.find('\0');
    require(end != std::string_view::npos, what_ + ": its names are damaged, or longer than names in latent files");
    return link_name(from.substr(0, end), what_);
  }

 private:
  // Each free piece begins with the offset of the next one and its own size.
  void check_free(std::uint64_t offset) const {
    constexpr std::uint64_t kNone = 1, kLeast = 16;
    for (std::size_t pieces = 0; offset != kNone; ++pieces) {
      require(pieces <= names_.size() / kLeast && offset <= names_.size(), what_ + ": its names are damaged");
      Block piece(names_.substr(offset, kLeast), what_);
      const std::uint64_t next = piece.number(8);
      const std::uint64_t bytes = piece.number(8);
      piece.require(bytes >= kLeast && bytes <= names_.size() - offset, "its names are damaged");
      offset = next;
    }
  }

  std::string names_;
  std::string what_;
};

// A group of the older format: a B-tree of symbol table nodes.
class SymbolTable {
 public:
  SymbolTable(const FileBytes& file, TreeWidths widths, const NameHeap& names, std::string what, Visited& visited)
      : file_(file), widths_(widths), names_(names), what_(std::move(what)), visited_(visited) {}

  std::vector<Link> read(std::uint64_t root) {
    constexpr std::uint64_t kMostLevels = 8;
    Block node = open_node(root);
    const std::uint64_t level = node.number(1);
    node.require(level <= kMostLevels, "its list of names is damaged");
    read_node(root, level);
    return std::move(links_);
  }

 private:
  // Reads "TREE" and the type of a node; its level comes next.
  Block open_node(std::uint64_t address) const {
    Block node = file_.block(address, 24 + 2 * widths_.node * 16 + 8, what_);
    node.require(node.text(4) == "TREE" && node.number(1) == 0, "its list of names is damaged");
    return node;
  }

  void read_node(std::uint64_t address, std::uint64_t level) {
    visited_.add(address, what_);
    Block node = open_node(address);
    node.require(node.number(1) == level, "its list of names is damaged");
    const std::uint64_t used = node.number(2);
    node.require(used <= 2 * widths_.node, "its list of names is damaged");
    node.skip(16 + 8);  // addresses of the neighbours, and the first key
    for (std::uint64_t i = 0; i < used; ++i) {
      const std::uint64_t child = node.number(8);
      names_at(node.number(8));
      if (level > 0) {
        read_node(child, level - 1);
      } else {
        read_table(child);
      }
    }
  }

  void names_at(std::uint64_t key) const { names_.name(key); }

  void read_table(std::uint64_t address) {
    visited_.add(address, what_);
    Block table = file_.block(address, 8 + 2 * widths_.leaf * 40, what_);
    table.require(table.text(4) == "SNOD" && table.number(1) == 1, "its list of names is damaged");
    table.skip(1);
    const std::uint64_t used = table.number(2);
    table.require(used <= 2 * widths_.leaf, "its list of names is damaged");
    for (std::uint64_t i = 0; i < used; ++i) {
      Link link;
      link.name = names_.name(table.number(8));
      link.address = table.number(8);
      const std::uint64_t cached = table.number(4);
      table.skip(4 + 16);
      table.require(cached <= 1, link.name + " is a soft link, which latent files do not have: name the object itself");
      links_.push_back(std::move(link));
    }
    require(links_.size() <= kMostLinks, what_ + ": more names than a latent file has");
  }

  const FileBytes& file_;
  TreeWidths widths_;
  const NameHeap& names_;
  std::string what_;
  Visited& visited_;
  std::vector<Link> links_;
};

Link read_link(Block body) {
  constexpr std::uint64_t kHard = 0, kSoft = 1;
  body.require(body.number(1) == 1, "a link in an unknown way");
  const std::uint64_t flags = body.number(1);
  const std::uint64_t type = (flags & 8U) != 0 ? body.number(1) : kHard;
  if ((flags & 4U) != 0) body.skip(8);     // creation order
  if ((flags & 0x10U) != 0) body.skip(1);  // character set
  const std::uint64_t length = body.number(std::size_t{1} << (flags & 3U));
  Link link{link_name(body.text(length), body.what()), 0};
  body.require(type != kSoft, link.name + " is a soft link, which latent files do not have: name the object itself");
  body.require(type == kHard, link.name + " is a link to another file: copy what it leads to into this file");
  link.address = body.number(8);
  return link;
}

void check_link_info(Block body) {
  body.require(body.number(1) == 0, "links in an unknown way");
  if ((body.number(1) & 1U) != 0) body.skip(8);
  body.require(body.number(8) == kNoAddress, "more names than a latent file has (dense storage)");
  body.skip(8);
}

}  // namespace

std::vector<Link> read_links(const FileBytes& file, const std::vector<Message>& messages, TreeWidths widths,
                             const std::string& what, Visited& visited) {
  std::vector<Link> links;
  bool is_group = false;
  for (const Message& message : messages) {
    Block body = message.body;
    if (message.type == MessageType::LinkInfo) check_link_info(body);
    if (message.type == MessageType::Link) links.push_back(read_link(body));
    if (message.type == MessageType::SymbolTable) {
      require(!is_group, what + ": a group with two lists of names");
      const std::uint64_t tree = body.number(8);
      const NameHeap names(file, body.number(8), what, visited);
      links = SymbolTable(file, widths, names, what, visited).read(tree);
      is_group = true;
    }
  }
  return links;
}

}  // namespace orrery::hdf5
