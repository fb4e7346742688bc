#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/core/handle.h"

namespace orrery::hdf5 {

// A piece of a file, read from its front to its end. Reading beyond the end throws Error "WHAT ends too early".
class Block {
 public:
  Block(std::string bytes, std::string what) : bytes_(std::move(bytes)), what_(std::move(what)) {}

  std::uint64_t number(std::size_t bytes);  // little-endian, 1 to 8 bytes
  std::string_view text(std::size_t bytes);
  void skip(std::size_t bytes) { text(bytes); }
  // Takes the next `bytes` bytes as a block.
  Block part(std::size_t bytes) { return {std::string(text(bytes)), what_}; }
  std::size_t left() const { return bytes_.size() - at_; }
  const std::string& what() const { return what_; }
  // Throws Error "WHAT: FOUND" unless `ok`.
  void require(bool ok, const std::string& found) const;

 private:
  std::string bytes_;
  std::string what_;
  std::size_t at_ = 0;
};

// A file that one thread reads in small pieces at any position.
class FileBytes {
 public:
  // Throws InputError like open_input().
  explicit FileBytes(const std::filesystem::path& path);

  std::uint64_t size() const { return size_; }
  bool holds(std::uint64_t address, std::uint64_t bytes) const { return address <= size_ && bytes <= size_ - address; }
  // Reads a block; `what` names it in messages. Throws Error when the file does not hold these bytes, and when all
  // blocks together are far larger than the file: reading the same bytes over and over could take hours.
  Block block(std::uint64_t address, std::uint64_t bytes, const std::string& what) const;
  void read(std::uint64_t address, std::size_t bytes, char* into) const;

 private:
  Descriptor file_;
  std::uint64_t size_ = 0;
  mutable std::uint64_t in_blocks_ = 0;  // bytes of all blocks so far
};

// The checksum of HDF5's structures: Bob Jenkins's lookup3, with the same value on all machines.
std::uint32_t lookup3(std::string_view bytes);

// Corrects the checksum in the superblock (version 2 or 3) of a file's bytes: in the image of an open file, HDF5 1.10
// marks the file as closed but leaves the old checksum.
void mend_superblock(std::string& file);

}  // namespace orrery::hdf5
