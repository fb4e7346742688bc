#include "pipeline/deliver_clip.h"

#include <algorithm>
#include <utility>

#include "base/core/stopwatch.h"
#include "base/device/gpu.h"
#include "pipeline/arrays.h"
#include "pipeline/clip_file.h"
#include "pipeline/root_work.h"
#include "pipeline/run_folder.h"

namespace orrery {

std::unique_ptr<ClipMediaFiles> ClipDelivery::make_files(const ClipJob& job, const ClipStart& start,
                                                         MediaLatents latents, PhaseClock& clock, ClipResult& result) {
  std::string checksum;      // on rank 0
  std::future<void> saving;  // on rank 0
  if (job.latents_done) {
    latents = read_back(job, checksum);
  } else {
    on_root(context_.world, [&] {
      LatentFile file = finished_file(context_.settings, job, start, latents);
      checksum = latents_checksum(file);
      saving = save_behind(job, std::move(file));
    });
  }
  const auto saved = [&] {
    if (!job.latents_done) {
      on_root(context_.world, [&] { saving.get(); });
      clock.end("save");
    }
    result.latents_checksum = checksum;
    result.files.push_back("latents/" + job.request.id + ".h5");
  };
  // A picture's steps take less than two seconds: nothing waits for its files there.
  const bool behind = job.request.picture() && context_.media.settings().wanted();
  std::unique_ptr<ClipMediaFiles> files;
  try {
    if (context_.media.settings().wanted()) files = make_media(job, latents, checksum, clock, result);
  } catch (const RequestFailed&) {
    saved();
    throw;
  }
  if (job.latents_done || result.stopped || !behind) {
    saved();
    return files;
  }
  result.latents_checksum = checksum;
  result.files.push_back("latents/" + job.request.id + ".h5");
  if (files != nullptr) files->finish_after(std::move(saving));
  return files;
}

std::unique_ptr<ClipMediaFiles> ClipDelivery::make_media(const ClipJob& job, const MediaLatents& latents,
                                                         const std::string& checksum, PhaseClock& clock,
                                                         ClipResult& result) {
  context_.progress.phase("decode");
  if (!pending_.empty()) {
    make_room_for(job.request);
    clock.skip();
  }
  const ProfilerRange range("decode");
  MediaOutcome outcome =
      context_.media(latents, label_of(job.request, checksum), [this] { return context_.stop.urgent(); });
  if (!outcome.error.empty()) throw RequestFailed(outcome.error);
  result.stopped = outcome.interrupted;
  result.steps_done = job.request.steps;
  if (job.request.picture() && !result.stopped) {
    clock.end_queued("decode");
  } else {
    clock.end(result.stopped ? "stopped" : "decode");
  }
  return std::move(outcome.files);
}

std::future<void> ClipDelivery::save_behind(const ClipJob& job, LatentFile file) const {
  remove_artifacts(context_.settings.folder, job.request);  // now: decoding writes new ones while the file is written
  return std::async(std::launch::async,
                    [place = context_.settings.folder.latents(job.request.id),
                     snapshot = context_.settings.folder.snapshot(job.request.id), file = std::move(file)] {
                      write_latents(place, file);
                      remove_if_there(snapshot);
                    });
}

MediaLatents ClipDelivery::read_back(const ClipJob& job, std::string& checksum) const {
  MediaLatents latents;
  on_root(context_.world, [&] {
    const LatentFile file = read_latents(context_.settings.folder.latents(job.request.id));
    checksum = latents_checksum(file);
    latents = latents_of(file);
  });
  at::Tensor& video = latents[Stream::Video];  // rank 0 alone needs the others
  video = share_from_root(context_.world, video).to(context_.towers.device());
  return latents;
}

void ClipDelivery::end(const ClipJob& job, ClipResult result, std::unique_ptr<ClipMediaFiles> files) {
  const bool encoding = result.error.empty() && !result.stopped && context_.media.settings().wanted();
  if (!encoding) {
    finish();  // results come in the clips' order
    deliver_(job, std::move(result));
    return;
  }
  pending_.push_back({&job, std::move(result), std::make_unique<MediaBacklog>()});
  if (files != nullptr) pending_.back().backlog->start(std::move(files));
}

void ClipDelivery::settle_if_ready() {
  if (pending_.empty()) return;
  const bool ready = context_.world.is_root() && pending_.front().backlog->ready();
  if (context_.world.max(ready ? 1 : 0) == 1) settle();
}

void ClipDelivery::settle_parent_of(const Request& request) {
  const auto is_parent = [&](const Pending& pending) {
    return pending.job->request.picture() && pending.job->request.id == request.parent;
  };
  while (std::any_of(pending_.begin(), pending_.end(), is_parent)) settle();
}

void ClipDelivery::make_room_for(const Request& request) {
  constexpr std::size_t kPictures = 4;
  const bool pictures = request.picture() && std::all_of(pending_.begin(), pending_.end(), [](const Pending& pending) {
                          return pending.job->request.picture();
                        });
  while (pending_.size() > (pictures ? kPictures - 1 : 0)) settle();
}

void ClipDelivery::finish() {
  while (!pending_.empty()) settle();
}

void ClipDelivery::settle() {
  Pending& pending = pending_.front();
  ClipResult& result = pending.result;
  const Stopwatch waiting;
  MediaEnd end;  // on rank 0
  const std::string error = context_.world.from_root([&] {
    end = pending.backlog->wait([this] { return context_.stop.urgent(); });
    if (end.refused) remove_clip(context_.settings.folder, pending.job->request);
    return end.error;
  });
  if (end.refused || end.unsaved) {
    result.files.clear();
    result.latents_checksum.clear();
  }
  result.files.insert(result.files.end(), end.files.begin(), end.files.end());
  result.times.add("encode", waiting.seconds());
  result.stopped = context_.world.max(end.given_up ? 1 : 0) == 1;
  if (!result.stopped) result.error = error;
  deliver_(*pending.job, std::move(result));
  pending_.pop_front();
}

ClipLabel ClipDelivery::label_of(const Request& request, const std::string& checksum) const {
  return {request.id,
          request.prompt,
          std::to_string(request.seed),
          context_.settings.model_name,
          context_.settings.software,
          request.fps,
          checksum};
}

}  // namespace orrery
