#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/core/shard.h"
#include "io/checkpoint/input_file.h"

namespace orrery {

// `count` runs of `run` bytes in a file, each `stride` bytes behind the one before: a cut through a tensor. Packed,
// they follow one another without gaps.
struct StridedBytes {
  std::int64_t begin = 0;
  std::int64_t run = 0;
  std::int64_t stride = 0;
  std::int64_t count = 1;

  std::int64_t size() const { return run * count; }
};

// The pieces of at most `largest` bytes in which the packed bytes are read: whole runs where a run fits.
std::int64_t piece_size(const StridedBytes& bytes, std::int64_t largest);

// Reads `piece` of the packed bytes. Only what is wanted, page by page; runs shorter than a page are picked out of all
// that lies between. Errors as InputFile::read.
void read_packed(const InputFile& file, const StridedBytes& bytes, Range piece, std::byte* into,
                 const std::string& what);

}  // namespace orrery
