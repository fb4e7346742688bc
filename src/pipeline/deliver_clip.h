#pragma once

#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/latents/latent_store.h"
#include "pipeline/clip_context.h"
#include "pipeline/clip_job.h"
#include "pipeline/clip_media_files.h"
#include "pipeline/media_making.h"
#include "pipeline/start_clip.h"

namespace orrery {

// Makes clips' files from their latents and delivers the results in order. While the next clip is denoised, a video's
// last frames are still being encoded; for a picture, everything from decoding on may still be under way.
class ClipDelivery {
 public:
  // `context` must outlive the object.
  ClipDelivery(const ClipContext& context, DeliverClip deliver) : context_(context), deliver_(std::move(deliver)) {}

  // Makes a clip's files from its latents, which are read back from the latent file for a job with latents_done.
  // Returns, on rank 0, the media files still to be finished, or null. Throws RequestFailed on all ranks. Collective
  // over the world.
  std::unique_ptr<ClipMediaFiles> make_files(const ClipJob& job, const ClipStart& start, MediaLatents latents,
                                             PhaseClock& clock, ClipResult& result);

  // Writes a chunk's latent file and waits for it, since the next chunk continues from it. Throws RequestFailed on all
  // ranks. Collective over the world.
  void save_chunk(const ClipJob& chunk, const ClipStart& start, const MediaLatents& latents, PhaseClock& clock);
  // Starts the media of a long clip, which are then made along with its chunks, so that each chunk is decoded once.
  // None when each chunk must be decoded twice, to continue from it and again when all chunks are there:
  // - some chunks are there from an earlier run (a run that is stopped often would decode them each time),
  // - with tiles, the files' pixels are not those from which the next chunk continues, or
  // - frames are kept, which record the checksum of the clip's latents: the last chunk's are not known yet.
  std::optional<MediaMaking> begin_long_media(const ClipJob& job) const;
  // Decodes chunk `index` of a long clip into `media`, if there are any. Returns the frames from which the next chunk
  // continues (MediaMaking::overlap()); none when that chunk has to decode them. A failure resets `media`, which are
  // then made when all chunks are there. Collective over the world.
  std::optional<at::Tensor> add_chunk(const ClipJob& job, std::size_t index, const MediaLatents& latents,
                                      std::optional<MediaMaking>& media, PhaseClock& clock);
  // Makes the files of a long clip whose chunks' latent files are all there: the file that lists them, and the media.
  // `media` has all chunks, or is none. Results, errors and ranks as for make_files().
  std::unique_ptr<ClipMediaFiles> make_long_files(const ClipJob& job, std::optional<MediaMaking>& media,
                                                  PhaseClock& clock, ClipResult& result);

  // Delivers the result now, or later when the clip's `files` are still to be finished. `job` must live until then.
  // Collective over the world.
  void end(const ClipJob& job, ClipResult result, std::unique_ptr<ClipMediaFiles> files);
  // Delivers the oldest pending clip if its files are finished. Collective over the world.
  void settle_if_ready();
  // Delivers pending clips up to the picture that the request's clip continues, whose latent file may still be being
  // written. Collective over the world.
  void settle_parent_of(const Request& request);
  // Delivers all pending clips. Collective over the world.
  void finish();

 private:
  // Removes the artifacts of earlier latents, then writes the latent file in a separate thread while the clip is
  // decoded, since compressing a large file takes a second. The future throws errors of writing. For rank 0.
  std::future<void> save_behind(const ClipJob& job, LatentFile file) const;
  // Reads the latents and their checksum back from the latent file; the sound and the checksum only on rank 0.
  // Collective.
  MediaLatents read_back(const ClipJob& job, std::string& checksum) const;
  // Makes the media of a clip with this label, unless interrupted() returns true.
  using Make = std::function<MediaOutcome(const ClipLabel& label, const std::function<bool()>& interrupted)>;
  // `checksum` is the latents' checksum, on rank 0. Collective.
  std::unique_ptr<ClipMediaFiles> make_media(const ClipJob& job, const Make& make, const std::string& checksum,
                                             PhaseClock& clock, ClipResult& result);
  // The list of a long clip's chunks, which is written if it is missing, and its checksum. For rank 0.
  std::vector<ListedChunk> listed(const ClipJob& job, std::string& checksum) const;
  // Waits for the files of the oldest pending clip and delivers it. Collective.
  void settle();
  // Delivers pending clips until the request's clip may be decoded. A video is never pending together with other clips,
  // since its frames take much host memory; a few pictures may be, since a check of a finished file may take longer
  // than making a picture. Collective.
  void make_room_for(const Request& request);
  ClipLabel label_of(const Request& request, const std::string& checksum) const;
  // Tells whether to give up the clip's files, as far as this rank knows.
  std::function<bool()> interrupted() const {
    return [this] { return context_.stop.urgent(); };
  }

  // A clip whose files are being made; all ranks have equal lists.
  struct Pending {
    const ClipJob* job;
    ClipResult result;
    std::unique_ptr<MediaBacklog> backlog;  // started on rank 0 only
  };

  const ClipContext& context_;
  DeliverClip deliver_;
  std::deque<Pending> pending_;  // oldest first
};

}  // namespace orrery
