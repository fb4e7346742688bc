#include "io/latents/object_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/core/error.h"
#include "io/latents/stored_values.h"

namespace orrery::hdf5 {
namespace {

constexpr std::size_t kMostStructures = 100'000;
constexpr std::size_t kMostMessages = 10'000;
constexpr std::uint64_t kShared = 2;  // flag: the message only refers to its content
constexpr std::size_t kChecksumBytes = 4;
constexpr std::uint64_t kMostHeaderBytes = std::uint64_t{1} << 24;

class HeaderReader {
 public:
  HeaderReader(const FileBytes& file, std::string what, Visited& visited)
      : file_(file), what_(std::move(what)), visited_(visited) {}

  std::vector<Message> read(std::uint64_t address) {
    Block start = file_.block(address, 4, what_);
    if (start.text(4) == "OHDR") {
      read_new(address);
    } else {
      read_old(address);
    }
    for (std::size_t next = 0; next != continuations_.size();)
      follow(continuations_[next++]);  // follow() may append more
    return std::move(messages_);
  }

 private:
  void read_old(std::uint64_t address) {
    constexpr std::size_t kPrefix = 16;
    Block prefix = file_.block(address, kPrefix, what_);
    prefix.require(prefix.number(1) == 1, "not an object header");
    prefix.skip(7);
    read_messages(file_.block(address + kPrefix, bounded(prefix.number(4)), what_));
  }

  void read_new(std::uint64_t address) {
    constexpr std::size_t kLongestPrefix = 34;
    Block prefix = file_.block(address, std::min<std::uint64_t>(kLongestPrefix, file_.size() - address), what_);
    const std::size_t all = prefix.left();
    prefix.skip(4);
    prefix.require(prefix.number(1) == 2, "an object header of an unknown version");
    const std::uint64_t flags = prefix.number(1);
    if ((flags & 0x20U) != 0) prefix.skip(16);  // times
    if ((flags & 0x10U) != 0) prefix.skip(4);   // bounds of compact storage
    is_new_ = true;
    has_order_ = (flags & 4U) != 0;
    const std::uint64_t bytes = prefix.number(std::size_t{1} << (flags & 3U));
    const std::uint64_t begin = address + (all - prefix.left());
    file_.block(begin, bounded(bytes) + kChecksumBytes, what_);
    read_messages(file_.block(begin, bytes, what_));
  }

  std::uint64_t bounded(std::uint64_t bytes) const {
    require(bytes <= kMostHeaderBytes, fmt::format("{}: an object header of {} bytes", what_, bytes));
    return bytes;
  }

  void read_messages(Block block) {
    const std::size_t head = is_new_ ? (has_order_ ? 6 : 4) : 8;
    while (block.left() >= head) {
      const auto type = static_cast<MessageType>(block.number(is_new_ ? 1 : 2));
      const std::uint64_t bytes = block.number(2);
      const std::uint64_t flags = block.number(1);
      block.skip(head - (is_new_ ? 4 : 5));
      block.require(is_new_ || bytes % 8 == 0, fmt::format("a message of {} bytes", bytes));
      block.require((flags & kShared) == 0, "a message that stands elsewhere (a named type): not supported");
      block.require(messages_.size() < kMostMessages, "an object header without end");
      messages_.push_back({type, block.part(bytes)});
      if (type == MessageType::Continuation) continuations_.push_back(messages_.back().body);
    }
  }

  void follow(Block body) {
    const std::uint64_t address = body.number(8);
    const std::uint64_t bytes = bounded(body.number(8));
    visited_.add(address, what_);
    Block more = file_.block(address, bytes, what_);
    if (is_new_) {
      more.require(bytes >= 4 + kChecksumBytes && more.text(4) == "OCHK", "its continuation is damaged");
      more = more.part(more.left() - kChecksumBytes);
    }
    read_messages(std::move(more));
  }

