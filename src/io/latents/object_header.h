#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "io/latents/file_bytes.h"

namespace orrery::hdf5 {

inline constexpr std::uint64_t kNoAddress = ~std::uint64_t{0};

// Messages of object headers, numbered as in the HDF5 file format specification.
enum class MessageType : std::uint64_t {
  Nil = 0x00,
  Extents = 0x01,
  LinkInfo = 0x02,
  ValueType = 0x03,
  OldFillValue = 0x04,
  FillValue = 0x05,
  Link = 0x06,
  ExternalFiles = 0x07,
  Layout = 0x08,
  GroupInfo = 0x0A,
  Filters = 0x0B,
  NamedValue = 0x0C,
  OldTime = 0x0E,
  Continuation = 0x10,
  SymbolTable = 0x11,
  Time = 0x12,
  AttributeInfo = 0x15,
  References = 0x16
};

struct Message {
  MessageType type;
  Block body;
};

// The addresses of the structures that a walk over a file has visited.
class Visited {
 public:
  // Throws Error when `address` was added before, or when there are far more structures than a latent file has: the
  // walk might never end.
  void add(std::uint64_t address, const std::string& what);

 private:
  std::set<std::uint64_t> addresses_;
};

// Reads all messages of the object header at `address`, including its continuation blocks. `what` names the object in
// error messages. Throws Error.
std::vector<Message> read_object_header(const FileBytes& file, std::uint64_t address, const std::string& what,
                                        Visited& visited);

// Checks an attribute message and, for strings of variable length, the global heap that holds them: the heap has no
// checksum, and HDF5 could loop in a damaged one for ever. Throws Error.
void check_attribute(const FileBytes& file, Block message);

}  // namespace orrery::hdf5
