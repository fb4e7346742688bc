#include "pipeline/chunks.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "models/wan/config.h"

namespace orrery {

std::vector<Chunk> chunks_of(const Request& request) {
  if (!request.is_long()) return {{0, request.num_frames}};
  const std::int64_t stride = *request.chunk_frames - request.chunk_overlap;
  std::vector<Chunk> chunks;
  for (std::int64_t begin = 0; begin + request.chunk_overlap < request.num_frames; begin += stride) {
    chunks.push_back({begin, std::min(*request.chunk_frames, request.num_frames - begin)});
  }
  return chunks;
}

std::string chunk_id(const std::string& id, std::size_t index) { return id + "@" + std::to_string(index); }

bool is_chunk(const Request& request) { return request.id.find('@') != std::string::npos; }

std::vector<Request> parts_of(const Request& request) {
  if (!request.is_long()) return {request};
  Request part = request;
  part.chunk_frames.reset();
  part.chunk_overlap = Request().chunk_overlap;
  std::vector<Request> parts;
  for (const Chunk& chunk : chunks_of(request)) {
    part.id = chunk_id(request.id, parts.size());
    part.num_frames = chunk.frames;
    part.seed = request.seed + static_cast<std::uint32_t>(parts.size());
    parts.push_back(part);
    part.image.clear();
    part.video.clear();
    part.keeps_last = false;
    part.condition_latents.clear();
    part.continued_video.clear();
    part.parent = part.id;
    part.encodes_parent = true;
    part.condition_frames.resize(static_cast<std::size_t>(WanConfig::latent_frames(request.chunk_overlap)));
    std::iota(part.condition_frames.begin(), part.condition_frames.end(), std::int64_t{0});
  }
  return parts;
}

}  // namespace orrery
