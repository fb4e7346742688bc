#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

// A chunk of a long clip as the clip's latent file lists it.
struct ListedChunk {
  std::string file;         // its latent file, beside the list: a name without folders
  std::string latents;      // the checksum of its latents
  std::int64_t begin = 0;   // position of its first frame in the clip
  std::int64_t frames = 0;  // pixel frames
  friend bool operator==(const ListedChunk&, const ListedChunk&) = default;
};

// The list as JSON, in the form of a latent file's attribute `chunks`.
std::string chunk_list_text(const std::vector<ListedChunk>& chunks);

// Throws InputError(reason) when the text is not such a list. Each chunk must begin inside the previous one, after its
// first frame.
std::vector<ListedChunk> parse_chunk_list(std::string_view text);

// "ID@0.h5, ID@1.h5 and 3 more", for messages.
std::string names_of(const std::vector<ListedChunk>& chunks);

}  // namespace orrery
