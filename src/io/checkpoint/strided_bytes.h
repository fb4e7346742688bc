#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/core/shard.h"
#include "io/checkpoint/input_file.h"

namespace orrery {

// `count` runs of `run` bytes in a file, whose beginnings are `stride` bytes apart: a slice of a tensor. The packed
// bytes are these runs one after another, without the gaps.
struct StridedBytes {
  std::int64_t begin = 0;
  std::int64_t run = 0;
  std::int64_t stride = 0;
  std::int64_t count = 1;

  std::int64_t size() const { return run * count; }
};

// The size of the pieces in which the packed bytes are read: at most `largest` bytes, and whole runs where a run fits.
std::int64_t piece_size(const StridedBytes& bytes, std::int64_t largest);

// Reads `piece` of the packed bytes. Long runs are read one by one, without the gaps; runs shorter than a page are read
// together with the gaps and then picked out. Errors as InputFile::read.
void read_packed(const InputFile& file, const StridedBytes& bytes, Range piece, std::byte* into,
                 const std::string& what);

}  // namespace orrery
