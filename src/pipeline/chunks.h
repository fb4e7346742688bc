#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/request.h"

namespace orrery {

// A long clip is made in chunks. Each chunk is a clip that begins with the last `chunk_overlap` pixel frames of the
// previous chunk, encoded anew (MODES.md A).

// A chunk's position in its clip, in pixel frames.
struct Chunk {
  std::int64_t begin = 0;   // first frame; the first chunk_overlap frames repeat the previous chunk's
  std::int64_t frames = 0;  // 4k + 1
  friend bool operator==(const Chunk&, const Chunk&) = default;
};

// The chunks of a valid request: all have `chunk_frames` frames, except the last, which has the remaining ones. A clip
// that is not long is one chunk.
std::vector<Chunk> chunks_of(const Request& request);

// The chunk's id in OUT: "ID@0". Ids in manifests never contain @.
std::string chunk_id(const std::string& id, std::size_t index);

// Whether the request is a chunk of a long clip.
bool is_chunk(const Request& request);

// The requests of a long clip's chunks, in order. Chunk i has seed `seed` + i and continues chunk i - 1; only the first
// one has the clip's own conditions. Just the request itself when it is not long.
std::vector<Request> parts_of(const Request& request);

}  // namespace orrery
