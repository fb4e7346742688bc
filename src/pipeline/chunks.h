#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/request.h"

namespace orrery {

// A long clip is made in chunks, each a clip of its own that begins with the last `chunk_overlap` pixel frames of the
// one before, encoded anew (MODES.md A).

// Where a chunk stands in its clip, in pixel frames.
struct Chunk {
  std::int64_t begin = 0;   // of its first frame; the first chunk_overlap frames are those of the chunk before
  std::int64_t frames = 0;  // 4k + 1
  friend bool operator==(const Chunk&, const Chunk&) = default;
};

// The chunks of a request that keeps the rules: all have `chunk_frames` frames but the last, which has what is left.
// One, the whole clip, where it is not long.
std::vector<Chunk> chunks_of(const Request& request);

// The chunk's name in OUT: "ID@0". No id of a manifest has an @.
std::string chunk_id(const std::string& id, std::size_t index);

// Whether the request is of a long clip's chunk.
bool is_chunk(const Request& request);

// The requests of a long clip's chunks, in order: each continues the one before, with the seed after its seed; only the
// first begins with what the clip begins with. The request itself where it is not long.
std::vector<Request> parts_of(const Request& request);

}  // namespace orrery
