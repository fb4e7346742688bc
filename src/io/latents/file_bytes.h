#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/core/handle.h"

namespace orrery::hdf5 {

// A piece of a file that is read from its front to its end. Nothing is read behind the end: that is an Error "WHAT ends
// too early".
class Block {
 public:
  Block(std::string bytes, std::string what) : bytes_(std::move(bytes)), what_(std::move(what)) {}

  std::uint64_t number(std::size_t bytes);  // little-endian, of 1 to 8 bytes
  std::string_view text(std::size_t bytes);
  void skip(std::size_t bytes) { text(bytes); }
  // A block of the next bytes.
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

// A file that is read in small pieces from anywhere, by one thread.
class FileBytes {
 public:
  // Throws InputError, as open_input does.
  explicit FileBytes(const std::filesystem::path& path);

  std::uint64_t size() const { return size_; }
  bool holds(std::uint64_t address, std::uint64_t bytes) const { return address <= size_ && bytes <= size_ - address; }
  // `what` is to be there, for messages. Throws Error when the file does not hold these bytes, and when its blocks are
  // together far larger than it is: a walk that comes to the same bytes again and again takes hours.
  Block block(std::uint64_t address, std::uint64_t bytes, const std::string& what) const;
  void read(std::uint64_t address, std::size_t bytes, char* into) const;

 private:
  Descriptor file_;
  std::uint64_t size_ = 0;
  mutable std::uint64_t in_blocks_ = 0;  // bytes
};

// The checksum of HDF5's structures: Bob Jenkins's lookup3, with which equal bytes give equal values on all machines.
std::uint32_t lookup3(std::string_view bytes);

// Puts the right checksum into the superblock (version 2 or 3) of a file's bytes. HDF5 1.10 marks the file as closed in
// the image that it gives of an open one, and leaves the checksum as it was.
void mend_superblock(std::string& file);

}  // namespace orrery::hdf5