  const FileBytes& file_;
  std::string what_;
  Visited& visited_;
  std::vector<Message> messages_;
  std::vector<Block> continuations_;
  bool is_new_ = false;     // version 2
  bool has_order_ = false;  // each message has a creation order
};

constexpr std::uint64_t kMostHeapBytes = std::uint64_t{1} << 30;

std::uint64_t padded(std::uint64_t bytes) { return (bytes + 7) / 8 * 8; }

// Walks over all objects of the heap collection at `address` and returns the size of object `index`.
std::uint64_t heap_object_bytes(const FileBytes& file, std::uint64_t address, std::uint64_t index,
                                const std::string& what) {
  constexpr std::uint64_t kPrefix = 16, kObjectPrefix = 16;
  Block prefix = file.block(address, kPrefix, what);
  prefix.require(prefix.text(4) == "GCOL" && prefix.number(1) == 1, "its global heap is damaged");
  prefix.skip(3);
  const std::uint64_t bytes = prefix.number(8);
  prefix.require(bytes >= kPrefix && bytes <= kMostHeapBytes, "its global heap is damaged");
  Block objects = file.block(address, bytes, what);
  objects.skip(kPrefix);
  std::uint64_t found = 0;
  while (objects.left() >= kObjectPrefix) {
    const std::uint64_t number = objects.number(2);
    objects.skip(6);
    const std::uint64_t size = objects.number(8);
    // Object 0 is the free space, whose size includes the prefix.
    const bool fits = size <= bytes && (number > 0 || size >= kObjectPrefix);
    objects.require(fits, fmt::format("its global heap is damaged: an object of {} bytes", size));
    objects.skip(number > 0 ? padded(size) : size - kObjectPrefix);
    if (number > 0 && number == index) found = size;
  }
  return found;
}

void check_variable_length(const FileBytes& file, Block& values, std::uint64_t count, std::uint64_t item_bytes) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t length = values.number(4);
    const std::uint64_t address = values.number(8);
    const std::uint64_t index = values.number(4);
    if (address == 0 || address == kNoAddress) continue;
    values.require(heap_object_bytes(file, address, index, values.what()) == length * item_bytes,
                   "its length is not that of its text in the global heap");
  }
}

}  // namespace

void Visited::add(std::uint64_t address, const std::string& what) {
  require(addresses_.insert(address).second, what + ": leads to a place that something else leads to");
  require(addresses_.size() <= kMostStructures, what + ": more structures than a latent file has");
}

std::vector<Message> read_object_header(const FileBytes& file, std::uint64_t address, const std::string& what,
                                        Visited& visited) {
  visited.add(address, what);
  return HeaderReader(file, what, visited).read(address);
}

void check_attribute(const FileBytes& file, Block message) {
  const std::uint64_t version = message.number(1);
  const std::uint64_t flags = message.number(1);
  message.require(version >= 1 && version <= 3, "an attribute of an unknown version");
  message.require(version == 1 || flags == 0, "an attribute of a named type: not supported");
  const std::uint64_t name_bytes = message.number(2);
  const std::uint64_t type_bytes = message.number(2);
  const std::uint64_t space_bytes = message.number(2);
  if (version == 3) message.skip(1);  // character set
  const auto stored = [&](std::uint64_t bytes) { return version == 1 ? padded(bytes) : bytes; };
  const std::string_view padded_name = message.text(stored(name_bytes));
  const std::string name(padded_name.substr(0, padded_name.find('\0')));
  message.require(name.size() + 1 == name_bytes, "an attribute with a damaged name");
  const std::string what = message.what() + ": attribute " + name;
  Block type_block(std::string(message.text(stored(type_bytes))), what);
  Block space_block(std::string(message.text(stored(space_bytes))), what);
  const StoredType type = read_type(type_block);
  const auto extents = read_extents(space_block);
  const std::uint64_t count = extents ? count_of(extents->now, what) : 0;
  Block values(std::string(message.text(message.left())), what);
  values.require(count * type.bytes <= values.left(), "its value ends too early");
  if (type.item_bytes > 0) check_variable_length(file, values, count, type.item_bytes);
}

}  // namespace orrery::hdf5
