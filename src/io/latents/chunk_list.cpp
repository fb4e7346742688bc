#include "io/latents/chunk_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "base/core/error.h"
#include "base/core/json.h"

namespace orrery {
namespace {

constexpr std::int64_t kMostFrames = std::int64_t{1} << 32;

std::string name_in(const Json& chunk, const char* key) {
  require_input(chunk.contains(key) && chunk[key].is_string(), fmt::format("a chunk has no text \"{}\"", key));
  std::string text = chunk[key].get<std::string>();
  const bool plain = !text.empty() && text.find('/') == text.npos && text.find('\0') == text.npos;
  require_input(plain, fmt::format("a chunk's \"{}\" is not a name", key));
  return text;
}

std::int64_t count_in(const Json& chunk, const char* key) {
  const bool counted = chunk.contains(key) && chunk[key].is_number_integer();
  const std::int64_t count = counted ? chunk[key].get<std::int64_t>() : -1;
  require_input(count >= 0 && count <= kMostFrames, fmt::format("a chunk has no number of \"{}\"", key));
  return count;
}

}  // namespace

std::string chunk_list_text(const std::vector<ListedChunk>& chunks) {
  Json list = Json::array();
  for (const ListedChunk& chunk : chunks) {
    list.push_back(
        {{"file", chunk.file}, {"latents", chunk.latents}, {"begin", chunk.begin}, {"frames", chunk.frames}});
  }
  return json_text(list);
}

std::vector<ListedChunk> parse_chunk_list(std::string_view text) {
  const Json list = parse_json(text);
  require_input(list.is_array() && !list.empty(), "the list of chunks is not a list");
  std::vector<ListedChunk> chunks;
  for (const Json& each : list) {
    require_input(each.is_object(), "a chunk is not an object");
    ListedChunk chunk{name_in(each, "file"), name_in(each, "latents"), count_in(each, "begin"),
                      count_in(each, "frames")};
    const std::int64_t after = chunks.empty() ? -1 : chunks.back().begin;
    const std::int64_t until = chunks.empty() ? 0 : chunks.back().begin + chunks.back().frames;
    require_input(chunk.frames > 0 && chunk.begin > after && chunk.begin <= until,
                  fmt::format("the chunk {} does not follow the one before it", chunk.file));
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

std::string names_of(const std::vector<ListedChunk>& chunks) {
  constexpr std::size_t kMost = 2;
  std::string names;
  for (std::size_t i = 0; i < std::min(chunks.size(), kMost); ++i) {
    names.append(names.empty() ? "" : ", ").append(chunks[i].file);
  }
  if (chunks.size() > kMost) names += fmt::format(" and {} more", chunks.size() - kMost);
  return names;
}

}  // namespace orrery
