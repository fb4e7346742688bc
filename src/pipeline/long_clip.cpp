#include "pipeline/long_clip.h"

#include <utility>

#include "base/core/numbers.h"
#include "pipeline/chunks.h"
#include "pipeline/clip_file.h"
#include "pipeline/root_work.h"

namespace orrery {

LatentFile list_of_chunks(const GenerateSettings& settings, const ClipJob& job) {
  LatentFile file = clip_file(settings, job, {});
  const std::vector<Chunk> places = chunks_of(job.request);
  for (const ClipJob& chunk : job.chunks) {
    const std::filesystem::path path = settings.folder.latents(chunk.request.id);
    const LatentHeader header = read_latent_header(path);
    if (file.chunks.empty()) file.inputs = header.inputs;  // the clip's inputs are those of its first chunk
    const Chunk& place = places[file.chunks.size()];
    file.chunks.push_back({path.filename().string(), header.checksum, place.begin, place.frames});
  }
  return file;
}

PictureSize size_of(const std::vector<ListedChunk>& chunks, std::int64_t height, std::int64_t width) {
  return {static_cast<int>(width), static_cast<int>(height), chunks.back().begin + chunks.back().frames};
}

void add_chunks(MediaMaking& making, const Comm& world, at::Device device, const std::filesystem::path& folder,
                const std::vector<ListedChunk>& chunks) {
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    MediaLatents latents;
    on_root(world, [&] {
      const std::filesystem::path path = folder / chunks[i].file;
      const LatentFile file = read_latents(path);
      require_input(latents_checksum(file) == chunks[i].latents,
                    path.string() + ": its latents are not those that the long clip's file lists: make the clip again");
      latents = latents_of(file);
    });
    at::Tensor& video = latents[Stream::Video];
    video = share_from_root(world, video).to(device);
    PartPlace place{chunks[i].begin, std::nullopt};
    if (i + 1 < chunks.size()) place.next = chunks[i + 1].begin;
    if (!making.add(latents, place)) return;
  }
}

}  // namespace orrery
