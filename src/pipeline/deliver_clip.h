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

// Makes clips' files from their latents, and tells of the clips in order. A video's last frames are still being encoded
// while the next clip is denoised; of a picture everything from its decoding on is still under way then.
class ClipDelivery {
 public:
  // `context` must outlive the object.
  ClipDelivery(const ClipContext& context, DeliverClip deliver) : context_(context), deliver_(std::move(deliver)) {}

  // Files from latents; a job whose latents are done has its latent file read back. Returns on rank 0 the files that
  // are still to be finished; null when there are none. Throws RequestFailed on all ranks alike. Collective over the
  // world.
  std::unique_ptr<ClipMediaFiles> make_files(const ClipJob& job, const ClipStart& start, MediaLatents latents,
                                             PhaseClock& clock, ClipResult& result);

  // Writes a chunk's latent file and waits for it: the next chunk goes on from there. Throws RequestFailed on all ranks
  // alike. Collective over the world.
  void save_chunk(const ClipJob& chunk, const ClipStart& start, const MediaLatents& latents, PhaseClock& clock);
  // Media of a long clip that are made while its chunks are, so that each is decoded once. None: each is decoded to go
  // on from and again when all are there, since
  // - some are there from an earlier run: one that is stopped often would decode them each time,
  // - with tiles the files' pixels are not those that the next chunk goes on from, or
  // - frames are kept, each of which says what latents the clip has: the last chunk's are not known yet.
  std::optional<MediaMaking> begin_long_media(const ClipJob& job) const;
  // Decodes chunk `index` of a long clip into its media, if there are any. Returns the frames that the next chunk goes
  // on from, as MediaMaking::overlap(); none: that chunk has to decode them. A failure ends the media, which are then
  // made when all chunks are there. Collective over the world.
  std::optional<at::Tensor> add_chunk(const ClipJob& job, std::size_t index, const MediaLatents& latents,
                                      std::optional<MediaMaking>& media, PhaseClock& clock);
  // Files of a long clip, whose chunks' latent files are there: the one that lists them, and media, of which `media`
  // has all chunks or is none. As make_files().
  std::unique_ptr<ClipMediaFiles> make_long_files(const ClipJob& job, std::optional<MediaMaking>& media,
                                                  PhaseClock& clock, ClipResult& result);

  // Delivers the result now or, of a clip whose video is still being encoded (`files`), at its end. `job` must live
  // until then. Collective over the world.
  void end(const ClipJob& job, ClipResult result, std::unique_ptr<ClipMediaFiles> files);
  // Delivers the oldest clip whose files are being made, if it has come to its end. Collective over the world.
  void settle_if_ready();
  // Delivers the picture that the request's clip continues, whose latent file may still be being written. Collective
  // over the world.
  void settle_parent_of(const Request& request);
  // Delivers all clips. Collective over the world.
  void finish();

 private:
  // Removes what was made of earlier latents, then writes the latent file in a thread of its own, while the clip is
  // decoded: compressing a large one takes a second. The future throws what went wrong. On rank 0.
  std::future<void> save_behind(const ClipJob& job, LatentFile file) const;
  // Reads the latents back from the latent file, and their checksum; the sound only on rank 0.
  MediaLatents read_back(const ClipJob& job, std::string& checksum) const;
  // Makes the media of a clip with that label; it is asked whether they are still wanted.
  using Make = std::function<MediaOutcome(const ClipLabel& label, const std::function<bool()>& interrupted)>;
  // `checksum`: of the latents, on rank 0.
  std::unique_ptr<ClipMediaFiles> make_media(const ClipJob& job, const Make& make, const std::string& checksum,
                                             PhaseClock& clock, ClipResult& result);
  // The list of a long clip's chunks, which is written unless it is there, and its checksum. On rank 0.
  std::vector<ListedChunk> listed(const ClipJob& job, std::string& checksum) const;
  // Waits for the oldest clip whose files are being made, and delivers it. Collective.
  void settle();
  // Settles clips until the request's may be decoded: a video's frames take much host memory, so that it is alone;
  // pictures are a few at a time, since a check of a finished file may take longer than a picture. Collective.
  void make_room_for(const Request& request);
  ClipLabel label_of(const Request& request, const std::string& checksum) const;
  // Whether the clip's files are to be given up, as far as this rank knows.
  std::function<bool()> interrupted() const {
    return [this] { return context_.stop.urgent(); };
  }

  // A clip whose files are being made; the same on all ranks.
  struct Pending {
    const ClipJob* job;
    ClipResult result;
    std::unique_ptr<MediaBacklog> backlog;  // nothing is started on other ranks than 0
  };

  const ClipContext& context_;
  DeliverClip deliver_;
  std::deque<Pending> pending_;  // the oldest first
};

}  // namespace orrery
